package policy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What Rego sees of a Kubernetes API value is as its JSON would be, but without writing that JSON: fields by their JSON
// names, unset ones absent, quantities and times as strings. A value is first encoded into bytes that hold what the checks
// read and nothing else, and Rego's value is made of these bytes: what is encoded alike is judged alike.
//
// The tags of the encoding. Numbers and lengths are varints.
const (
	tagNull   = 'n'
	tagTrue   = 't'
	tagFalse  = 'f'
	tagInt    = 'i'
	tagNumber = 'd' // in decimal
	tagString = 's'
	tagArray  = 'a' // with its length
	tagObject = 'o' // fields, then tagEnd
	tagField  = 'k' // a key by its number in names, and the value
	tagKey    = 'm' // a key in full, and the value
	tagEnd    = 'e'
)

// encode appends a value. It reports false, and may have appended something, where the value is unset.
type encode func(b []byte, v reflect.Value) ([]byte, bool)

// codec makes encoders of Go types, and reads what they wrote. It may be used by many at once when all are made.
type codec struct {
	keys    []*ast.Term // field names by number
	numbers map[string]uint64
	whole   map[reflect.Type]*encode
}

func newCodec() *codec {
	return &codec{numbers: map[string]uint64{}, whole: map[reflect.Type]*encode{}}
}

// field appends the key of a field.
func (c *codec) field(name string) []byte {
	n, ok := c.numbers[name]
	if !ok {
		n = uint64(len(c.keys))
		c.numbers[name] = n
		c.keys = append(c.keys, ast.InternedTerm(name))
	}
	return binary.AppendUvarint([]byte{tagField}, n)
}

// encoder returns the encoder of what r reads of a type.
func (c *codec) encoder(t reflect.Type, r *reads) encode {
	if !r.whole {
		return c.newEncoder(t, r)
	}
	if e, ok := c.whole[t]; ok { // a type may hold itself
		return func(b []byte, v reflect.Value) ([]byte, bool) { return (*e)(b, v) }
	}
	e := new(encode)
	c.whole[t] = e
	*e = c.newEncoder(t, r)
	return *e
}

func (c *codec) newEncoder(t reflect.Type, r *reads) encode {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return func(b []byte, v reflect.Value) ([]byte, bool) {
			q := v.Interface().(resource.Quantity)
			return appendString(b, q.String()), true
		}
	case reflect.TypeFor[intstr.IntOrString]():
		return func(b []byte, v reflect.Value) ([]byte, bool) {
			s := v.Interface().(intstr.IntOrString)
			if s.Type == intstr.String {
				return appendString(b, s.StrVal), true
			}
			return appendInt(b, int64(s.IntVal)), true
		}
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return viaJSON
	}
	if t.Kind() == reflect.Struct && t.Implements(reflect.TypeFor[json.Marshaler]()) {
		return viaJSON
	}
	switch t.Kind() {
	case reflect.Pointer:
		elem := c.encoder(t.Elem(), r)
		return func(b []byte, v reflect.Value) ([]byte, bool) {
			if v.IsNil() {
				return b, false
			}
			return elem(b, v.Elem())
		}
	case reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, bool) { return appendString(b, v.String()), true }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, bool) {
			if v.Bool() {
				return append(b, tagTrue), true
			}
			return append(b, tagFalse), true
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, bool) { return appendInt(b, v.Int()), true }
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return viaJSON
		}
		elem := c.encoder(t.Elem(), r.each())
		return func(b []byte, v reflect.Value) ([]byte, bool) {
			if v.IsNil() {
				return b, false
			}
			b = binary.AppendUvarint(append(b, tagArray), uint64(v.Len()))
			for i := range v.Len() {
				before := len(b)
				var ok bool
				if b, ok = elem(b, v.Index(i)); !ok {
					b = append(b[:before], tagNull) // as in JSON: an array keeps its places
				}
			}
			return b, true
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return c.mapEncoder(t, r)
		}
		return func(b []byte, _ reflect.Value) ([]byte, bool) { return b, false }
	case reflect.Struct:
		return c.structEncoder(t, r)
	}
	return viaJSON
}

// each is what is read of an array's elements: no rule reads an element alone.
func (r *reads) each() *reads {
	if r == nil || r.whole {
		return r
	}
	all := &reads{}
	for _, f := range r.of {
		all.add(f)
	}
	return all
}

// mapEncoder writes the entries in the order of their keys, so that equal maps are encoded alike.
func (c *codec) mapEncoder(t reflect.Type, r *reads) encode {
	byKey := map[string]encode{}
	for key, f := range r.of {
		byKey[key] = c.encoder(t.Elem(), f)
	}
	if r.whole {
		byKey[each] = c.encoder(t.Elem(), r)
	}
	other := byKey[each]
	if other == nil {
		return namedEntries(t, byKey)
	}
	return func(b []byte, v reflect.Value) ([]byte, bool) {
		if v.IsNil() {
			return b, false
		}
		keys := make([]string, 0, v.Len())
		values := make(map[string]reflect.Value, v.Len())
		for iter := v.MapRange(); iter.Next(); {
			key := iter.Key().String()
			keys = append(keys, key)
			values[key] = iter.Value()
		}
		slices.Sort(keys)
		b = append(b, tagObject)
		for _, key := range keys {
			value := byKey[key]
			if value == nil {
				value = other
			}
			b = appendEntry(b, key, value, values[key])
		}
		return append(b, tagEnd), true
	}
}

