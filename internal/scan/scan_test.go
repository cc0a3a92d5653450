package scan

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// engine has a check of each sort.
var engine = sync.OnceValue(func() *policy.Engine {
	check := func(id, scope, kinds, requires, rule string) *fstest.MapFile {
		name := strings.ToLower(id)
		return &fstest.MapFile{Data: []byte(fmt.Sprintf(`# METADATA
# title: a title
# description: what an attacker gains
# custom:
#   id: %s
#   name: Example
#   severity: high
#   scope: %s
#   kinds: [%s]
#   requires: [%s]
#   remediation: what to do
package kubemuster.checks.workload.%s

violations contains violation if {
	%s
}
`, id, scope, kinds, requires, name, rule))}
	}
	const (
		privileged = `some c in input.workload.containers
	c.spec.securityContext.privileged
	violation := {"path": c.path, "message": "privileged"}`
		number = `to_number(input.object.metadata.name) > 0
	violation := {"path": "metadata.name", "message": "a number"}`
		always   = `violation := {"path": "metadata", "message": "it is there"}`
		noPolicy = `some ns in input.inventory.namespaces
	not ns.name in {p.namespace | some p in input.inventory.networkPolicies}
	violation := {"object": {"kind": "Namespace", "namespace": "", "name": ns.name}, "path": "", "message": "no policy"}`
		never = `count(input.inventory.namespaces) > 1000
	violation := {"object": {"kind": "Namespace", "namespace": "", "name": "x"}, "path": "", "message": "many"}`
	)
	e, err := policy.New(context.Background(), policy.Pack{Name: "test", FS: fstest.MapFS{
		"checks/workload/xx1001/a.rego": check("XX1001", "object", "Workload", "", privileged),
		"checks/workload/xx1002/a.rego": check("XX1002", "object", "Service", "", number),
		"checks/workload/xx2001/a.rego": check("XX2001", "object", "ClusterRoleBinding", "", always),
		"checks/workload/xx4001/a.rego": check("XX4001", "cluster", "Namespace", "Namespace, NetworkPolicy", noPolicy),
		"checks/workload/xx5001/a.rego": check("XX5001", "cluster", "MutatingAdmissionPolicy", "MutatingAdmissionPolicy", never),
	}})
	if err != nil {
		panic(err)
	}
	return e
})

func object(v metav1.Object) snapshot.Object {
	k, ok := snapshot.KindNamed(reflect.TypeOf(v).Elem().Name())
	if !ok {
		panic(fmt.Sprintf("%T", v))
	}
	return snapshot.Object{Kind: k, Value: v}
}

// ownersOfTheShop are the shop's controllers by UID.
var ownersOfTheShop = map[string]struct{ kind, name string }{
	"deployment": {"Deployment", "web"}, "replicaset": {"ReplicaSet", "web-1"}, "cronjob": {"CronJob", "nightly"}, "job": {"Job", "nightly-1"},
}

func meta(namespace, name, uid, owner string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid)}
	if owner != "" {
		yes := true
		kind, name := "Any", owner
		if o, ok := ownersOfTheShop[owner]; ok {
			kind, name = o.kind, o.name
		}
		m.OwnerReferences = []metav1.OwnerReference{{UID: types.UID(owner), Name: name, Kind: kind, Controller: &yes}}
	}
	return m
}

func spec(privileged bool) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "c", SecurityContext: &corev1.SecurityContext{Privileged: &privileged}}}}
}

func template(privileged bool) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: spec(privileged)}
}

