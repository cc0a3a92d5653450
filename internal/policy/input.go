package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"reflect"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// form writes the input of the checks of one kind: of an object and its cluster what they read, and nothing else.
type form struct {
	codec
	cluster, workload, containers *reads // nil where nothing of it is read
	object, spec, metadata        encode
	container, ephemeral          encode
	inventory, holders, grant     encode
}

func newForm(r *reads, kind reflect.Type) *form {
	f := &form{codec: *newCodec(), cluster: r.at("cluster"), workload: r.at("workload")}
	part := func(t reflect.Type, r *reads) encode {
		if r == nil {
			return nil
		}
		return f.encoder(t, r)
	}
	if kind == reflect.TypeFor[unstructured.Unstructured]() {
		kind = reflect.TypeFor[map[string]any]() // a custom resource is what it holds
	}
	if kind != nil {
		f.object = part(kind, r.at("object"))
	}
	f.inventory = part(reflect.TypeFor[snapshot.Inventory](), r.at("inventory"))
	f.holders = part(reflect.TypeFor[[]holderInput](), r.at("holders"))
	f.grant = part(reflect.TypeFor[grantInput](), r.at("grant"))
	f.spec = part(reflect.TypeFor[corev1.PodSpec](), f.workload.at("spec"))
	f.metadata = part(reflect.TypeFor[*metav1.ObjectMeta](), f.workload.at("metadata"))
	if f.containers = f.workload.at("containers"); f.containers != nil {
		f.containers = f.containers.each()
		f.container = part(reflect.TypeFor[corev1.Container](), f.containers.at("spec"))
		f.ephemeral = part(reflect.TypeFor[corev1.EphemeralContainer](), f.containers.at("spec"))
	}
	for _, name := range []string{"cluster", "provider", "version", "time", "inventory", "holders", "grant", "object", "apiVersion", "kind", "workload", "namespace", "staticPod", "path", "spec", "metadata", "containers", "name", "type"} {
		f.field(name)
	}
	return f
}

// key appends the key of a field that newForm knows.
func (f *form) key(b []byte, name string) []byte {
	return binary.AppendUvarint(append(b, tagField), f.numbers[name])
}

func (f *form) text(b []byte, r *reads, name, value string) []byte {
	if r.at(name) == nil {
		return b
	}
	return appendString(f.key(b, name), value)
}

func (f *form) part(b []byte, name string, e encode, v reflect.Value) []byte {
	if e == nil {
		return b
	}
	before := len(b)
	b, ok := e(f.key(b, name), v)
	if !ok {
		return b[:before]
	}
	return b
}

func (f *form) about(b []byte, c Cluster) []byte {
	if f.cluster == nil {
		return b
	}
	b = append(f.key(b, "cluster"), tagObject)
	b = f.text(b, f.cluster, "provider", c.Provider)
	if c.Version != "" {
		b = f.text(b, f.cluster, "version", c.Version)
	}
	if !c.Time.IsZero() {
		b = f.text(b, f.cluster, "time", c.Time.UTC().Format(time.RFC3339))
	}
	return append(b, tagEnd)
}

// ofCluster is the input of checks of the whole cluster.
func (f *form) ofCluster(b []byte, inv *snapshot.Inventory, c Cluster) []byte {
	b = f.about(append(b, tagObject), c)
	b = f.part(b, "inventory", f.inventory, reflect.ValueOf(inv).Elem())
	return append(b, tagEnd)
}

// ofHolders is the input of checks of the whole cluster that look for permissions.
func (f *form) ofHolders(b []byte, inv *snapshot.Inventory, holders []holderInput, c Cluster) []byte {
	b = f.ofCluster(b, inv, c)
	b = f.part(b[:len(b)-1], "holders", f.holders, reflect.ValueOf(holders))
	return append(b, tagEnd)
}

// ofGrant is the input of checks of grants.
func (f *form) ofGrant(b []byte, in *grantInput, c Cluster) []byte {
	b = f.about(append(b, tagObject), c)
	b = f.part(b, "grant", f.grant, reflect.ValueOf(in).Elem())
	return append(b, tagEnd)
}

// workload is what runs pods. Path is where their spec stands; staticPod is empty for all that is none.
type workload struct {
	kind, namespace, name, path string
	staticPod                   string
	spec                        *corev1.PodSpec
	metadata                    *metav1.ObjectMeta
}

// ofObject is the input of checks of objects. The workload is nil for a kind that runs no pods.
func (f *form) ofObject(b []byte, o snapshot.Object, w *workload, c Cluster) []byte {
	b = f.about(append(b, tagObject), c)
	if f.object != nil {
		value := reflect.ValueOf(o.Value).Elem()
		if u, ok := o.Value.(*unstructured.Unstructured); ok {
			value = reflect.ValueOf(u.Object)
		}
		b = f.part(b, "object", f.withTypeMeta(o.Kind), value)
	}
	if w != nil && f.workload != nil {
		b = f.ofWorkload(append(f.key(b, "workload"), tagObject), w)
		b = append(b, tagEnd)
	}
	return append(b, tagEnd)
}

// withTypeMeta writes the object with the kind and version that lists leave out of their items.
func (f *form) withTypeMeta(k snapshot.Kind) encode {
	return func(b []byte, v reflect.Value) ([]byte, bool) {
		b, ok := f.object(b, v)
		if !ok {
			return b, false
		}
		b = b[:len(b)-1] // the end
		b = appendString(f.key(b, "apiVersion"), k.APIVersion())
		b = appendString(f.key(b, "kind"), k.Kind())
		return append(b, tagEnd), true
	}
}

// ofWorkload is the one form in which checks see whatever runs pods.
func (f *form) ofWorkload(b []byte, w *workload) []byte {
	spec, path := w.spec, w.path
	b = f.text(b, f.workload, "kind", w.kind)
	b = f.text(b, f.workload, "namespace", w.namespace)
	b = f.text(b, f.workload, "name", w.name)
	if w.staticPod != "" {
		b = f.text(b, f.workload, "staticPod", w.staticPod)
	}
	b = f.text(b, f.workload, "path", path)
	b = f.part(b, "spec", f.spec, reflect.ValueOf(spec).Elem())
	b = f.part(b, "metadata", f.metadata, reflect.ValueOf(w.metadata))
	if f.containers == nil {
		return b
	}
	b = append(f.key(b, "containers"), tagArray)
	b = binary.AppendUvarint(b, uint64(len(spec.InitContainers)+len(spec.Containers)+len(spec.EphemeralContainers)))
	add := func(list, kind string, i int, name string, e encode, v reflect.Value) {
		b = append(b, tagObject)
		b = f.text(b, f.containers, "name", name)
		b = f.text(b, f.containers, "type", kind)
		if f.containers.at("path") != nil {
			b = appendString(f.key(b, "path"), path+"."+list+"["+strconv.Itoa(i)+"]")
		}
		b = append(f.part(b, "spec", e, v), tagEnd)
	}
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		add("initContainers", "initContainer", i, c.Name, f.container, reflect.ValueOf(c).Elem())
	}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		add("containers", "container", i, c.Name, f.container, reflect.ValueOf(c).Elem())
	}
	for i := range spec.EphemeralContainers {
		c := &spec.EphemeralContainers[i]
		add("ephemeralContainers", "ephemeralContainer", i, c.Name, f.ephemeral, reflect.ValueOf(c).Elem())
	}
	return b
}

// input is Rego's value of what was written.
func (f *form) input(b []byte) *ast.Term {
	t, _ := f.decode(b)
	return t
}

// Sum identifies what checks see of an object.
type Sum [sha256.Size]byte
