package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/replay"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// shop is what the API servers here hold, by kind and in the order of a list: seven pods in two namespaces, and some of
// other kinds in every wave.
func shop() []metav1.Object {
	meta := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{
			Namespace: namespace, Name: name, Labels: map[string]string{"app": name},
			Annotations:   map[string]string{corev1.LastAppliedConfigAnnotation: "{}", "kept": "yes"},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
		}
	}
	var objects []metav1.Object
	for _, ns := range []string{"a", "b"} {
		objects = append(objects, &corev1.Namespace{ObjectMeta: meta("", ns)})
	}
	for i := range 3 {
		objects = append(objects,
			&rbacv1.ClusterRole{ObjectMeta: meta("", fmt.Sprintf("role-%d", i))},
			&appsv1.Deployment{ObjectMeta: meta("a", fmt.Sprintf("web-%d", i))},
			&appsv1.ReplicaSet{ObjectMeta: meta("a", fmt.Sprintf("web-%d", i))},
		)
	}
	for i := range 7 {
		ns := "a"
		if i > 4 {
			ns = "b"
		}
		objects = append(objects, &corev1.Pod{
			ObjectMeta: meta(ns, fmt.Sprintf("pod-%d", i)),
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx:1.29"}}},
		})
	}
	return objects
}

const pods = 7

var kinds = named("Namespace", "ClusterRole", "Deployment", "ReplicaSet", "Pod")

func named(names ...string) []snapshot.Kind {
	var out []snapshot.Kind
	for _, n := range names {
		k, ok := snapshot.KindNamed(n)
		if !ok {
			panic(n)
		}
		out = append(out, k)
	}
	return out
}

func kindOf(v metav1.Object) snapshot.Kind { return named(reflect.TypeOf(v).Elem().Name())[0] }

// request is a list that an API server is asked for.
type request struct {
	*http.Request
	w        http.ResponseWriter
	resource string
	n        int // the first of this resource is 1
}

// fault answers a request in the API server's place, or reports that it does not.
type fault func(r request) bool

// apiServer starts an API server that holds the shop and has a fault.
func apiServer(t *testing.T, broken fault) *rest.Config {
	t.Helper()
	return apiServerOf(t, shop(), broken)
}