// shop is a cluster with a privileged Deployment and all that it owns, a CronJob in the same way, a pod by itself, one of a
// controller that is not read, and what the other checks look at.
func shop() []metav1.Object {
	return []metav1.Object{
		&corev1.Namespace{ObjectMeta: meta("", "a", "", "")},
		&corev1.Namespace{ObjectMeta: meta("", "b", "", "")},
		&networkingv1.NetworkPolicy{ObjectMeta: meta("a", "deny", "", "")},
		&rbacv1.ClusterRoleBinding{ObjectMeta: meta("", "admins", "", "")},
		&corev1.Service{ObjectMeta: meta("a", "0", "", "")},
		&corev1.Service{ObjectMeta: meta("a", "1", "", "")},
		&appsv1.Deployment{ObjectMeta: meta("a", "web", "deployment", ""), Spec: appsv1.DeploymentSpec{Template: template(true)}},
		&appsv1.ReplicaSet{ObjectMeta: meta("a", "web-1", "replicaset", "deployment"), Spec: appsv1.ReplicaSetSpec{Template: template(true)}},
		&corev1.Pod{ObjectMeta: meta("a", "web-1-x", "pod", "replicaset"), Spec: spec(true)},
		&batchv1.CronJob{ObjectMeta: meta("a", "nightly", "cronjob", ""), Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template(false)}}}},
		&batchv1.Job{ObjectMeta: meta("a", "nightly-1", "job", "cronjob"), Spec: batchv1.JobSpec{Template: template(false)}},
		&corev1.Pod{ObjectMeta: meta("a", "nightly-1-x", "jobpod", "job"), Spec: spec(false)},
		&corev1.Pod{ObjectMeta: meta("b", "alone", "alone", ""), Spec: spec(false)},
		&corev1.Pod{ObjectMeta: meta("b", "static", "static", "a node"), Spec: spec(true)},
	}
}

// tallies is a cluster's verdicts by check, as in "fail=2 pass=1".
func tallies(c report.Cluster) map[string]string {
	out := map[string]string{}
	for _, t := range c.Tallies {
		var parts []string
		for _, v := range slices.Sorted(maps.Keys(t.Counts)) {
			parts = append(parts, fmt.Sprintf("%s=%d", v, t.Counts[v]))
		}
		out[t.Check] = strings.Join(parts, " ")
	}
	return out
}

func reason(c report.Cluster, check string) string {
	for _, t := range c.Tallies {
		if t.Check == check {
			return t.Reason
		}
	}
	return ""
}

// found lists a check's findings by their objects.
func found(c report.Cluster, check string) []string {
	var out []string
	for _, f := range c.Findings {
		if f.Check == check {
			out = append(out, f.Object.String())
		}
	}
	return out
}

func scanAll(t *testing.T, opts Options, targets ...Target) []report.Cluster {
	t.Helper()
	return runIn(t.Context(), opts, targets...)
}

func runIn(ctx context.Context, opts Options, targets ...Target) []report.Cluster {
	opts.QPS = 10_000
	return (&Scanner{Engine: engine(), Host: host, Opts: opts}).Run(ctx, targets).Clusters
}

// wholeShop is what the shop's tallies are when all of it was read.
var wholeShop = map[string]string{
	"XX1001": "fail=2 pass=2", // Deployment, CronJob and the two pods that nothing stands for
	"XX1002": "fail=1 pass=1",
	"XX2001": "fail=1",
	"XX4001": "fail=1",
	"XX5001": "pass=1",
}

