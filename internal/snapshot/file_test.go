package snapshot_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const (
	header = `{"format":"kubemuster-snapshot","version":1}` + "\n"
	end    = `{"end":{"objects":{}}}` + "\n"
	shop   = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}` + "\n"
)

func object(t *testing.T, v metav1.Object) snapshot.Object {
	t.Helper()
	kind, ok := snapshot.KindNamed(reflect.TypeOf(v).Elem().Name())
	if !ok {
		t.Fatalf("%T is no kind that is read", v)
	}
	return snapshot.Object{Kind: kind, Value: v}
}

// file is what a snapshot file holds.
type file struct {
	header  snapshot.Header
	objects []snapshot.Object
	ending  snapshot.Ending
}

func readAll(r io.Reader) (file, error) {
	reader, err := snapshot.NewReader(r, "prod.snapshot")
	if err != nil {
		return file{}, err
	}
	f := file{header: reader.Header()}
	for {
		o, err := reader.Next()
		if errors.Is(err, io.EOF) {
			f.ending = reader.Ending()
			return f, nil
		}
		if err != nil {
			return file{}, err
		}
		f.objects = append(f.objects, o)
	}
}

// written is a whole file, and what it should be read as.
func written(t *testing.T, w io.Writer) file {
	t.Helper()
	want := file{
		header: snapshot.Header{
			Format: "kubemuster-snapshot", Version: 1, Kubemuster: "v1.2.3", Recorded: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), Target: "eks://us-east-1/prod",
			ID: "arn:aws:eks:us-east-1:111122223333:cluster/prod", Alias: "prod", Provider: "eks", Account: "111122223333", Region: "us-east-1", Name: "prod",
			ServerVersion: "v1.37.2", Namespaces: []string{"shop"}, ExcludeNamespaces: []string{"sandbox"},
		},
		objects: []snapshot.Object{
			object(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"a": "<b>"}}}),
			object(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "reader"}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"*"}}}}),
			object(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}, Spec: corev1.PodSpec{HostPID: true}}),
		},
		ending: snapshot.Ending{
			Objects: map[string]int{"Namespace": 1, "ClusterRole": 1, "Pod": 1, "Service": 0}, Absent: []string{"MutatingAdmissionPolicy"},
			Gaps: []snapshot.Gap{{Kind: "Pod", Namespace: "shop", Reason: snapshot.TimedOut, Message: "listing pods took too long", Read: 1}},
		},
	}
	writer, err := snapshot.NewWriter(w, want.header)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range want.objects {
		if err := writer.Write(o); err != nil {
			t.Fatal(err)
		}
	}
	// What was written is counted; the caller says what was read and is empty.
	if err := writer.End(snapshot.Ending{Objects: map[string]int{"Service": 0}, Absent: want.ending.Absent, Gaps: want.ending.Gaps}); err != nil {
		t.Fatal(err)
	}
	if got := want.objects[0].Value.(*corev1.Namespace).Kind; got != "" {
		t.Errorf("writing set the object's kind to %q", got)
	}
	return want
}

func compressed(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := snapshot.Compress(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestWrittenIsRead(t *testing.T) {
	var plain bytes.Buffer
	want := written(t, &plain)
	for name, data := range map[string][]byte{"plain": plain.Bytes(), "compressed": compressed(t, plain.String())} {
		if got, err := readAll(bytes.NewReader(data)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, want)
		}
	}
}

func TestReadsPastWhatNoScanReads(t *testing.T) {
	got, err := readAll(strings.NewReader(header + `
{"apiVersion":"v1","kind":"Event","metadata":{"name":"x"}}

