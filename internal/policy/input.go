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
	container                     encode
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
		f.container = f.encoder(reflect.TypeFor[containerInput](), f.containers)
	}
	for _, name := range []string{"cluster", "provider", "version", "time", "inventory", "holders", "grant", "object", "apiVersion", "kind", "workload", "namespace", "staticPod", "path", "spec", "metadata", "containers", "name"} {
		f.field(name)
	}
	return f
}

// key writes the key of a field that newForm knows.
func (f *form) key(w *writer, name string) {
	w.b = binary.AppendUvarint(append(w.b, tagField), f.numbers[name])
}

func (f *form) text(w *writer, r *reads, name, value string) {
	if r = r.at(name); r == nil {
		return
	}
	f.key(w, name)
	if r.told && !r.whole {
		w.tell(value)
	} else {
		w.string(value)
	}
}

func (f *form) part(w *writer, name string, e encode, v reflect.Value) {
	if e == nil {
		return
	}
	before := len(w.b)
	f.key(w, name)
	if !e(w, v) {
		w.b = w.b[:before]
	}
}

func (f *form) about(w *writer, c Cluster) {
	if f.cluster == nil {
		return
	}
	f.key(w, "cluster")
	w.tag(tagObject)
	f.text(w, f.cluster, "provider", c.Provider)
	if c.Version != "" {
		f.text(w, f.cluster, "version", c.Version)
	}
	if !c.Time.IsZero() {
		f.text(w, f.cluster, "time", c.Time.UTC().Format(time.RFC3339))
	}
	w.tag(tagEnd)
}

// ofCluster is the input of checks of the whole cluster.
func (f *form) ofCluster(inv *snapshot.Inventory, c Cluster) *ast.Term {
	return f.ofHolders(inv, nil, c)
}

// ofHolders is the input of checks of the whole cluster that look for permissions.
func (f *form) ofHolders(inv *snapshot.Inventory, holders []holderInput, c Cluster) *ast.Term {
	var w writer
	w.tag(tagObject)
	f.about(&w, c)
	f.part(&w, "inventory", f.inventory, reflect.ValueOf(inv).Elem())
	f.part(&w, "holders", f.holders, reflect.ValueOf(holders))
	w.tag(tagEnd)
	return f.input(w.b)
}

// ofGrant is the input of checks of grants.
func (f *form) ofGrant(in *grantInput, c Cluster) *ast.Term {
	var w writer
	w.tag(tagObject)
	f.about(&w, c)
	f.part(&w, "grant", f.grant, reflect.ValueOf(in).Elem())
	w.tag(tagEnd)
	return f.input(w.b)
}

// workload is what runs pods. Path is where their spec stands; staticPod is empty for all that is none.
type workload struct {
	kind, namespace, name, path string
	staticPod                   string
	spec                        *corev1.PodSpec
	metadata                    *metav1.ObjectMeta
}

// all containers, for what takes the number of one.
const allContainers = -1

// ofObject writes the input of checks of objects. The workload is nil for a kind that runs no pods; of its containers there are
// all in it, or one, by its number among all of them.
func (f *form) ofObject(w *writer, o snapshot.Object, run *workload, container int, c Cluster) {
	w.tag(tagObject)
	f.about(w, c)
	if f.object != nil {
		value := reflect.ValueOf(o.Value).Elem()
		if u, ok := o.Value.(*unstructured.Unstructured); ok {
			value = reflect.ValueOf(u.Object)
		}
		f.part(w, "object", f.withTypeMeta(o.Kind), value)
	}
	if run != nil && f.workload != nil {
		f.key(w, "workload")
		w.tag(tagObject)
		f.ofWorkload(w, run, container)
		w.tag(tagEnd)
	}
	w.tag(tagEnd)
}

// withTypeMeta writes the object with the kind and version that lists leave out of their items.
func (f *form) withTypeMeta(k snapshot.Kind) encode {
	return func(w *writer, v reflect.Value) bool {
		if !f.object(w, v) {
			return false
		}
		w.b = w.b[:len(w.b)-1] // the end
		f.key(w, "apiVersion")
		w.string(k.APIVersion())
		f.key(w, "kind")
		w.string(k.Kind())
		w.tag(tagEnd)
		return true
	}
}

// ofWorkload is the one form in which checks see whatever runs pods.
func (f *form) ofWorkload(w *writer, run *workload, container int) {
	f.text(w, f.workload, "kind", run.kind)
	f.text(w, f.workload, "namespace", run.namespace)
	f.text(w, f.workload, "name", run.name)
	if run.staticPod != "" {
		f.text(w, f.workload, "staticPod", run.staticPod)
	}
	f.text(w, f.workload, "path", run.path)
	f.part(w, "spec", f.spec, reflect.ValueOf(run.spec).Elem())
	f.part(w, "metadata", f.metadata, reflect.ValueOf(run.metadata))
	if f.containers == nil {
		return
	}
	f.key(w, "containers")
	w.tag(tagArray)
	if n := run.containers(); container != allContainers && n > 0 {
		w.length(1)
		f.ofContainer(w, run, container)
	} else {
		w.length(n)
		for i := range n {
			f.ofContainer(w, run, i)
		}
	}
}

// containers is how many there are of all types.
func (run *workload) containers() int {
	return len(run.spec.InitContainers) + len(run.spec.Containers) + len(run.spec.EphemeralContainers)
}

// container returns one of the containers, with its type and where it stands in the spec.
func (run *workload) container(i int) (c *corev1.Container, kind, list string, n int) {
	if n := len(run.spec.InitContainers); i < n {
		return &run.spec.InitContainers[i], "initContainer", "initContainers", i
	} else {
		i -= n
	}
	if n := len(run.spec.Containers); i < n {
		return &run.spec.Containers[i], "container", "containers", i
	} else {
		i -= n
	}
	return (*corev1.Container)(&run.spec.EphemeralContainers[i].EphemeralContainerCommon), "ephemeralContainer", "ephemeralContainers", i
}

func (f *form) ofContainer(w *writer, run *workload, i int) {
	c, kind, list, n := run.container(i)
	w.container = containerInput{Name: c.Name, Type: kind, Spec: c}
	if f.containers.at("path") != nil {
		w.container.Path = run.path + "." + list + "[" + strconv.Itoa(n) + "]"
	}
	if f.containers.at("image") != nil {
		w.container.Image = imageOf(c)
	}
	if f.containers.at("literals") != nil {
		w.container.Literals = literalsOf(c)
	}
	if f.containers.at("fromSecret") != nil {
		w.container.FromSecret = secretsOf(c)
	}
	f.container(w, reflect.ValueOf(&w.container).Elem())
}

// input is Rego's value of what was written.
func (f *form) input(b []byte) *ast.Term {
	t, _ := f.decode(b)
	return t
}

// Sum identifies what checks see of an object.
type Sum [sha256.Size]byte