// What is read and what is not decides what a check may say: never pass on what nobody has seen.
func TestCoverage(t *testing.T) {
	on := func(f func(request) bool, resources ...string) func(request) bool {
		return func(r request) bool { return slices.Contains(resources, r.resource) && f(r) }
	}
	tests := []struct {
		name       string
		broken     func(request) bool
		opts       Options
		status     report.Status
		tallies    map[string]string // where they differ from wholeShop
		privileged []string          // findings of XX1001; nil: those of the whole shop
		reasons    map[string]string // a part of each
	}{
		{name: "all is read", status: report.Complete},
		{name: "in small pages", opts: Options{PageSize: 1}, status: report.Complete},
		{
			name: "policies are forbidden", broken: on(request.forbid, "networkpolicies"), status: report.Partial,
			tallies: map[string]string{"XX4001": "not_evaluated=1"},
			reasons: map[string]string{"XX4001": "NetworkPolicy: forbidden: the identity may not list networkpolicies.networking.k8s.io", "XX1001": ""},
		},
		{
			name: "Deployments are forbidden: the ReplicaSet is judged", broken: on(request.forbid, "deployments"), status: report.Partial,
			tallies:    map[string]string{"XX1001": "fail=2 not_evaluated=1 pass=2"},
			privileged: []string{"ReplicaSet a/web-1", "Pod b/static"},
			reasons:    map[string]string{"XX1001": "Deployment: forbidden"},
		},
		{
			name: "their ReplicaSets, too: the pod is judged", broken: on(request.forbid, "deployments", "replicasets"), status: report.Partial,
			tallies:    map[string]string{"XX1001": "fail=2 not_evaluated=1 pass=2"},
			privileged: []string{"Pod a/web-1-x", "Pod b/static"},
			reasons:    map[string]string{"XX1001": "Deployment: forbidden: the identity may not list deployments.apps; grant it the ClusterRole kubemuster-reader; ReplicaSet: forbidden"},
		},
		{
			name: "pods break off half-way", opts: Options{PageSize: 3}, status: report.Partial,
			broken:     func(r request) bool { return r.resource == "pods" && r.n > 1 && r.fail(400, "BadRequest") },
			tallies:    map[string]string{"XX1001": "fail=1 not_evaluated=1 pass=2"},
			privileged: []string{"Deployment a/web"},
			reasons:    map[string]string{"XX1001": "Pod: failed: listing pods failed: BadRequest"},
		},
		{
			name: "a kind is not served", status: report.Complete,
			broken: func(r request) bool {
				if r.URL.Path == "/apis/admissionregistration.k8s.io/v1" {
					fmt.Fprint(r.w, `{"kind":"APIResourceList","resources":[]}`)
					return true
				}
				return r.resource == "mutatingadmissionpolicies" && r.fail(404, "NotFound")
			},
			tallies: map[string]string{"XX5001": "not_applicable=1"},
			reasons: map[string]string{"XX5001": "the server does not serve MutatingAdmissionPolicy"},
		},
		{
			name: "policies are not found, which every server has", broken: on(func(r request) bool { return r.fail(404, "NotFound") }, "networkpolicies"), status: report.Partial,
			tallies: map[string]string{"XX4001": "not_evaluated=1"},
			reasons: map[string]string{"XX4001": "the server does not know networkpolicies.networking.k8s.io, as every API server does"},
		},
		{
			name: "credentials are revoked when pods are read", broken: on(func(r request) bool { return r.fail(401, "Unauthorized") }, "replicasets", "jobs", "pods"), status: report.Partial,
			tallies:    map[string]string{"XX1001": "fail=1 not_evaluated=1 pass=1"},
			privileged: []string{"Deployment a/web"},
			reasons:    map[string]string{"XX1001": "did not accept the credential any more"},
		},
		{
			name: "one namespace", opts: Options{Namespaces: []string{"a"}}, status: report.Complete,
			tallies:    map[string]string{"XX1001": "fail=1 pass=1", "XX2001": "not_applicable=1", "XX4001": "not_applicable=1", "XX5001": "not_applicable=1"},
			privileged: []string{"Deployment a/web"},
			reasons:    map[string]string{"XX2001": outOfScope, "XX4001": outOfScope},
		},
		{
			name: "all but one namespace", opts: Options{ExcludeNamespaces: []string{"b"}}, status: report.Complete,
			tallies:    map[string]string{"XX1001": "fail=1 pass=1", "XX4001": "pass=1"},
			privileged: []string{"Deployment a/web"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := scanAll(t, tt.opts, apiServer(t, "shop", shop(), tt.broken))[0]
			if c.Status != tt.status || c.Problem != nil || len(c.Notifications) > 0 {
				t.Errorf("status %s, problem %v, notifications %v", c.Status, c.Problem, c.Notifications)
			}
			if (c.Status == report.Partial) != (len(c.Gaps) > 0) {
				t.Errorf("status %s with gaps %v", c.Status, c.Gaps)
			}
			want := maps.Clone(wholeShop)
			maps.Copy(want, tt.tallies)
			if got := tallies(c); !maps.Equal(got, want) {
				t.Errorf("tallies are %v, want %v", got, want)
			}
			if tt.privileged == nil {
				tt.privileged = []string{"Deployment a/web", "Pod b/static"}
			}
			if got := found(c, "XX1001"); !slices.Equal(got, tt.privileged) {
				t.Errorf("found %v, want %v", got, tt.privileged)
			}
			for check, part := range tt.reasons {
				if got := reason(c, check); !strings.Contains(got, part) || part == "" && got != "" {
					t.Errorf("the reason of %s is %q, want %q", check, got, part)
				}
			}
			if c.Alias != "fake-acme-here-shop" || c.ID != "id-of-shop" || c.ServerVersion != "v1.37.2" || c.Target != "fake://shop" {
				t.Errorf("the cluster is %q, %q, %q, %q", c.Alias, c.ID, c.ServerVersion, c.Target)
			}
		})
	}
}