{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"},"field":"of a later version"}
{"end":{"objects":{"Event":1,"Namespace":1}},"field":"of a later version"}`))
	if err != nil || len(got.objects) != 1 || got.objects[0].Value.GetName() != "shop" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPassesOverWhatIsNotWanted(t *testing.T) {
	r, err := snapshot.NewReader(strings.NewReader(header+`{"apiVersion":"v1","kind":"Pod","spec":[]}`+"\n"+shop+`{"end":{"objects":{"Pod":1,"Namespace":1}}}`), "")
	if err != nil {
		t.Fatal(err)
	}
	r.Wanted = func(k snapshot.Kind) bool { return k.Name == "Namespace" }
	if o, err := r.Next(); err != nil || o.Kind.Name != "Namespace" {
		t.Errorf("got %v, %v", o, err)
	}
	for range 2 { // the end stays the end
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("got %v", err)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"empty":         {"", "prod.snapshot is not a snapshot of kubemuster"},
		"no header":     {shop, "prod.snapshot is not a snapshot of kubemuster"},
		"binary":        {"\x00\x01\x02\n", "prod.snapshot is not a snapshot of kubemuster"},
		"later version": {`{"format":"kubemuster-snapshot","version":2}`, "prod.snapshot is a snapshot of version 2, and this kubemuster reads version 1; read it with the kubemuster that wrote it, or record it anew"},
		"no JSON":       {header + "\n" + `{"kind":`, "prod.snapshot:3: this is no JSON object: unexpected end of JSON input"},
		"deep JSON":     {header + strings.Repeat(`{"a":`, 20_000), "prod.snapshot:2: this is no JSON object: invalid character '{' exceeded max depth"},
		"no kind":       {header + `{"apiVersion":"v1"}`, "prod.snapshot:2: the object lacks its apiVersion or kind"},
		"wrong type":    {header + `{"apiVersion":"v1","kind":"Pod","spec":[]}`, "prod.snapshot:2: this is no valid Pod: json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"},
		"no name":       {header + `{"apiVersion":"v1","kind":"Pod"}`, "prod.snapshot:2: the Pod has no name"},
		"other API":     {header + `{"apiVersion":"apps/v1beta1","kind":"Deployment"}`, "prod.snapshot:2: the Deployment is of apps/v1beta1, and this kubemuster reads apps/v1; record the cluster anew"},
		"endless line":  {header + strings.Repeat("x", 17<<20), "prod.snapshot:2: the line is longer than 16 MiB"},
		"no end":        {header + shop, "prod.snapshot is cut off after line 2; copy it again, or record it anew"},
		"half a line":   {header + shop[:20], "prod.snapshot:2: this is no JSON object: unexpected end of JSON input"},
		"lacks objects": {header + `{"end":{"objects":{"Pod":2}}}`, "prod.snapshot:2: the file should hold 2 objects of kind Pod and holds 0; copy it again, or record it anew"},
		"uncounted":     {header + shop + end, "prod.snapshot:3: the end record does not count objects of kind Namespace"},
		"goes on":       {header + end + shop, "prod.snapshot:3: the file goes on after its end record"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := readAll(strings.NewReader(tt.file)); err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// Wherever a file is cut off, it is not taken for a whole one.
func TestCutOff(t *testing.T) {
	var plain bytes.Buffer
	written(t, &plain)
	for name, whole := range map[string][]byte{"plain": bytes.TrimSpace(plain.Bytes()), "compressed": compressed(t, plain.String())} {
		for n := range whole {
			if f, err := readAll(bytes.NewReader(whole[:n])); err == nil || !strings.HasPrefix(err.Error(), "prod.snapshot") {
				t.Fatalf("%s, %d of %d bytes: got %+v, %v", name, n, len(whole), f, err)
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	var plain bytes.Buffer
	written(t, &plain)
	whole := compressed(t, plain.String())
	for at := range whole {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x55
		if got, err := readAll(bytes.NewReader(damaged)); err == nil && !reflect.DeepEqual(got, written(t, io.Discard)) {
			t.Fatalf("byte %d: got %+v", at, got)
		}
	}
}

// A file that would take much memory to unpack is refused.
func TestWindow(t *testing.T) {
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(64<<20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ReadFrom(strings.NewReader(header + strings.Repeat(shop, 1<<18))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(&packed); !errors.Is(err, zstd.ErrWindowSizeExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestReadFailure(t *testing.T) {
	if _, err := readAll(io.MultiReader(strings.NewReader(header), failing{})); err == nil || err.Error() != "reading prod.snapshot: disk on fire" {
		t.Errorf("got %v", err)
	}
}

func TestWriteFailure(t *testing.T) {
	if _, err := snapshot.NewWriter(failing{}, snapshot.Header{}); err == nil || err.Error() != "writing the snapshot: disk on fire" {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errors.New("disk on fire") }
func (failing) Write([]byte) (int, error) { return 0, errors.New("disk on fire") }

func FuzzReader(f *testing.F) {
	whole := header + shop + `{"end":{"objects":{"Namespace":1},"absent":["Pod"],"gaps":[{"kind":"Node","reason":"failed","message":"m"}]}}`
	var packed bytes.Buffer
	w, err := snapshot.Compress(&packed)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := io.WriteString(w, whole); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(whole))
	f.Add(packed.Bytes())
	f.Add([]byte(`{"format":"kubemuster-snapshot","version":9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readAll(bytes.NewReader(data))
		if err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "prod.snapshot") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		counts := map[string]int{}
		for _, o := range got.objects {
			if o.Value.GetName() == "" || reflect.TypeOf(o.Value).Elem() != o.Kind.Type {
				t.Errorf("read %T %v", o.Value, o)
			}
			counts[o.Kind.Name]++
		}
		for kind, n := range counts {
			if got.ending.Objects[kind] != n {
				t.Errorf("the end record counts %v, and %v were read", got.ending.Objects, counts)
			}
		}
	})
}