// namedEntries writes the entries that are read by name. Where there is none of them there is no map, for all that the checks can tell.
func namedEntries(t reflect.Type, byKey map[string]encode) encode {
	names := slices.Sorted(maps.Keys(byKey))
	keys := make([]reflect.Value, len(names))
	for i, name := range names {
		keys[i] = reflect.ValueOf(name).Convert(t.Key())
	}
	return func(b []byte, v reflect.Value) ([]byte, bool) {
		before := len(b)
		b = append(b, tagObject)
		for i, name := range names {
			if value := v.MapIndex(keys[i]); value.IsValid() {
				b = appendEntry(b, name, byKey[name], value)
			}
		}
		if len(b) == before+1 {
			return b[:before], false
		}
		return append(b, tagEnd), true
	}
}

func appendEntry(b []byte, key string, value encode, v reflect.Value) []byte {
	b = appendText(append(b, tagKey), key)
	if with, ok := value(b, v); ok {
		return with
	}
	return append(b, tagNull)
}

func (c *codec) structEncoder(t reflect.Type, r *reads) encode {
	if _, any := r.of[each]; any {
		r = &reads{whole: true} // all fields, by a variable
	}
	type part struct {
		path      []int // from the struct, through inlined ones
		key       []byte
		omitEmpty bool
		encode    encode
	}
	var parts []part
	var collect func(t reflect.Type, index []int)
	collect = func(t reflect.Type, index []int) {
		for _, f := range fieldsOf(t) {
			at := append(slices.Clone(index), f.index)
			ft := t.Field(f.index).Type
			if f.inline {
				collect(ft, at)
				continue
			}
			if read := r.at(f.name); read != nil {
				parts = append(parts, part{path: at, key: c.field(f.name), omitEmpty: f.omitEmpty, encode: c.encoder(ft, read)})
			}
		}
	}
	collect(t, nil)
	return func(b []byte, v reflect.Value) ([]byte, bool) {
		b = append(b, tagObject)
		for i := range parts {
			p := &parts[i]
			fv := v
			for _, n := range p.path {
				fv = fv.Field(n)
			}
			if p.omitEmpty && fv.Kind() != reflect.Struct && fv.IsZero() || isEmptyList(fv) {
				continue
			}
			before := len(b)
			var ok bool
			if b, ok = p.encode(append(b, p.key...), fv); !ok {
				b = b[:before]
			}
		}
		return append(b, tagEnd), true
	}
}

func isEmptyList(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendString(b []byte, s string) []byte { return appendText(append(b, tagString), s) }

func appendInt(b []byte, n int64) []byte { return binary.AppendVarint(append(b, tagInt), n) }

// viaJSON is for the few types that say by code what their JSON is.
func viaJSON(b []byte, v reflect.Value) ([]byte, bool) {
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return b, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil || decoded == nil {
		return b, false
	}
	return appendAny(b, decoded), true
}

func appendAny(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case json.Number:
		return appendText(append(b, tagNumber), v.String())
	case bool:
		if v {
			return append(b, tagTrue)
		}
		return append(b, tagFalse)
	case []any:
		b = binary.AppendUvarint(append(b, tagArray), uint64(len(v)))
		for _, item := range v {
			b = appendAny(b, item)
		}
		return b
	case map[string]any:
		b = append(b, tagObject)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			b = appendAny(appendText(append(b, tagKey), key), v[key])
		}
		return append(b, tagEnd)
	}
	return append(b, tagNull)
}

// decode returns Rego's value of the encoded one that b starts with, and what comes behind it.
func (c *codec) decode(b []byte) (*ast.Term, []byte) {
	tag, b := b[0], b[1:]
	switch tag {
	case tagTrue:
		return ast.InternedTerm(true), b
	case tagFalse:
		return ast.InternedTerm(false), b
	case tagInt:
		n, size := binary.Varint(b)
		return ast.InternedTerm(int(n)), b[size:]
	case tagNumber:
		s, b := cutText(b)
		return ast.NumberTerm(json.Number(s)), b
	case tagString:
		s, b := cutText(b)
		return ast.InternedTerm(s), b
	case tagArray:
		n, size := binary.Uvarint(b)
		b = b[size:]
		items := make([]*ast.Term, n)
		for i := range items {
			items[i], b = c.decode(b)
		}
		return ast.ArrayTerm(items...), b
	case tagObject:
		var items [16][2]*ast.Term
		fields := items[:0]
		for b[0] != tagEnd {
			var key, value *ast.Term
			if b[0] == tagField {
				n, size := binary.Uvarint(b[1:])
				key, b = c.keys[n], b[1+size:]
			} else {
				var s string
				s, b = cutText(b[1:])
				key = ast.InternedTerm(s)
			}
			value, b = c.decode(b)
			fields = append(fields, [2]*ast.Term{key, value})
		}
		return ast.NewTerm(ast.NewObject(fields...)), b[1:]
	}
	return ast.InternedNullTerm, b
}

func cutText(b []byte) (string, []byte) {
	n, size := binary.Uvarint(b)
	end := size + int(n)
	return string(b[size:end]), b[end:]
}

// field is one field of a Go struct as JSON sees it.
type field struct {
	index     int
	name      string
	omitEmpty bool
	inline    bool
}

// fieldCache is derived from Go types alone: it holds nothing of any cluster.
var fieldCache sync.Map // reflect.Type → []field

func fieldsOf(t reflect.Type) []field {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, opts, _ := strings.Cut(sf.Tag.Get("json"), ",")
		switch {
		case !sf.IsExported() || name == "-":
			continue
		case name == "" && sf.Anonymous:
			fields = append(fields, field{index: i, inline: true})
			continue
		case name == "":
			name = sf.Name
		}
		fields = append(fields, field{index: i, name: name, omitEmpty: strings.Contains(opts, "omitempty")})
	}
	fieldCache.Store(t, fields)
	return fields
}