// A target that cannot be scanned says where and why, and leaves the one beside it alone.
func TestNotScanned(t *testing.T) {
	good := apiServer(t, "good", shop(), nil)
	with := func(raw string, params map[string]string) Target { return Target{Raw: raw, Params: params} }
	all := func(f func(request) bool) Target {
		return apiServer(t, "bad", shop(), func(r request) bool { return r.isList() && f(r) })
	}
	tests := []struct {
		name                 string
		target               Target
		stage, message, hint string
		identity             string // alias and ID
	}{
		{"malformed", with("nonsense", nil), "target", "malformed", "write it as provider://path", "nonsense nonsense"},
		{"no such plugin", with("nowhere://x", nil), "plugin", `unknown provider "nowhere"`, "the known ones are fake, manifests, snapshot", "nowhere-x nowhere://x"},
		{"a parameter is missing", with("fake://x", nil), "target", `parameter "server" is required`, "", "fake-x fake://x"},
		{"no such cluster", with("fake://missing", good.Params), "access", "there is no cluster missing", "check its name", "fake-missing fake://missing"},
		{"no credential", with("fake://logged-out", good.Params), "token", "the session has ended", "log in again", "fake-acme-here-logged-out id-of-logged-out"},
		{"another authority", with("fake://x", map[string]string{"server": good.Params["server"], "ca": otherCA(t)}), "connect", "is not signed by the cluster's authority", "never taken on trust", "fake-acme-here-x id-of-x"},
		{"the token is not accepted", apiServer(t, "bad", nil, func(r request) bool { return r.fail(401, "Unauthorized") }), "connect", "does not accept the token", "map the identity", "fake-acme-here-bad id-of-bad"},
		{"all kinds are forbidden", all(request.forbid), "read", "nothing could be read: the identity may not list", "", "fake-acme-here-bad id-of-bad"},
		{"credentials are revoked before the first list", all(func(r request) bool { return r.fail(401, "Unauthorized") }), "read", "nothing could be read: the API server did not accept the credential", "", "fake-acme-here-bad id-of-bad"},
		{"not an API server", all(func(r request) bool { return r.fail(404, "NotFound") }), "read", "nothing could be read: the server does not know", "", "fake-acme-here-bad id-of-bad"},
		{"no such file", with("manifests://missing.yaml", nil), "read", "no such file", "", "manifests-missing.yaml manifests://missing.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clusters := scanAll(t, Options{}, tt.target, good)
			c := clusters[0]
			if c.Status != report.NotScanned || c.Problem == nil {
				t.Fatalf("status %s, problem %v", c.Status, c.Problem)
			}
			if p := c.Problem; p.Stage != tt.stage || !strings.Contains(p.Message, tt.message) || !strings.Contains(p.Hint, tt.hint) {
				t.Errorf("got %+v", *p)
			}
			if len(c.Findings)+len(c.Tallies) > 0 {
				t.Errorf("got %+v", c)
			}
			if got := c.Alias + " " + c.ID; got != tt.identity {
				t.Errorf("it is %s, want %s", got, tt.identity)
			}
			if clusters[1].Status != report.Complete || !maps.Equal(tallies(clusters[1]), wholeShop) {
				t.Errorf("the other target is %s: %v", clusters[1].Status, tallies(clusters[1]))
			}
		})
	}
}

