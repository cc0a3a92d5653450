package policy

import (
	"encoding/json"
	"reflect"
	"sync"

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
	cluster := object(schema{"provider": text, "version": text, "time": text})
	if scope == finding.ClusterScope {
		return object(schema{
			"cluster": cluster, "inventory": schemaOf(reflect.TypeFor[snapshot.Inventory]()), "holders": schemaOf(reflect.TypeFor[[]holderInput]()),
		})
	}
	if scope == finding.GrantScope {
		return object(schema{"cluster": cluster, "grant": schemaOf(reflect.TypeFor[grantInput]())})
	}
	properties := schema{"cluster": cluster}
	var objects []any
	runsPods := true
	for _, k := range kinds {
		objects = append(objects, schemaOf(k.Type))
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
			"path":     text,
			"spec":     schemaOf(reflect.TypeFor[corev1.PodSpec]()),
			"metadata": schemaOf(reflect.TypeFor[metav1.ObjectMeta]()),
			"containers": array(object(schema{
				"name": text, "type": text, "path": text, "spec": schemaOf(reflect.TypeFor[corev1.Container]()),
			})),
		})
	}
	return object(properties)
}

// schemas are derived from Go types alone, and many kinds share most of them.
var schemaCache sync.Map // reflect.Type → schema

func schemaOf(t reflect.Type) schema {
	if s, ok := schemaCache.Load(t); ok {
		return s.(schema)
	}
	s := newSchema(t)
	schemaCache.Store(t, s)
	return s
}

func newSchema(t reflect.Type) schema {
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
		return schemaOf(t.Elem())
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
		return array(schemaOf(t.Elem()))
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Struct:
		properties := schema{}
		addProperties(properties, t)
		return object(properties)
	}
	return schema{}
}

func addProperties(properties schema, t reflect.Type) {
	for _, f := range fieldsOf(t) {
		if ft := t.Field(f.index).Type; f.inline {
			addProperties(properties, ft)
		} else {
			properties[f.name] = schemaOf(ft)
		}
	}
}

func object(properties schema) schema {
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

func array(items schema) schema { return schema{"type": "array", "items": items} }