func apiServerOf(t *testing.T, held []metav1.Object, broken fault) *rest.Config {
	t.Helper()
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, snapshot.Header{ServerVersion: "v1.37.2"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range held {
		if err := w.Write(snapshot.Object{Kind: kindOf(v), Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(snapshot.Ending{Objects: everyKind()}); err != nil {
		t.Fatal(err)
	}
	recorded, err := snapshot.NewReader(&file, "shop")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := replay.New(recorded, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := map[string]int{}
	ca := cloudfake.NewCA("cluster")
	s := ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resource := path.Base(r.URL.Path)
		mu.Lock()
		asked[resource]++
		n := asked[resource]
		mu.Unlock()
		if broken == nil || !broken(request{r, w, resource, n}) {
			whole.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	tokens := kube.NewTokenSource(func(context.Context) (*sdk.Token, error) { return &sdk.Token{Value: sdk.NewSecret("token")}, nil })
	config, err := kube.Config(&sdk.Access{Server: s.URL, Trust: sdk.ClusterCA(ca.PEM())}, tokens, kube.Options{QPS: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.CloseClientConnections)
	return config
}

// status answers with a failure as the API server words it.
func (r request) status(code int, reason, message, next string) bool {
	r.w.Header().Set("Content-Type", "application/json")
	r.w.WriteHeader(code)
	fmt.Fprintf(r.w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d,"metadata":{"continue":%q}}`, reason, message, code, next)
	return true
}

// hangUp sends the beginning of an answer.
func (r request) hangUp() bool {
	r.w.Header().Set("Content-Type", "application/json")
	r.w.Header().Set("Content-Length", "1000")
	fmt.Fprint(r.w, `{"kind":"PodList","apiVersion":"v1","items":[`)
	_ = http.NewResponseController(r.w).Flush()
	panic(http.ErrAbortHandler)
}

// podList answers with one pod and a token for more.
func (r request) podList(name, next string) bool {
	r.w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(r.w, `{"kind":"PodList","apiVersion":"v1","metadata":{"continue":%q},"items":[{"metadata":{"namespace":"a","name":%q}}]}`, next, name)
	return true
}

// receiver takes what is emitted.
type receiver struct {
	mu    sync.Mutex
	names map[string][]string // by kind
	order []string            // the kind of each page
	all   []snapshot.Object
}

func (r *receiver) emit(page []snapshot.Object) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = map[string][]string{}
	}
	for _, o := range page {
		r.names[o.Kind.Name] = append(r.names[o.Kind.Name], o.Value.GetNamespace()+"/"+o.Value.GetName())
	}
	r.order = append(r.order, page[0].Kind.Name)
	r.all = append(r.all, page...)
	return nil
}

// shopNames is what a receiver has that got everything.
func shopNames() map[string][]string {
	names := map[string][]string{}
	for _, v := range shop() {
		k := kindOf(v).Name
		names[k] = append(names[k], v.GetNamespace()+"/"+v.GetName())
	}
	return names
}

func counts(names map[string][]string) map[string]int {
	n := map[string]int{}
	for kind, list := range names {
		n[kind] = len(list)
	}
	return n
}

func TestLiveReadsEverythingOnce(t *testing.T) {
	for _, media := range []string{"application/vnd.kubernetes.protobuf", "application/json"} {
		for _, pageSize := range []int64{1, 2, 7, 0} {
			t.Run(fmt.Sprintf("%s in pages of %d", path.Base(media), pageSize), func(t *testing.T) {
				config := apiServer(t, nil)
				config.AcceptContentTypes = media
				var got receiver
				cov, err := NewLive(config, pageSize).Collect(t.Context(), Scope{Kinds: kinds}, got.emit)
				if err != nil || len(cov.Gaps) > 0 || len(cov.Absent) > 0 {
					t.Fatalf("%v, gaps %v, absent %v", err, cov.Gaps, cov.Absent)
				}
				if want := shopNames(); !reflect.DeepEqual(got.names, want) || !reflect.DeepEqual(cov.Objects, counts(want)) {
					t.Errorf("got %v, counted %v", got.names, cov.Objects)
				}
				for _, o := range got.all {
					if o.Value.GetManagedFields() != nil || !reflect.DeepEqual(o.Value.GetAnnotations(), map[string]string{"kept": "yes"}) || o.Value.GetLabels()["app"] != o.Value.GetName() {
						t.Errorf("%s %s: managed fields %v, annotations %v, labels %v", o.Kind.Name, o.Value.GetName(), o.Value.GetManagedFields(), o.Value.GetAnnotations(), o.Value.GetLabels())
					}
					if p, ok := o.Value.(*corev1.Pod); ok && (len(p.Spec.Containers) != 1 || p.Spec.Containers[0].Image != "nginx:1.29") {
						t.Errorf("pod %s has lost its containers", p.Name)
					}
				}
			})
		}
	}
}

// A server that fails one kind: what came is kept, what did not is a gap, nothing comes twice, and the other kinds are
// read to their end.
func TestLiveFaults(t *testing.T) {
	page := func(n int, f func(request) bool) fault {
		return func(r request) bool { return r.resource == "pods" && (n == 0 || r.n == n) && f(r) }
	}
	always := func(f func(request) bool) fault { return page(0, f) }
	next := func(r request) string { return r.URL.Query().Get("continue") }
	tests := []struct {
		name     string
		fault    fault
		want     int // pods
		reason   snapshot.GapReason
		message  string
		requests int // for pods; zero: any number
	}{
		{"none", nil, pods, "", "", 4},
		{"forbidden", always(func(r request) bool { return r.status(403, "Forbidden", "no", "") }), 0, snapshot.Forbidden, "the identity may not list pods; grant it the ClusterRole kubemuster-reader", 1},
		{"forbidden half-way", page(2, func(r request) bool { return r.status(403, "Forbidden", "no", "") }), 2, snapshot.Forbidden, "may not list pods", 2},
		{"credentials revoked", always(func(r request) bool { return r.status(401, "Unauthorized", "Unauthorized", "") }), 0, snapshot.Failed, "did not accept the credential any more when pods were listed", 2},
		{"a core kind is not served", always(func(r request) bool { return r.status(404, "NotFound", "no", "") }), 0, snapshot.Failed, "the server does not know pods, as every API server does", 1},
		{"revision expired, with a token", page(2, func(r request) bool { return r.status(410, "Expired", "too old", next(r)) }), pods, "", "", 5},
		{"revision expired twice, with a token", func(r request) bool {
			return r.resource == "pods" && (r.n == 2 || r.n == 4) && r.status(410, "Expired", "too old", next(r))
		}, pods, "", "", 6},
		{"revision expired, without a token", page(2, func(r request) bool { return r.status(410, "Expired", "too old", "") }), 2, snapshot.Failed, "listing pods failed: too old", 2},
		{"revision expired, with a token that is too long", page(2, func(r request) bool { return r.status(410, "Expired", "too old", strings.Repeat("x", 16<<10)) }), 2, snapshot.Failed, "a continue token of 16384 bytes, which is none of an API server's", 2},
		{"revision expired, for ever", func(r request) bool {
			return r.resource == "pods" && r.n > 1 && r.status(410, "Expired", "too old", next(r)+"again")
		}, 2, snapshot.Failed, "listing pods failed: too old", 3},
		{"too many requests", page(2, func(r request) bool {
			r.w.Header().Set("Retry-After", "0")
			return r.status(429, "TooManyRequests", "later", "")
		}), pods, "", "", 5},
		{"fails twice", func(r request) bool {
			return r.resource == "pods" && (r.n == 2 || r.n == 3) && r.status(500, "InternalError", "etcd", "")
		}, pods, "", "", 6},
		{"fails for ever", always(func(r request) bool { return r.status(500, "InternalError", "etcd is unwell", "") }), 0, snapshot.Failed, "listing pods failed: etcd is unwell", 3},
		{"hangs up once", page(2, request.hangUp), pods, "", "", 5},
		{"hangs up for ever", page(0, func(r request) bool { return r.n > 1 && r.hangUp() }), 2, snapshot.Failed, "listing pods failed: ", 4},
		{"the same page for ever", always(func(r request) bool { return r.podList(fmt.Sprint("pod-", r.n), "again") }), 2, snapshot.Failed, "the server answers the same page again and again", 2},
		{"two pages for ever", always(func(r request) bool { return r.podList(fmt.Sprint("pod-", r.n), fmt.Sprint("again-", r.n%2)) }), 3, snapshot.Failed, "the same page again and again", 3},
		{"new pages for ever", always(func(r request) bool { return r.podList(fmt.Sprint("pod-", r.n), fmt.Sprint("more-", r.n)) }), 20, snapshot.Failed, "the list does not end: 20 pages were read", 20},
		{"a page larger than asked", always(func(r request) bool {
			q := r.URL.Query()
			q.Del("limit")
			r.URL.RawQuery = q.Encode()
			return false
		}), pods, "", "", 1},
		{"a list of another kind", always(func(r request) bool {
			r.w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(r.w, `{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"s"}}]}`)
			return true
		}), 0, snapshot.Failed, "listing pods failed: ", 0},
		{"no list", always(func(r request) bool {
			r.w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(r.w, "<html>\n<body>please log in")
			return true
		}), 0, snapshot.Failed, "listing pods failed: ", 0},
		{"a redirect to another host", always(func(r request) bool {
			http.Redirect(r.w, r.Request, "https://attacker.example/", http.StatusFound)
			return true
		}), 0, snapshot.Failed, "redirects to another host, which is not followed", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			requests := 0
			live := NewLive(apiServer(t, func(r request) bool {
				if r.resource == "pods" {
					mu.Lock()
					requests++
					mu.Unlock()
				}
				return tt.fault != nil && tt.fault(r)
			}), 2)
			live.maxPages = 20
			var got receiver
			cov, err := live.Collect(t.Context(), Scope{Kinds: kinds}, got.emit)
			if err != nil {
				t.Fatal(err)
			}
			want := counts(shopNames())
			want["Pod"] = tt.want
			if tt.want == 0 {
				delete(want, "Pod") // a kind that was not read is not there
			}
			if !reflect.DeepEqual(counts(got.names), want) || !reflect.DeepEqual(cov.Objects, want) {
				t.Errorf("got %v, counted %v, want %v", counts(got.names), cov.Objects, want)
			}
			if names := got.names["Pod"]; len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
				t.Errorf("something came twice: %v", names)
			}
			switch {
			case tt.reason == "" && len(cov.Gaps) > 0, tt.reason != "" && len(cov.Gaps) != 1:
				t.Errorf("gaps: %v", cov.Gaps)
			case tt.reason != "":
				g := cov.Gaps[0]
				if g.Kind != "Pod" || g.Reason != tt.reason || g.Read != tt.want || !strings.Contains(g.Message, tt.message) || strings.ContainsAny(g.Message, "\n<") {
					t.Errorf("got %+v", g)
				}
			}
			if tt.requests > 0 && requests != tt.requests {
				t.Errorf("asked %d times, want %d", requests, tt.requests)
			}
		})
	}
}

// What every API server serves and this one does not know was not read, whoever answers so in its place. What an older server
// lacks is absent, if its discovery says so.
func TestLiveNotFound(t *testing.T) {
	policy, _ := snapshot.KindNamed("MutatingAdmissionPolicy")
	admission := map[string][]string{"admissionregistration.k8s.io/v1": {"validatingwebhookconfigurations:ValidatingWebhookConfiguration:cluster"}}
	with := map[string][]string{"admissionregistration.k8s.io/v1": {"mutatingadmissionpolicies:MutatingAdmissionPolicy:cluster"}}
	unknown := func(resource string) string {
		return "the server does not know " + resource + ", as every API server does; check the endpoint that the target names"
	}
	deployment := snapshot.Gap{Kind: "Deployment", Reason: snapshot.Failed, Message: unknown("deployments.apps")}
	replicaSet := snapshot.Gap{Kind: "ReplicaSet", Reason: snapshot.Failed, Message: unknown("replicasets.apps")}
	in := func(g snapshot.Gap, namespace string) snapshot.Gap {
		g.Namespace = namespace
		return g
	}
	for name, tt := range map[string]struct {
		served map[string][]string
		lost   string // the path below which nothing is found
		answer func(request)
		scope  Scope
		absent []string
		gaps   []snapshot.Gap
	}{
		"what every server has": {lost: "/apis/apps", scope: Scope{Kinds: kinds}, gaps: []snapshot.Gap{deployment, replicaSet}},
		"in namespaces":         {lost: "/apis/apps", scope: Scope{Kinds: kinds, Namespaces: []string{"a", "b"}}, gaps: []snapshot.Gap{in(deployment, "a"), in(deployment, "b"), in(replicaSet, "a"), in(replicaSet, "b")}},
		"a page of a proxy": {
			lost: "/apis/apps", scope: Scope{Kinds: kinds}, gaps: []snapshot.Gap{deployment, replicaSet},
			answer: func(r request) {
				r.w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(r.w, "<html>no such page")
			},
		},
		"no word": {lost: "/apis/apps", scope: Scope{Kinds: kinds}, gaps: []snapshot.Gap{deployment, replicaSet}, answer: func(r request) { r.w.WriteHeader(http.StatusNotFound) }},
		"an older server": {
			served: admission, lost: "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies", scope: Scope{Kinds: []snapshot.Kind{policy}}, absent: []string{"MutatingAdmissionPolicy"},
		},
		"what discovery lists": {
			served: with, lost: "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies", scope: Scope{Kinds: []snapshot.Kind{policy}},
			gaps: []snapshot.Gap{{Kind: "MutatingAdmissionPolicy", Reason: snapshot.Failed, Message: "listing mutatingadmissionpolicies.admissionregistration.k8s.io failed: the server could not find the requested resource (get mutatingadmissionpolicies.admissionregistration.k8s.io)"}},
		},
		"a group whose discovery is lost": {
			served: admission, lost: "/apis/admissionregistration.k8s.io", scope: Scope{Kinds: []snapshot.Kind{policy}},
			gaps: []snapshot.Gap{{Kind: "MutatingAdmissionPolicy", Reason: snapshot.Failed, Message: "listing mutatingadmissionpolicies.admissionregistration.k8s.io failed: the server could not find the requested resource (get mutatingadmissionpolicies.admissionregistration.k8s.io)"}},
		},
		"add-ons without any discovery": {
			lost: "/apis", scope: Scope{Kinds: addOns("BaselineAdmin")},
			gaps: []snapshot.Gap{{Kind: "BaselineAdminNetworkPolicy.policy.networking.k8s.io", Reason: snapshot.Failed, Message: "listing baselineadminnetworkpolicies.policy.networking.k8s.io failed: the server could not find the requested resource"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got receiver
			var asked []string
			discovery := serving(tt.served, "", &asked)
			cov, err := NewLive(apiServer(t, func(r request) bool {
				if r.URL.Path == tt.lost || strings.HasPrefix(r.URL.Path, tt.lost+"/") {
					if tt.answer != nil {
						tt.answer(r)
					} else {
						http.NotFound(r.w, r.Request) // in plain text, as the API server has it
					}
					return true
				}
				return tt.lost != "/apis/apps" && discovery(r)
			}), 0).Collect(t.Context(), tt.scope, got.emit)
			sortGaps(cov.Gaps)
			if err != nil || !reflect.DeepEqual(cov.Gaps, tt.gaps) || !slices.Equal(cov.Absent, tt.absent) {
				t.Errorf("%v\ngaps %v\nwant %v\nabsent %v", err, cov.Gaps, tt.gaps, cov.Absent)
			}
			if _, counted := cov.Objects["Deployment"]; counted {
				t.Errorf("counted %v", cov.Objects)
			}
		})
	}
}

// Pods are judged at their owners, which must be known by then.
func TestLiveKeepsTheOrderOfWaves(t *testing.T) {
	var got receiver
	late := func(r request) bool {
		got.mu.Lock()
		defer got.mu.Unlock()
		read := map[string]int{}
		for _, kind := range got.order {
			read[kind]++
		}
		switch {
		case r.resource == "replicasets" && read["Deployment"] < 3, r.resource == "pods" && read["ReplicaSet"] < 3:
			t.Errorf("%s are asked for when only %v has come", r.resource, read)
		}
		return false
	}
	_, err := NewLive(apiServer(t, late), 1).Collect(t.Context(), Scope{Kinds: kinds}, got.emit)
	if err != nil {
		t.Fatal(err)
	}
	first := slices.Index(got.order, "Pod")
	if last := slices.Index(got.order[first:], "ReplicaSet"); last >= 0 {
		t.Errorf("a ReplicaSet comes behind a Pod: %v", got.order)
	}
}

func TestLiveScope(t *testing.T) {
	tests := []struct {
		name   string
		scope  Scope
		want   map[string]int
		listed []string // paths of pods
	}{
		{"everything", Scope{}, map[string]int{"Namespace": 2, "ClusterRole": 3, "Deployment": 3, "ReplicaSet": 3, "Pod": 7}, []string{"/api/v1/pods"}},
		{"one namespace", Scope{Namespaces: []string{"b"}}, map[string]int{"Deployment": 0, "ReplicaSet": 0, "Pod": 2}, []string{"/api/v1/namespaces/b/pods"}},
		{"two namespaces", Scope{Namespaces: []string{"a", "b"}}, map[string]int{"Deployment": 3, "ReplicaSet": 3, "Pod": 7}, []string{"/api/v1/namespaces/a/pods", "/api/v1/namespaces/b/pods"}},
		{"all but one", Scope{ExcludeNamespaces: []string{"a"}}, map[string]int{"Namespace": 1, "ClusterRole": 3, "Deployment": 0, "ReplicaSet": 0, "Pod": 2}, []string{"/api/v1/pods"}},
		{"none is left", Scope{Namespaces: []string{"a"}, ExcludeNamespaces: []string{"a"}}, map[string]int{"Deployment": 0, "ReplicaSet": 0, "Pod": 0}, []string{"/api/v1/namespaces/a/pods"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var listed, clusterWide []string
			config := apiServer(t, func(r request) bool {
				mu.Lock()
				defer mu.Unlock()
				switch r.resource {
				case "pods":
					listed = append(listed, r.URL.Path)
				case "namespaces", "clusterroles":
					clusterWide = append(clusterWide, r.URL.Path)
				}
				return false
			})
			tt.scope.Kinds = kinds
			var got receiver
			cov, err := NewLive(config, 0).Collect(t.Context(), tt.scope, got.emit)
			if err != nil || len(cov.Gaps) > 0 {
				t.Fatalf("%v, gaps %v", err, cov.Gaps)
			}
			if !reflect.DeepEqual(cov.Objects, tt.want) {
				t.Errorf("counted %v, want %v", cov.Objects, tt.want)
			}
			for kind, n := range tt.want {
				if len(got.names[kind]) != n {
					t.Errorf("got %v", got.names[kind])
				}
			}
			if !slices.Equal(listed, tt.listed) {
				t.Errorf("listed %v, want %v", listed, tt.listed)
			}
			if len(tt.scope.Namespaces) > 0 && len(clusterWide) > 0 {
				t.Errorf("an identity that may read namespaces only is made to ask for %v", clusterWide)
			}
		})
	}
}

// A gap in one namespace says so, and the others are read.
func TestLiveForbiddenInOneNamespace(t *testing.T) {
	config := apiServer(t, func(r request) bool {
		return strings.Contains(r.URL.Path, "/namespaces/a/") && r.status(403, "Forbidden", "no", "")
	})
	var got receiver
	cov, err := NewLive(config, 0).Collect(t.Context(), Scope{Kinds: named("Pod"), Namespaces: []string{"a", "b"}}, got.emit)
	if err != nil || len(cov.Gaps) != 1 || cov.Gaps[0].Namespace != "a" || cov.Objects["Pod"] != 2 {
		t.Errorf("%v, %+v", err, cov)
	}
}

// expiring is a context whose deadline passes when the test says so.
type expiring struct {
	context.Context
	passed chan struct{}
}

func (e expiring) Done() <-chan struct{} { return e.passed }

func (e expiring) Err() error {
	select {
	case <-e.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// The context ends within the answer to the second page of pods: the first page and the waves before it are kept.
func TestLiveEndsWithItsContext(t *testing.T) {
	interrupted, interrupt := context.WithCancel(t.Context())
	late := expiring{t.Context(), make(chan struct{})}
	tests := []struct {
		name    string
		ctx     context.Context
		end     func()
		reason  snapshot.GapReason
		message string
	}{
		{"interrupted", interrupted, interrupt, snapshot.Interrupted, "the scan was interrupted"},
		{"timed out", late, func() { close(late.passed) }, snapshot.TimedOut, "listing pods was not finished: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := apiServer(t, func(r request) bool {
				if r.resource != "pods" || r.n != 2 {
					return false
				}
				r.w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(r.w, `{"kind":"PodList","apiVersion":"v1","items":[`)
				_ = http.NewResponseController(r.w).Flush()
				tt.end()
				<-r.Context().Done()
				return true
			})
			var got receiver
			cov, err := NewLive(config, 2).Collect(tt.ctx, Scope{Kinds: kinds}, got.emit)
			if err != nil || len(cov.Gaps) != 1 {
				t.Fatalf("%v, gaps %v", err, cov.Gaps)
			}
			if g := cov.Gaps[0]; g.Reason != tt.reason || g.Read != 2 || !strings.Contains(g.Message, tt.message) {
				t.Errorf("got %+v", g)
			}
			want := counts(shopNames())
			want["Pod"] = 2
			if !reflect.DeepEqual(cov.Objects, want) {
				t.Errorf("counted %v, want %v", cov.Objects, want)
			}
			noneLeft(t)
		})
	}
}

// Whoever set the end says in the gap what to do about it.
func TestLiveTellsWhyItTimedOut(t *testing.T) {
	why := sdk.Errorf(sdk.ErrUnavailable, "give it longer with --timeout", "the target's time ran out")
	ctx, cancel := context.WithDeadlineCause(t.Context(), time.Now().Add(-time.Second), why)
	defer cancel()
	cov, err := NewLive(apiServer(t, nil), 0).Collect(ctx, Scope{Kinds: kinds}, func([]snapshot.Object) error { return nil })
	if err != nil || len(cov.Gaps) != len(kinds) || len(cov.Objects) > 0 {
		t.Fatalf("%v, %+v", err, cov)
	}
	for _, g := range cov.Gaps {
		if g.Reason != snapshot.TimedOut || !strings.Contains(g.Message, "the target's time ran out; give it longer with --timeout") {
			t.Errorf("got %+v", g)
		}
	}
}

// The receiver's error ends every list, also one that would wait for ever.
func TestLiveEndsWithItsReceiver(t *testing.T) {
	waiting := make(chan struct{})
	config := apiServer(t, func(r request) bool {
		if r.resource != "clusterroles" {
			return false
		}
		close(waiting)
		<-r.Context().Done()
		return true
	})
	full := errors.New("the disk is full")
	_, err := NewLive(config, 1).Collect(t.Context(), Scope{Kinds: kinds}, func([]snapshot.Object) error {
		<-waiting
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	noneLeft(t)
}

// noneLeft fails the test where a list still goes on. Connections that are kept for a while are none of ours.
func noneLeft(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if bytes.Contains(stacks, []byte("internal/collect.(*Live)")) {
		t.Errorf("a list goes on:\n%s", stacks)
	}
}
