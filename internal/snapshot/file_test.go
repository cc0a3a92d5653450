package snapshot_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const header = `{"format":"kubemuster-snapshot","version":1,"serverVersion":"v1.37.2"}` + "\n"

func object(t *testing.T, v metav1.Object) snapshot.Object {
	t.Helper()
	kind, ok := snapshot.KindNamed(reflect.TypeOf(v).Elem().Name())
	if !ok {
		t.Fatalf("%T is no kind that is read", v)
	}
	return snapshot.Object{Kind: kind, Value: v}
}

func readAll(text string) (version string, objects []snapshot.Object, err error) {
	r, err := snapshot.NewReader(strings.NewReader(text), "prod.ndjson")
	if err != nil {
		return "", nil, err
	}
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.ServerVersion(), objects, nil
		}
		if err != nil {
			return "", nil, err
		}
		objects = append(objects, o)
	}
}

func TestWrittenIsRead(t *testing.T) {
	want := []snapshot.Object{
		object(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"a": "<b>"}}}),
		object(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "reader"}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"*"}}}}),
		object(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}, Spec: corev1.PodSpec{HostPID: true}}),
	}
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, "v1.37.2")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range want {
		if err := w.Write(o); err != nil {
			t.Fatal(err)
		}
	}
	if first, _, _ := strings.Cut(file.String(), "\n"); first+"\n" != header {
		t.Errorf("header %s", first)
	}
	version, got, err := readAll(file.String())
	if err != nil || version != "v1.37.2" || len(got) != len(want) {
		t.Fatalf("got version %q, %d objects, %v", version, len(got), err)
	}
	for i := range want {
		if got[i].Kind.Name != want[i].Kind.Name || !reflect.DeepEqual(got[i].Value, want[i].Value) {
			t.Errorf("got %+v, want %+v", got[i].Value, want[i].Value)
		}
	}
	if got := want[0].Value.(*corev1.Namespace).Kind; got != "" {
		t.Errorf("writing set the object's kind to %q", got)
	}
}

func TestReadsPastWhatNoScanReads(t *testing.T) {
	_, got, err := readAll(header + `
{"apiVersion":"v1","kind":"Event","metadata":{"name":"x"}}
{"apiVersion":"apps/v1beta1","kind":"Deployment","metadata":{"name":"x"}}

{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"},"field":"of a later version"}`)
	if err != nil || len(got) != 1 || got[0].Value.GetName() != "shop" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"empty":         {"", "prod.ndjson is not a snapshot of kubemuster"},
		"no header":     {`{"apiVersion":"v1","kind":"Namespace"}`, "prod.ndjson is not a snapshot of kubemuster"},
		"binary":        {"\x28\xb5\x2f\xfd\n", "prod.ndjson is not a snapshot of kubemuster"},
		"later version": {`{"format":"kubemuster-snapshot","version":2}`, "prod.ndjson is a snapshot of version 2, and this kubemuster reads version 1; read it with the kubemuster that wrote it, or record it anew"},
		"no JSON":       {header + "\n" + `{"kind":`, "prod.ndjson:3: this is no JSON object: unexpected end of JSON input"},
		"no kind":       {header + `{"apiVersion":"v1"}`, "prod.ndjson:2: the object lacks its apiVersion or kind"},
		"wrong type":    {header + `{"apiVersion":"v1","kind":"Pod","spec":[]}`, "prod.ndjson:2: this is no valid Pod: json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"},
		"no name":       {header + `{"apiVersion":"v1","kind":"Pod"}`, "prod.ndjson:2: the Pod has no name"},
		"endless line":  {header + strings.Repeat("x", 17<<20), "prod.ndjson:2: the line is longer than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := readAll(tt.file); err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestReadFailure(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(header), failing{})
	r, err := snapshot.NewReader(broken, "prod.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err == nil || err.Error() != "reading prod.ndjson: disk on fire" {
		t.Errorf("got %v", err)
	}
}

func TestWriteFailure(t *testing.T) {
	if _, err := snapshot.NewWriter(failing{}, ""); err == nil || err.Error() != "writing the snapshot: disk on fire" {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errors.New("disk on fire") }
func (failing) Write([]byte) (int, error) { return 0, errors.New("disk on fire") }

func FuzzReader(f *testing.F) {
	f.Add(header + `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`)
	f.Add(`{"format":"kubemuster-snapshot","version":9}`)
	f.Fuzz(func(t *testing.T, file string) {
		_, objects, err := readAll(file)
		if err != nil {
			return
		}
		for _, o := range objects {
			if o.Value.GetName() == "" || reflect.TypeOf(o.Value).Elem() != o.Kind.Type {
				t.Errorf("read %T %v", o.Value, o)
			}
		}
	})
}
