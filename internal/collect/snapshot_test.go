package collect

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// everyKind counts nothing of every kind that is read.
func everyKind() map[string]int {
	counts := map[string]int{}
	for _, k := range snapshot.Kinds {
		counts[k.Name] = 0
	}
	return counts
}

// record writes a snapshot of objects in this order.
func record(t *testing.T, h snapshot.Header, end snapshot.Ending, objects ...metav1.Object) Snapshot {
	t.Helper()
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range objects {
		if err := w.Write(snapshot.Object{Kind: kindOf(v), Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(end); err != nil {
		t.Fatal(err)
	}
	s := Snapshot{filepath.Join(t.TempDir(), "prod.snapshot")}
	if err := os.WriteFile(s.Path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSnapshotIsAsLive: what a snapshot of a cluster gives is what the cluster gave.
func TestSnapshotIsAsLive(t *testing.T) {
	for name, tt := range map[string]struct {
		broken fault
		scope  Scope
	}{
		"whole":      {scope: Scope{Kinds: snapshot.Kinds}},
		"some kinds": {scope: Scope{Kinds: snapshot.Kinds[:5]}},
		"gaps": {broken: func(r request) bool {
			switch {
			case r.resource == "roles":
				return r.status(403, "Forbidden", "no", "")
			case r.resource == "mutatingadmissionpolicies":
				return r.status(404, "NotFound", "no", "")
			case r.resource == "pods" && r.n > 1:
				return r.status(400, "BadRequest", "no", "")
			}
			return false
		}, scope: Scope{Kinds: snapshot.Kinds}},
	} {
		t.Run(name, func(t *testing.T) {
			live := NewLive(apiServer(t, tt.broken), 2)
			var all receiver
			recorded, err := live.Collect(t.Context(), Scope{Kinds: snapshot.Kinds}, all.emit)
			if err != nil {
				t.Fatal(err)
			}
			var objects []metav1.Object
			for _, o := range all.all {
				objects = append(objects, o.Value)
			}
			s := record(t, snapshot.Header{}, snapshot.Ending{Objects: recorded.Objects, Absent: recorded.Absent, Gaps: recorded.Gaps}, objects...)

			var want, got receiver
			wantCoverage, err := NewLive(apiServer(t, tt.broken), 2).Collect(t.Context(), tt.scope, want.emit)
			if err != nil {
				t.Fatal(err)
			}
			coverage, err := s.Collect(t.Context(), tt.scope, got.emit)
			sortGaps(wantCoverage.Gaps)
			sortGaps(coverage.Gaps)
			if err != nil || !reflect.DeepEqual(coverage, wantCoverage) {
				t.Errorf("got %+v, %v\nwant %+v", coverage, err, wantCoverage)
			}
			if !reflect.DeepEqual(byName(got.all), byName(want.all)) {
				t.Errorf("got %v\nwant %v", got.names, want.names)
			}
		})
	}
}

func sortGaps(gaps []snapshot.Gap) {
	slices.SortFunc(gaps, func(a, b snapshot.Gap) int { return strings.Compare(a.String(), b.String()) })
}

func byName(objects []snapshot.Object) map[string]metav1.Object {
	m := map[string]metav1.Object{}
	for _, o := range objects {
		m[o.Kind.Name+" "+o.Value.GetNamespace()+"/"+o.Value.GetName()] = o.Value
	}
	return m
}

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func pod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func TestSnapshotScope(t *testing.T) {
	kinds := slices.Concat(named("Node"), named("Namespace"), named("Role"), named("Pod"))
	gone := snapshot.Gap{Kind: "Namespace", Namespace: "c", Reason: snapshot.Failed, Message: "nothing is in this namespace; check the name that --namespace gives"}
	denied := snapshot.Gap{Kind: "Role", Reason: snapshot.Forbidden, Message: "no"}
	deniedIn := snapshot.Gap{Kind: "Role", Namespace: "a", Reason: snapshot.Forbidden, Message: "no"}
	missing := snapshot.Gap{Kind: "Namespace", Namespace: "b", Reason: snapshot.Failed, Message: "there is no namespace b"}
	unknown := snapshot.Gap{Kind: "Node", Reason: snapshot.Failed, Message: "the snapshot, recorded by kubemuster v1, does not hold nodes; record the cluster anew"}
	for name, tt := range map[string]struct {
		header snapshot.Header
		end    snapshot.Ending
		scope  Scope
		names  map[string][]string
		want   Coverage
	}{
		"one namespace": {
			end:   snapshot.Ending{Objects: map[string]int{"Node": 0}, Gaps: []snapshot.Gap{denied, {Kind: "Pod", Reason: "of others"}, {Kind: "Node", Reason: snapshot.Failed}}},
			scope: Scope{Kinds: kinds, Namespaces: []string{"a"}},
			names: map[string][]string{"Pod": {"a/1"}},
			want:  Coverage{Objects: map[string]int{"Pod": 1}, Gaps: []snapshot.Gap{denied, {Kind: "Pod", Reason: snapshot.Failed}}},
		},
		"a namespace that is not there": {
			end:   snapshot.Ending{Objects: map[string]int{"Role": 0}},
			scope: Scope{Kinds: kinds[2:], Namespaces: []string{"b", "c"}},
			names: map[string][]string{"Pod": {"b/2"}},
			want:  Coverage{Objects: map[string]int{"Role": 0, "Pod": 1}, Gaps: []snapshot.Gap{gone}},
		},
		"without a namespace": {
			end:   snapshot.Ending{Objects: map[string]int{"Node": 0, "Role": 0}},
			scope: Scope{Kinds: kinds, ExcludeNamespaces: []string{"b"}},
			names: map[string][]string{"Namespace": {"/a"}, "Pod": {"a/1"}},
			want:  Coverage{Objects: map[string]int{"Node": 0, "Role": 0, "Namespace": 1, "Pod": 1}},
		},
		"recorded by namespaces": {
			header: snapshot.Header{Namespaces: []string{"a", "b"}},
			end:    snapshot.Ending{Objects: map[string]int{"Role": 0}, Gaps: []snapshot.Gap{deniedIn, missing}},
			scope:  Scope{Kinds: kinds[2:], Namespaces: []string{"b"}},
			names:  map[string][]string{"Pod": {"b/2"}},
			want:   Coverage{Objects: map[string]int{"Role": 0, "Pod": 1}, Gaps: []snapshot.Gap{missing}},
		},
		"recorded by an older scanner": {
			header: snapshot.Header{Kubemuster: "v1"},
			end:    snapshot.Ending{Objects: map[string]int{"Role": 0}, Absent: []string{"MutatingAdmissionPolicy"}},
			scope:  Scope{Kinds: slices.Concat(kinds, named("MutatingAdmissionPolicy"))},
			names:  map[string][]string{"Namespace": {"/a", "/b"}, "Pod": {"a/1", "b/2"}},
			want:   Coverage{Objects: map[string]int{"Namespace": 2, "Pod": 2, "Role": 0}, Absent: []string{"MutatingAdmissionPolicy"}, Gaps: []snapshot.Gap{unknown}},
		},
		"without what every API server serves": {
			end:   snapshot.Ending{Objects: map[string]int{"Node": 0}, Absent: []string{"Role"}},
			scope: Scope{Kinds: kinds},
			names: map[string][]string{"Namespace": {"/a", "/b"}, "Pod": {"a/1", "b/2"}},
			want: Coverage{Objects: map[string]int{"Node": 0, "Namespace": 2, "Pod": 2}, Gaps: []snapshot.Gap{{
				Kind: "Role", Reason: snapshot.Failed, Message: "the snapshot says that the server did not know roles.rbac.authorization.k8s.io, as every API server does; record the cluster anew",
			}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := record(t, tt.header, tt.end, namespace("a"), namespace("b"), pod("a", "1"), pod("b", "2"))
			var got receiver
			coverage, err := s.Collect(t.Context(), tt.scope, got.emit)
			if err != nil || !reflect.DeepEqual(coverage, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v", coverage, err, tt.want)
			}
			if !reflect.DeepEqual(got.names, tt.names) {
				t.Errorf("got %v, want %v", got.names, tt.names)
			}
		})
	}
}

// A file that others wrote is read as a live cluster is: without credentials.
func TestSnapshotOfOthers(t *testing.T) {
	p := pod("a", "1")
	p.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: "hunter2"}
	p.Spec.Containers = []corev1.Container{{Env: []corev1.EnvVar{{Name: "PASSWORD", Value: "hunter2"}}}}
	var got receiver
	if _, err := record(t, snapshot.Header{}, snapshot.Ending{}, p).Collect(t.Context(), Scope{Kinds: named("Pod")}, got.emit); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v", got.all[0].Value); strings.Contains(text, "hunter2") || !strings.Contains(text, "<named-secret>") {
		t.Errorf("got %s", text)
	}
}

func TestSnapshotPages(t *testing.T) {
	var objects []metav1.Object
	for i := range DefaultPageSize + 1 {
		objects = append(objects, namespace(fmt.Sprint(i)))
	}
	var sizes []int
	_, err := record(t, snapshot.Header{}, snapshot.Ending{}, append(objects, pod("a", "1"))...).Collect(t.Context(), Scope{Kinds: snapshot.Kinds}, func(page []snapshot.Object) error {
		sizes = append(sizes, len(page))
		return nil
	})
	if err != nil || !slices.Equal(sizes, []int{DefaultPageSize, 1, 1}) {
		t.Errorf("pages of %v, %v", sizes, err)
	}
}

func TestBrokenSnapshots(t *testing.T) {
	collect := func(s Snapshot) error {
		_, err := s.Collect(t.Context(), Scope{Kinds: snapshot.Kinds}, (&receiver{}).emit)
		return err
	}
	s := record(t, snapshot.Header{}, snapshot.Ending{}, pod("a", "1"), namespace("a"))
	if err := collect(s); err == nil || err.Error() != s.Path+" holds the Namespace a behind what it may own; a snapshot holds owners first" {
		t.Errorf("got %v", err)
	}
	s = record(t, snapshot.Header{}, snapshot.Ending{}, pod("a", "1"))
	if err := s.Verify(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
	info, err := os.Stat(s.Path)
	if err == nil {
		err = os.Truncate(s.Path, info.Size()-5)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{collect(s), s.Verify(t.Context())} {
		if err == nil || !strings.HasPrefix(err.Error(), s.Path+":3: ") {
			t.Errorf("got %v", err)
		}
	}
	for path, want := range map[string]string{
		t.TempDir(): "is no file; name a snapshot that kubemuster collect has written",
		"nowhere":   "reading the snapshot: stat nowhere: no such file or directory",
	} {
		for _, err := range []error{collect(Snapshot{path}), Snapshot{path}.Verify(t.Context())} {
			if err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		}
	}
}

// Pages hold less where objects hold more, so that memory is bounded.
func TestSnapshotPagesAreBounded(t *testing.T) {
	const size = 12 << 20
	var pods []metav1.Object
	for i := range 7 {
		pods = append(pods, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("web-", i), Namespace: "shop", Annotations: map[string]string{"a": strings.Repeat("a", size)}}})
	}
	s := record(t, snapshot.Header{}, snapshot.Ending{Objects: map[string]int{"Pod": 0}}, pods...)
	var pages []int
	_, err := s.Collect(t.Context(), Scope{Kinds: named("Pod")}, func(page []snapshot.Object) error {
		pages = append(pages, len(page))
		return nil
	})
	if want := []int{6, 1}; err != nil || !slices.Equal(pages, want) {
		t.Errorf("%v, pages of %v, want %v", err, pages, want)
	}
}
