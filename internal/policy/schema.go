package policy

import (
	"encoding/json"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// schema is a JSON schema as the Rego compiler reads it.
type schema = map[string]any

var (
	text   = schema{"type": "string"}
	number = schema{"type": "number"}
)

// inputSchema describes the input of a check, so that a field which no such object has is an error at load.
func inputSchema(scope finding.Scope, kinds []snapshot.Kind) schema {
	d := definitions{}
	input := d.input(scope, kinds)
	input["definitions"] = d
	return input
}

// definitions holds each type once, by its name: a schema with a pod's at every place where one may stand takes long to read.
type definitions schema

func (d definitions) input(scope finding.Scope, kinds []snapshot.Kind) schema {
	cluster := object(schema{"provider": text, "version": text, "time": text})
	if scope == finding.ClusterScope {
		return object(schema{
			"cluster": cluster, "inventory": d.of(reflect.TypeFor[snapshot.Inventory]()), "holders": d.of(reflect.TypeFor[[]holderInput]()),
		})
	}
	if scope == finding.GrantScope {
		return object(schema{"cluster": cluster, "grant": d.of(reflect.TypeFor[grantInput]())})
	}
	properties := schema{"cluster": cluster}
	var objects []any
	runsPods := true
	for _, k := range kinds {
		objects = append(objects, d.of(k.Type))
		runsPods = runsPods && k.PodSpec != ""
	}
	if len(objects) == 1 {
		properties["object"] = objects[0]
	} else {
		properties["object"] = schema{"anyOf": objects}
	}
	if runsPods {
		properties["workload"] = object(schema{
			"kind": text, "namespace": text, "name": text, "staticPod": text,
			"path":       text,
			"spec":       d.of(reflect.TypeFor[corev1.PodSpec]()),
			"metadata":   d.of(reflect.TypeFor[metav1.ObjectMeta]()),
			"containers": d.of(reflect.TypeFor[[]containerInput]()),
		})
	}
	return object(properties)
}

func (d definitions) of(t reflect.Type) schema {
	switch t {
	case reflect.TypeFor[unstructured.Unstructured]():
		return schema{} // whatever its CRD says
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime](), reflect.TypeFor[resource.Quantity]():
		return text
	case reflect.TypeFor[intstr.IntOrString]():
		return schema{"anyOf": []any{number, text}}
	}
	if t.Implements(reflect.TypeFor[json.Marshaler]()) {
		return schema{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.of(t.Elem())
	case reflect.String:
		return text
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return number
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return text
		}
		return array(d.of(t.Elem()))
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": d.of(t.Elem())}
	case reflect.Struct:
		if t.Name() == "" {
			return d.structure(t)
		}
		name := strings.ReplaceAll(t.PkgPath(), "/", ".") + "." + t.Name() // no pointer into JSON may hold a slash
		if d[name] == nil {
			d[name] = d.structure(t)
		}
		return schema{"$ref": "#/definitions/" + name}
	}
	return schema{}
}

func (d definitions) structure(t reflect.Type) schema {
	properties := schema{}
	d.addProperties(properties, t)
	return object(properties)
}

func (d definitions) addProperties(properties schema, t reflect.Type) {
	for _, f := range fieldsOf(t) {
		if ft := t.Field(f.index).Type; f.inline {
			d.addProperties(properties, ft)
		} else {
			properties[f.name] = d.of(ft)
		}
	}
}

func object(properties schema) schema {
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

func array(items schema) schema { return schema{"type": "array", "items": items} }
