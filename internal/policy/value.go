package policy

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// toValue turns a Kubernetes API value into what Rego sees, as its JSON would be but without writing that JSON: fields
// by their JSON names, unset ones absent, quantities and times as strings. It returns nil for what is unset.
func toValue(v reflect.Value) ast.Value {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return toValue(v.Elem())
	case reflect.String:
		return ast.String(v.String())
	case reflect.Bool:
		return ast.Boolean(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return ast.IntNumberTerm(int(v.Int())).Value
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return viaJSON(v)
		}
		terms := make([]*ast.Term, v.Len())
		for i := range terms {
			terms[i] = toTerm(v.Index(i))
		}
		return ast.NewArray(terms...)
	case reflect.Map:
		if v.IsNil() || v.Type().Key().Kind() != reflect.String {
			return nil
		}
		obj := ast.NewObjectWithCapacity(v.Len())
		for iter := v.MapRange(); iter.Next(); {
			obj.Insert(ast.StringTerm(iter.Key().String()), toTerm(iter.Value()))
		}
		return obj
	case reflect.Struct:
		return structValue(v)
	default:
		return viaJSON(v)
	}
}

// toTerm is toValue for places where JSON has null for an unset value, as an array has.
func toTerm(v reflect.Value) *ast.Term {
	if value := toValue(v); value != nil {
		return ast.NewTerm(value)
	}
	return ast.InternedNullTerm
}

func structValue(v reflect.Value) ast.Value {
	switch s := v.Interface().(type) {
	case metav1.Time, metav1.MicroTime:
		return viaJSON(v)
	case resource.Quantity:
		return ast.String(s.String())
	case intstr.IntOrString:
		if s.Type == intstr.String {
			return ast.String(s.StrVal)
		}
		return ast.IntNumberTerm(int(s.IntVal)).Value
	case json.Marshaler:
		return viaJSON(v)
	}
	fields := fieldsOf(v.Type())
	obj := ast.NewObjectWithCapacity(len(fields))
	insertFields(obj, v, fields)
	return obj
}

func insertFields(obj ast.Object, v reflect.Value, fields []field) {
	for _, f := range fields {
		fv := v.Field(f.index)
		if f.inline {
			insertFields(obj, fv, fieldsOf(fv.Type()))
			continue
		}
		if f.omitEmpty && fv.Kind() != reflect.Struct && fv.IsZero() || isEmptyList(fv) {
			continue
		}
		if value := toValue(fv); value != nil {
			obj.Insert(f.key, ast.NewTerm(value))
		}
	}
}

func isEmptyList(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

func viaJSON(v reflect.Value) ast.Value {
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return nil
	}
	value, err := ast.ValueFromReader(strings.NewReader(string(data)))
	if err != nil {
		return nil
	}
	if _, null := value.(ast.Null); null {
		return nil
	}
	return value
}

// field is one field of a Go struct as JSON sees it.
type field struct {
	index     int
	name      string
	key       *ast.Term
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
		fields = append(fields, field{index: i, name: name, key: ast.InternedTerm(name), omitEmpty: strings.Contains(opts, "omitempty")})
	}
	fieldCache.Store(t, fields)
	return fields
}
