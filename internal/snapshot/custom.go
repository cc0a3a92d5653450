package snapshot

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Custom is the kind of a custom resource, whose objects have no Go type. Its Name is kind.group, as in
// Certificate.cert-manager.io, since a custom resource may be called as one of ours; Resource and Namespaced are likely ones, until
// a server's discovery tells.
func Custom(group, version, kind string) Kind {
	plural, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
	return Kind{
		Name: kind + "." + group, Group: group, Version: version, Resource: plural.Resource, Namespaced: true,
		Type: reflect.TypeFor[unstructured.Unstructured](),
	}
}

// Custom reports whether the kind is that of a custom resource. Its objects are *unstructured.Unstructured.
func (k Kind) Custom() bool { return k.Type == reflect.TypeFor[unstructured.Unstructured]() }

// Kind returns the kind as manifests write it.
func (k Kind) Kind() string {
	if k.Custom() {
		return strings.TrimSuffix(k.Name, "."+k.Group)
	}
	return k.Name
}
