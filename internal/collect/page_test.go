package collect

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// listOfTwo is a list of the kind as an API server sends it, and what its decoder makes of it.
func listOfTwo(t *testing.T, kind snapshot.Kind) ([]byte, page) {
	t.Helper()
	list, err := snapshot.Scheme.New(schema.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Name + "List"})
	if err != nil {
		t.Fatal(err)
	}
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	items.Set(reflect.MakeSlice(items.Type(), 2, 2))
	for i, name := range []string{"one", "two"} {
		o := items.Index(i).Addr().Interface().(metav1.Object)
		o.SetName(name)
		o.SetAnnotations(map[string]string{"a": "b", corev1.LastAppliedConfigAnnotation: "{}"})
		o.SetManagedFields([]metav1.ManagedFieldsEntry{
			{Manager: "kubectl", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{}}`)},
			{Manager: "kubelet", Subresource: "status"},
		})
		o.SetUID("behind-them")
	}
	if pods, ok := list.(*corev1.PodList); ok {
		pods.Items[0].Spec.Containers = []corev1.Container{{Name: "c", Env: []corev1.EnvVar{{Name: "A", Value: "b"}}}}
	}
	list.(metav1.ListInterface).SetContinue("more")
	codec := protobuf.NewSerializer(snapshot.Scheme, snapshot.Scheme)
	var out bytes.Buffer
	if err := snapshot.Codecs.EncoderForVersion(codec, schema.GroupVersion{Group: kind.Group, Version: kind.Version}).Encode(list, &out); err != nil {
		t.Fatal(err)
	}
	decoded, err := runtime.Decode(codec, out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want, err := newPage(kind, decoded)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), want
}

func all(t *testing.T, p page) (out []any) {
	t.Helper()
	if err := p.each(func(part []snapshot.Object) error {
		for _, o := range part {
			out = append(out, o.Value)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPagesInProtobufAreThoseOfTheDecoder(t *testing.T) {
	t.Parallel()
	for _, kind := range snapshot.Kinds {
		if kind.MetadataOnly() || kind.Custom() || kind.OptIn != "" {
			continue
		}
		data, want := listOfTwo(t, kind)
		got, ok := protobufPage(kind, data)
		if !ok {
			t.Errorf("%s: the list was left to the decoder", kind.Name)
			continue
		}
		if got.next != "more" || want.next != "more" {
			t.Errorf("%s: goes on with %q, the decoder with %q", kind.Name, got.next, want.next)
		}
		if w, g := all(t, want), all(t, got); !reflect.DeepEqual(w, g) {
			t.Errorf("%s:\n got %+v\nwant %+v", kind.Name, g, w)
		}
	}
}

func TestPageInProtobufIsLeftToTheDecoder(t *testing.T) {
	t.Parallel()
	pods, _ := snapshot.KindNamed("Pod")
	nodes, _ := snapshot.KindNamed("Node")
	data, _ := listOfTwo(t, pods)
	for name, c := range map[string]struct {
		kind snapshot.Kind
		data []byte
	}{
		"another kind": {nodes, data},
		"cut off":      {pods, data[:len(data)-3]},
		"no list":      {pods, []byte("k8s\x00")},
		"JSON":         {pods, []byte(`{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}`)},
	} {
		if _, ok := protobufPage(c.kind, c.data); ok {
			t.Errorf("%s: was taken", name)
		}
	}
	broken := slices.Clone(data)
	copy(broken[bytes.Index(broken, []byte("one"))-2:], []byte{0xff, 0xff, 0xff})
	if p, ok := protobufPage(pods, broken); ok {
		if err := p.each(func([]snapshot.Object) error { return nil }); err == nil {
			t.Error("a broken item was decoded")
		}
	}
}
