package scan

import (
	"context"
	"io/fs"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
)

// pack is our own checks as they are, and with other words in one's title, severity and messages.
var pack = sync.OnceValues(func() (ours, reworded *policy.Engine) {
	files := fstest.MapFS{}
	err := fs.WalkDir(policies.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(policies.FS, path)
		text := string(data)
		if path == "checks/workload/privileged/privileged.rego" {
			text = strings.NewReplacer("runs privileged", "is privileged, and should not be", "severity: critical", "severity: high").Replace(text)
		}
		files[path] = &fstest.MapFile{Data: []byte(text)}
		return err
	})
	if err != nil {
		panic(err)
	}
	var engines [2]*policy.Engine
	for i, pack := range []fs.FS{policies.FS, files} {
		if engines[i], err = policy.New(context.Background(), policy.Pack{Name: finding.BuiltInPack, FS: pack}); err != nil {
			panic(err)
		}
		if engines[i], err = engines[i].Configure(policy.Settings{Select: []string{"KM1005", "KM2001"}}); err != nil {
			panic(err)
		}
	}
	return engines[0], engines[1]
})

// identified are the fingerprints of what a scan finds, each with its place, severity and message.
func identified(t *testing.T, s *Scanner, cluster string, objects ...metav1.Object) map[string]string {
	t.Helper()
	r := newRun(s, &report.Cluster{ID: cluster})
	source := pagesOf{}
	for _, o := range objects {
		source = append(source, object(o))
	}
	scope := collect.Scope{Kinds: snapshot.Kinds}
	if _, err := r.objects(t.Context(), t.Context(), source, scope); err != nil {
		t.Fatal(err)
	}
	r.wholeCluster(t.Context(), scope)
	found := map[string]string{}
	for _, f := range r.kept.take() {
		id := f.Fingerprint(cluster)
		if other, ok := found[id]; ok {
			t.Errorf("two findings have one identity: %s and %s", other, f.Object)
		}
		found[id] = f.Check + " " + f.Object.String() + " " + f.Sub + ": " + f.Severity.String() + " " + f.Message
	}
	return found
}

// revision is a Deployment of two privileged containers with a ReplicaSet and a pod of these names, a third container injected
// into the pod; two grants; and a pod of a controller that is not read.
func revision(image, set, pod, claimed string) []metav1.Object {
	yes := true
	privileged := func(name string) corev1.Container {
		return corev1.Container{Name: name, Image: image, SecurityContext: &corev1.SecurityContext{Privileged: &yes}}
	}
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{privileged("c"), privileged("d")}}}
	owned := func(name, uid, kind, owner string) metav1.ObjectMeta {
		m := metav1.ObjectMeta{Namespace: "a", Name: name, UID: types.UID(uid)}
		m.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: owner, UID: types.UID("id-of-" + owner), Controller: &yes}}
		return m
	}
	injected := *template.Spec.DeepCopy()
	injected.Containers = append(injected.Containers, privileged("mesh"))
	grant := func(name string) *rbacv1.ClusterRoleBinding {
		return &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "cluster-admin"},
			Subjects: []rbacv1.Subject{{APIGroup: "rbac.authorization.k8s.io", Kind: "User", Name: "ada"}},
		}
	}
	return []metav1.Object{
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "web", UID: "id-of-web"}, Spec: appsv1.DeploymentSpec{Template: template}},
		&appsv1.ReplicaSet{ObjectMeta: owned(set, "id-of-"+set, "Deployment", "web"), Spec: appsv1.ReplicaSetSpec{Template: template}},
		&corev1.Pod{ObjectMeta: owned(pod, "id-of-"+pod, "ReplicaSet", set), Spec: injected},
		&corev1.Pod{ObjectMeta: rollout(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "b", Name: claimed, UID: types.UID(claimed)}}).ObjectMeta, Spec: template.Spec},
		&rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: "cluster-admin"},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}, {NonResourceURLs: []string{"*"}, Verbs: []string{"*"}}},
		},
		grant("ops"), grant("night"),
	}
}

// A finding keeps its identity over what may change between two scans; and what is not the same has another.
func TestIdentity(t *testing.T) {
	ours, reworded := pack()
	const cluster = "arn:aws:eks:us-east-1:111122223333:cluster/prod"
	first := identified(t, &Scanner{Engine: ours, Opts: Options{Version: "1.0.0"}}, cluster, revision("web:1", "web-1", "web-1-x", "job-x")...)
	if len(first) != 7 { // three containers of the Deployment, two of the unread controller's, two grants
		t.Fatalf("found %q", first)
	}
	for name, again := range map[string]map[string]string{
		"pods made anew":           identified(t, &Scanner{Engine: ours}, cluster, revision("web:1", "web-1", "web-1-y", "job-y")...),
		"a Deployment rolled":      identified(t, &Scanner{Engine: ours}, cluster, revision("web:2", "web-2", "web-2-x", "job-x")...),
		"another scanner":          identified(t, &Scanner{Engine: ours, Opts: Options{Version: "2.0.0"}}, cluster, revision("web:1", "web-1", "web-1-x", "job-x")...),
		"other words and severity": identified(t, &Scanner{Engine: reworded}, cluster, revision("web:1", "web-1", "web-1-x", "job-x")...),
	} {
		same := maps.EqualFunc(first, again, func(string, string) bool { return true })
		if !same {
			t.Errorf("%s: the findings are others:\n%q\n%q", name, first, again)
		}
		if name == "other words and severity" && maps.Equal(first, again) {
			t.Error("the words are the same")
		}
	}
	for id := range identified(t, &Scanner{Engine: ours}, "arn:aws:eks:us-east-1:444455556666:cluster/prod", revision("web:1", "web-1", "web-1-x", "job-x")...) {
		if first[id] != "" {
			t.Errorf("two clusters of one name share %s", first[id])
		}
	}
}