func otherCA(t *testing.T) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "ca.pem")
	cert, _ := ca.ClientCertificate("not an authority")
	if err := os.WriteFile(p, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// Two clusters are scanned at the same moment, and hold objects of the same names and UIDs.
func TestClustersNeverMix(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	meet := func(r request) bool {
		if r.resource == "pods" {
			both.Done()
			both.Wait()
		}
		return false
	}
	other := []metav1.Object{
		&corev1.Namespace{ObjectMeta: meta("", "a", "", "")},
		&appsv1.Deployment{ObjectMeta: meta("a", "web", "deployment", ""), Spec: appsv1.DeploymentSpec{Template: template(false)}},
		// Its ReplicaSet is in the first cluster and not in this one.
		&corev1.Pod{ObjectMeta: meta("a", "web-1-x", "pod", "replicaset"), Spec: spec(true)},
	}
	clusters := scanAll(t, Options{Concurrency: 2}, apiServer(t, "one", shop(), meet), apiServer(t, "two", other, meet))
	if got := tallies(clusters[0]); !maps.Equal(got, wholeShop) {
		t.Errorf("the first is %v", got)
	}
	want := map[string]string{"XX1001": "fail=1 pass=1", "XX1002": "not_applicable=1", "XX2001": "not_applicable=1", "XX4001": "fail=1", "XX5001": "pass=1"}
	if got := tallies(clusters[1]); !maps.Equal(got, want) || !slices.Equal(found(clusters[1], "XX1001"), []string{"Pod a/web-1-x"}) {
		t.Errorf("the second is %v and found %v", got, found(clusters[1], "XX1001"))
	}
	if got := reason(clusters[1], "XX1002"); got != "the cluster has no Service" {
		t.Errorf("got %q", got)
	}
	for i, name := range []string{"one", "two"} {
		if c := clusters[i]; c.Name != name || c.Objects["Pod"] != []int{4, 1}[i] {
			t.Errorf("%s is %s with %v", name, c.Name, c.Objects)
		}
	}
}

// A check that breaks on some objects goes without a verdict there, and says so once.
func TestEvaluationError(t *testing.T) {
	objects := shop()
	for i := range 3 {
		objects = append(objects, &corev1.Service{ObjectMeta: meta("b", fmt.Sprintf("no-number-%d", i), "", "")})
	}
	c := scanAll(t, Options{PageSize: 1}, apiServer(t, "shop", objects, nil))[0]
	want := maps.Clone(wholeShop)
	want["XX1002"] = "fail=1 not_evaluated=3 pass=1"
	if got := tallies(c); c.Status != report.Partial || !maps.Equal(got, want) {
		t.Errorf("%s: tallies are %v, want %v", c.Status, got, want)
	}
	if len(c.Notifications) != 1 {
		t.Fatalf("notifications: %v", c.Notifications)
	}
	n := c.Notifications[0]
	if n.ID != "policy/evaluation-error" || n.Check != "XX1002" || !strings.HasPrefix(n.Message, "check XX1002 could not judge Service b/no-number-0 and 2 more: evaluation failed: ") {
		t.Errorf("got %+v", n)
	}
	if got := reason(c, "XX1002"); !strings.HasPrefix(got, "evaluation failed: ") {
		t.Errorf("the reason is %q", got)
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

// What was read before the end is judged and stays; what was not is a gap.
func TestEndHalfWay(t *testing.T) {
	late := expiring{t.Context(), make(chan struct{})}
	interrupted, interrupt := context.WithCancel(t.Context())
	tests := []struct {
		name   string
		ctx    context.Context
		end    func()
		reason snapshot.GapReason
	}{
		{"timed out", late, func() { close(late.passed) }, snapshot.TimedOut},
		{"interrupted", interrupted, interrupt, snapshot.Interrupted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := apiServer(t, "shop", shop(), func(r request) bool {
				if r.resource != "pods" || r.n != 2 {
					return false
				}
				tt.end()
				<-r.Context().Done()
				return true
			})
			unstarted := apiServer(t, "later", shop(), nil)
			clusters := runIn(tt.ctx, Options{PageSize: 3, Concurrency: 1}, target, unstarted)
			c := clusters[0]
			if c.Status != report.Partial || c.Problem != nil || len(c.Notifications) > 0 {
				t.Errorf("status %s, problem %v, notifications %v", c.Status, c.Problem, c.Notifications)
			}
			if len(c.Gaps) != 1 || c.Gaps[0].Kind != "Pod" || c.Gaps[0].Reason != tt.reason || c.Gaps[0].Read != 3 {
				t.Errorf("gaps: %+v", c.Gaps)
			}
			want := maps.Clone(wholeShop)
			want["XX1001"] = "fail=1 not_evaluated=1 pass=2"
			if got := tallies(c); !maps.Equal(got, want) {
				t.Errorf("tallies are %v, want %v", got, want)
			}
			if c := clusters[1]; c.Status != report.NotScanned || c.Problem == nil || len(c.Findings) > 0 {
				t.Errorf("the target that was not begun is %s: %v", c.Status, c.Problem)
			}
		})
	}
}

func TestInterruptKeepsWhatIsFinished(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	first := apiServer(t, "first", shop(), nil)
	second := apiServer(t, "second", shop(), func(r request) bool {
		if r.resource != "version" {
			return false
		}
		interrupt(fmt.Errorf("a signal")) // as signal.NotifyContext words it
		<-r.Context().Done()
		return true
	})
	clusters := runIn(ctx, Options{Concurrency: 1}, first, second, apiServer(t, "third", shop(), nil))
	if c := clusters[0]; c.Status != report.Complete || !maps.Equal(tallies(c), wholeShop) {
		t.Errorf("the first is %s: %v", c.Status, tallies(c))
	}
	for _, c := range clusters[1:] {
		if c.Status != report.NotScanned || c.Problem.Message != "interrupted before it was scanned" {
			t.Errorf("%s is %s: %+v", c.Target, c.Status, c.Problem)
		}
	}
	if stage := clusters[1].Problem.Stage; stage != "connect" {
		t.Errorf("the second was interrupted in stage %s", stage)
	}
}

func TestTimeoutBeforeAnything(t *testing.T) {
	c := scanAll(t, Options{Timeout: time.Nanosecond}, apiServer(t, "shop", shop(), nil))[0]
	if c.Status != report.NotScanned || c.Problem.Message != "the target's time ran out" || c.Problem.Hint != "give it longer with --timeout" {
		t.Errorf("%s: %+v", c.Status, c.Problem)
	}
}

func TestManifests(t *testing.T) {
	const (
		namespace  = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
		privileged = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec:\n  containers:\n  - name: c\n    securityContext: {privileged: true}\n---\n"
	)
	tests := []struct {
		name, text string
		status     report.Status
		tallies    map[string]string
	}{
		{"whole", namespace + privileged, report.Complete, map[string]string{
			"XX1001": "fail=1", "XX1002": "not_applicable=1", "XX2001": "not_applicable=1", "XX4001": "fail=1", "XX5001": "pass=1",
		}},
		// Nobody knows what the broken document would have been: a policy, a role, a workload.
		{"one broken", namespace + privileged + "kind: [", report.Partial, map[string]string{
			"XX1001": "fail=1 not_evaluated=1", "XX1002": "not_evaluated=1", "XX2001": "not_evaluated=1", "XX4001": "not_evaluated=1", "XX5001": "not_evaluated=1",
		}},
		{"all broken", "kind: [", report.Partial, map[string]string{
			"XX1001": "not_evaluated=1", "XX1002": "not_evaluated=1", "XX2001": "not_evaluated=1", "XX4001": "not_evaluated=1", "XX5001": "not_evaluated=1",
		}},
		{"nothing", "", report.NotScanned, map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := scanAll(t, Options{Stdin: strings.NewReader(tt.text)}, Target{Raw: "manifests://-"})[0]
			if got := tallies(c); c.Status != tt.status || !maps.Equal(got, tt.tallies) {
				t.Errorf("%s: tallies are %v, want %v", c.Status, got, tt.tallies)
			}
			if got := found(c, "XX1001"); tt.tallies["XX1001"] != "" && strings.Contains(tt.text, "Pod") {
				if !slices.Equal(got, []string{"Pod shop/p"}) || c.Findings[0].File != "stdin.yaml" || c.Findings[0].Line != 10 {
					t.Errorf("found %v: %+v", got, c.Findings)
				}
			}
		})
	}
}

// What manifests add to roles of Kubernetes' own is found where those are bound, and so is what a role of theirs takes from them.
func TestManifestsAggregateWithKubernetesRoles(t *testing.T) {
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	const kind = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: "
	bound := func(role string) string {
		return kind + "ClusterRoleBinding\nmetadata: {name: all}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " + role + "}\nsubjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: dev}]\n"
	}
	const (
		forView  = kind + "ClusterRole\nmetadata: {name: extra, labels: {rbac.authorization.k8s.io/aggregate-to-view: \"true\"}}\nrules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get, list, watch]}]\n"
		fromEdit = kind + "ClusterRole\nmetadata: {name: mine}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-edit: \"true\"}}]}\nrules: []\n"
	)
	for name, tt := range map[string]struct {
		text string
		want []string // checks that fail at the binding
	}{
		"view as it is":                   {bound("view"), nil},
		"secrets added to view":           {forView + bound("view"), []string{"KM2004"}},
		"a role made of what edit has":    {fromEdit + bound("mine"), []string{"KM2004", "KM2006", "KM2008", "KM2009", "KM2012", "KM2013", "KM2018", "KM2019", "KM2020", "KM2030", "KM2031"}},
		"edit itself, for a comparison":   {bound("edit"), []string{"KM2004", "KM2006", "KM2008", "KM2009", "KM2012", "KM2013", "KM2018", "KM2019", "KM2020", "KM2030", "KM2031"}},
		"the role alone, bound to nobody": {forView, nil},
	} {
		s := &Scanner{Engine: engine, Host: host, Opts: Options{Stdin: strings.NewReader(tt.text)}}
		var got []string
		for _, f := range s.Run(t.Context(), []Target{{Raw: "manifests://-"}}).Clusters[0].Findings {
			if f.Object.Kind == "ClusterRoleBinding" {
				got = append(got, f.Check)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: found %v, want %v", name, got, tt.want)
		}
	}
}

// Every cluster binds system:basic-user to all who have a credential: a manifest that puts rights into it is told, at the role.
func TestManifestsOfRolesThatAreBound(t *testing.T) {
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	text := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n" +
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: system:basic-user}\nrules: [{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}]\n"
	s := &Scanner{Engine: engine, Host: host, Opts: Options{Stdin: strings.NewReader(text)}}
	var got []string
	for _, f := range s.Run(t.Context(), []Target{{Raw: "manifests://-"}}).Clusters[0].Findings {
		if f.Object.Kind == "ClusterRoleBinding" {
			got = append(got, fmt.Sprintf("%s %s %s:%d", f.Check, f.Object.Name, f.File, f.Line))
		}
	}
	if want := []string{"KM2002 system:basic-user stdin.yaml:8", "KM2023 system:basic-user stdin.yaml:8"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// Policies select by the values of labels, under whatever key: a key that reads like a secret's hides no pod that no policy
// selects, and tells of none that one does.
func TestPoliciesSelectByAnyLabel(t *testing.T) {
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	pod := func(name, labels string) string {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop, labels: {" + labels + "}}\nspec: {containers: [{name: c, image: x}]}\n"
	}
	token := "ghp_" + strings.Repeat("a1", 18)
	pods := pod("one", "token: web, deploy-key: "+token) + pod("two", "token: db, deploy-key: "+token+"z")
	for selector, want := range map[string][]string{
		"{}":                          nil,
		"{matchLabels: {token: web}}": {"Pod shop/two"},
		"{matchExpressions: [{key: token, operator: In, values: [web, api]}]}":                           {"Pod shop/two"},
		"{matchExpressions: [{key: token, operator: NotIn, values: [web]}]}":                             {"Pod shop/one"},
		"{matchExpressions: [{key: token, operator: Exists}]}":                                           nil,
		"{matchExpressions: [{key: token, operator: DoesNotExist}]}":                                     {"Pod shop/one", "Pod shop/two"},
		"{matchLabels: {deploy-key: " + token + "}}":                                                     {"Pod shop/two"},
		"{matchExpressions: [{key: deploy-key, operator: NotIn, values: [" + token + "]}]}":              {"Pod shop/one"},
		"{matchExpressions: [{key: deploy-key, operator: In, values: [" + token + "z, " + token + "]}]}": nil,
	} {
		text := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\n" +
			"spec: {podSelector: " + selector + ", policyTypes: [Ingress, Egress]}\n" + pods
		s := &Scanner{Engine: engine, Host: host, Opts: Options{Stdin: strings.NewReader(text)}}
		c := s.Run(t.Context(), []Target{{Raw: "manifests://-"}}).Clusters[0]
		for _, check := range []string{"KM4002", "KM4003"} {
			if got := found(c, check); !slices.Equal(got, want) {
				t.Errorf("%s with the policy of %s: found %v, want %v", check, selector, got, want)
			}
		}
	}
}

// What a scan of manifests does not look into, it tells: a pass is never one of what nobody read.
func TestManifestsTellTemplatesThatNobodyJudges(t *testing.T) {
	const template = "spec: {template: {spec: {containers: [{name: c, securityContext: {privileged: true}}]}}}\n---\n"
	text := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n" +
		"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: shop}\n" + template +
		"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: api, namespace: shop}\n" + template +
		"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n" + template +
		"apiVersion: v1\nkind: PodTemplate\nmetadata: {name: web, namespace: shop}\ntemplate: {spec: {containers: [{name: c}]}}\n---\n" +
		"apiVersion: apps.kruise.io/v1alpha1\nkind: CloneSet\nmetadata: {name: web, namespace: shop}\n" + template
	c := scanAll(t, Options{Stdin: strings.NewReader(text)}, Target{Raw: "manifests://-"})[0]
	want := []report.Notification{{
		ID: "scan/unread-template", Level: "note",
		Message: "no check of workloads looks into the pod templates of these objects; scan the cluster where they run, in which their pods are judged: 1 CloneSet.apps.kruise.io, 1 PodTemplate, 2 Rollout.argoproj.io, 1 Service.serving.knative.dev",
	}}
	if !slices.Equal(c.Notifications, want) {
		t.Errorf("got %+v, want %+v", c.Notifications, want)
	}
}

// The report is the same however pages and judges take turns.
func TestReportIsStable(t *testing.T) {
	target := apiServer(t, "shop", shop(), nil)
	first := scanAll(t, Options{PageSize: 1}, target)[0]
	for range 5 {
		again := scanAll(t, Options{PageSize: 1}, target)[0]
		if !reflect.DeepEqual(again.Findings, first.Findings) || !reflect.DeepEqual(again.Tallies, first.Tallies) {
			t.Fatalf("got %v, then %v", first.Findings, again.Findings)
		}
	}
}

func TestRunTellsWhatHappens(t *testing.T) {
	var mu sync.Mutex
	events := map[string][]EventKind{}
	s := &Scanner{Engine: engine(), Host: host, Opts: Options{QPS: 10_000}, Progress: func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Kind == Reading && slices.Contains(events[e.Target], Reading) {
			return
		}
		events[e.Target] = append(events[e.Target], e.Kind)
	}}
	good := apiServer(t, "shop", shop(), nil)
	r := s.Run(t.Context(), []Target{good, {Raw: "fake://missing?server=" + good.Params["server"] + "&ca=" + caFile}})
	want := map[string][]EventKind{"fake://shop": {Started, Connected, Reading, Judging, Finished}, "fake://missing": {Started, Finished}}
	if !reflect.DeepEqual(events, want) {
		t.Errorf("got %v, want %v", events, want)
	}
	if len(r.Components) != 2 || r.Components[1].Kind != "pack" || len(r.Components[1].SHA256) != 64 || r.Components[0].Name != "fake" || r.Components[0].Version != "1.0.0" || len(r.Components[0].SHA256) != 64 {
		t.Errorf("components are %+v", r.Components)
	}
}

func TestOutlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		longer, stop := outlive(ctx, time.Minute)
		cancel()
		time.Sleep(59 * time.Second)
		if longer.Err() != nil {
			t.Error("ended too early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if longer.Err() == nil {
			t.Error("goes on for ever")
		}
		stop()

		unended, stop := outlive(t.Context(), time.Minute)
		stop()
		if unended.Err() == nil {
			t.Error("not stopped")
		}
	})
}

func TestSortFindings(t *testing.T) {
	f := func(s finding.Severity, check, file string, line int) finding.Finding {
		return finding.Finding{Severity: s, Check: check, Object: finding.Object{Kind: "Pod", Name: "p"}, File: file, Line: line}
	}
	want := []finding.Finding{f(finding.High, "B", "", 0), f(finding.Low, "A", "a.yaml", 2), f(finding.Low, "A", "a.yaml", 9), f(finding.Low, "A", "b.yaml", 1)}
	got := []finding.Finding{want[3], want[2], want[0], want[1]}
	if sortFindings(got); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}
