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
	tagTold   = 'x' // a string that only is told, by its number
	tagArray  = 'a' // with its length
	tagObject = 'o' // fields, then tagEnd
	tagField  = 'k' // a key by its number in names, and the value
	tagKey    = 'm' // a key in full, and the value
	tagEnd    = 'e'
)

// writer is what is encoded, and apart from it what only is told.
type writer struct {
	b         []byte
	told      []string
	container containerInput // the one that is written
}

func (w *writer) tag(t byte) { w.b = append(w.b, t) }

func (w *writer) length(n int) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *writer) text(s string) {
	w.length(len(s))
	w.b = append(w.b, s...)
}

func (w *writer) string(s string) {
	w.tag(tagString)
	w.text(s)
}

func (w *writer) int(n int64) { w.b = binary.AppendVarint(append(w.b, tagInt), n) }

// tell writes a mark in place of the text. An empty one is told as it is: a violation may have an empty path or message no more
// than another.
func (w *writer) tell(s string) {
	if s == "" {
		w.string(s)
		return
	}
	w.tag(tagTold)
	w.length(len(w.told))
	w.told = append(w.told, s)
}

// encode writes a value. It reports false, and may have written something, where the value is unset.
type encode func(w *writer, v reflect.Value) bool

// codec makes encoders of Go types, and reads what they wrote. It may be used by many at once when all are made.
type codec struct {
	keys    []*ast.Term // field names by number
	numbers map[string]uint64
	whole   map[reflect.Type]*encode
}

func newCodec() *codec {
	return &codec{numbers: map[string]uint64{}, whole: map[reflect.Type]*encode{}}
}

// field returns the key of a field.
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
	if r.told && !r.whole && t.Kind() == reflect.String {
		return func(w *writer, v reflect.Value) bool {
			w.tell(v.String())
			return true
		}
	}
	if r.told && t.Kind() != reflect.Pointer { // no text: all of it goes into one
		r = &reads{whole: true}
	}
	if !r.whole {
		return c.newEncoder(t, r)
	}
	if e, ok := c.whole[t]; ok { // a type may hold itself
		return func(w *writer, v reflect.Value) bool { return (*e)(w, v) }
	}
	e := new(encode)
	c.whole[t] = e
	*e = c.newEncoder(t, r)
	return *e
}

func (c *codec) newEncoder(t reflect.Type, r *reads) encode {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return func(w *writer, v reflect.Value) bool {
			q := v.Interface().(resource.Quantity)
			w.string(q.String())
			return true
		}
	case reflect.TypeFor[intstr.IntOrString]():
		return func(w *writer, v reflect.Value) bool {
			s := v.Interface().(intstr.IntOrString)
			if s.Type == intstr.String {
				w.string(s.StrVal)
			} else {
				w.int(int64(s.IntVal))
			}
			return true
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
		return func(w *writer, v reflect.Value) bool { return !v.IsNil() && elem(w, v.Elem()) }
	case reflect.String:
		return func(w *writer, v reflect.Value) bool {
			w.string(v.String())
			return true
		}
	case reflect.Bool:
		return func(w *writer, v reflect.Value) bool {
			if v.Bool() {
				w.tag(tagTrue)
			} else {
				w.tag(tagFalse)
			}
			return true
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(w *writer, v reflect.Value) bool {
			w.int(v.Int())
			return true
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return viaJSON
		}
		elem := c.encoder(t.Elem(), r.each())
		return func(w *writer, v reflect.Value) bool {
			if v.IsNil() {
				return false
			}
			w.tag(tagArray)
			w.length(v.Len())
			for i := range v.Len() {
				w.orNull(elem, v.Index(i)) // as in JSON: an array keeps its places
			}
			return true
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return c.mapEncoder(t, r)
		}
		return func(*writer, reflect.Value) bool { return false }
	case reflect.Struct:
		return c.structEncoder(t, r)
	}
	return viaJSON
}

// orNull writes the value, or null where it is unset.
func (w *writer) orNull(e encode, v reflect.Value) {
	before := len(w.b)
	if !e(w, v) {
		w.b = append(w.b[:before], tagNull)
	}
}

// each is what is read of an array's elements: no rule reads an element alone.
func (r *reads) each() *reads {
	if r == nil || r.whole || r.told {
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
		return namedEntries(t, byKey, r.there)
	}
	return func(w *writer, v reflect.Value) bool {
		if v.IsNil() {
			return false
		}
		keys := make([]string, 0, v.Len())
		values := make(map[string]reflect.Value, v.Len())
		for iter := v.MapRange(); iter.Next(); {
			key := iter.Key().String()
			keys = append(keys, key)
			values[key] = iter.Value()
		}
		slices.Sort(keys)
		w.tag(tagObject)
		for _, key := range keys {
			value := byKey[key]
			if value == nil {
				value = other
			}
			w.entry(key, value, values[key])
		}
		w.tag(tagEnd)
		return true
	}
}

// namedEntries writes the entries that are read by name. Where there is none of them there is no map, for all that the checks can
// tell that have no name for the map itself.
func namedEntries(t reflect.Type, byKey map[string]encode, there bool) encode {
	names := slices.Sorted(maps.Keys(byKey))
	keys := make([]reflect.Value, len(names))
	for i, name := range names {
		keys[i] = reflect.ValueOf(name).Convert(t.Key())
	}
	return func(w *writer, v reflect.Value) bool {
		before := len(w.b)
		w.tag(tagObject)
		for i, name := range names {
			if value := v.MapIndex(keys[i]); value.IsValid() {
				w.entry(name, byKey[name], value)
			}
		}
		if len(w.b) == before+1 && (!there || v.IsNil()) {
			w.b = w.b[:before]
			return false
		}
		w.tag(tagEnd)
		return true
	}
}

func (w *writer) entry(key string, value encode, v reflect.Value) {
	w.tag(tagKey)
	w.text(key)
	w.orNull(value, v)
}

func (c *codec) structEncoder(t reflect.Type, r *reads) encode {
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
	return func(w *writer, v reflect.Value) bool {
		w.tag(tagObject)
		for i := range parts {
			p := &parts[i]
			fv := v
			for _, n := range p.path {
				fv = fv.Field(n)
			}
			if p.omitEmpty && fv.Kind() != reflect.Struct && fv.IsZero() || isEmptyList(fv) {
				continue
			}
			before := len(w.b)
			w.b = append(w.b, p.key...)
			if !p.encode(w, fv) {
				w.b = w.b[:before]
			}
		}
		w.tag(tagEnd)
		return true
	}
}

func isEmptyList(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

// viaJSON is for the few types that say by code what their JSON is.
func viaJSON(w *writer, v reflect.Value) bool {
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil || decoded == nil {
		return false
	}
	w.any(decoded)
	return true
}

func (w *writer) any(v any) {
	switch v := v.(type) {
	case string:
		w.string(v)
	case json.Number:
		w.tag(tagNumber)
		w.text(v.String())
	case bool:
		if v {
			w.tag(tagTrue)
		} else {
			w.tag(tagFalse)
		}
	case []any:
		w.tag(tagArray)
		w.length(len(v))
		for _, item := range v {
			w.any(item)
		}
	case map[string]any:
		w.tag(tagObject)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			w.tag(tagKey)
			w.text(key)
			w.any(v[key])
		}
		w.tag(tagEnd)
	default:
		w.tag(tagNull)
	}
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
	case tagTold:
		n, size := binary.Uvarint(b)
		return ast.StringTerm(markOf(int(n))), b[size:]
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
