package scan

import (
	"maps"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
)

func labelled[T metav1.Object](o T, labels map[string]string) T {
	o.SetLabels(labels)
	return o
}

// The object's own label wins over its namespace's, whichever was read first; a pod answers for nothing that stands at what
// made it.
func TestOwnership(t *testing.T) {
	team := func(name string) map[string]string { return map[string]string{"team": name} }
	deployment := func(namespace, name string) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: meta(namespace, name, namespace+name, ""), Spec: appsv1.DeploymentSpec{Template: template(true)}}
	}
	target := apiServer(t, "shop", []metav1.Object{
		labelled(deployment("a", "web"), map[string]string{"team": "web", "owner": "nobody"}),
		labelled(deployment("a", "cart"), map[string]string{"app": "cart"}),
		deployment("b", "batch"),
		labelled(&corev1.Pod{ObjectMeta: meta("a", "alone", "alone", ""), Spec: spec(true)}, map[string]string{"owner": "ops"}),
		labelled(&corev1.Pod{ObjectMeta: meta("a", "claims", "claims", "a node"), Spec: spec(true)}, team("itself")),
		labelled(rollout(&corev1.Pod{ObjectMeta: meta("a", "web-7c4", "pod", ""), Spec: spec(true)}), team("rollouts")),
		labelled(&rbacv1.ClusterRoleBinding{ObjectMeta: meta("", "admins", "", "")}, team("platform")),
		&rbacv1.ClusterRoleBinding{ObjectMeta: meta("", "ops", "", "")},
		labelled(&corev1.Namespace{ObjectMeta: meta("", "a", "", "")}, team("shop")),
		&corev1.Namespace{ObjectMeta: meta("", "b", "", "")},
		&networkingv1.NetworkPolicy{ObjectMeta: meta("b", "deny", "", "")},
	}, nil)
	owners := func(opts Options) map[string]string {
		out := map[string]string{}
		for _, f := range scanAll(t, opts, target)[0].Findings {
			out[f.Object.String()] = f.Owner
		}
		return out
	}
	want := map[string]string{
		"Deployment a/web": "web", "Deployment a/cart": "shop", "Deployment b/batch": "", "Pod a/alone": "ops", "Pod a/claims": "itself", "Rollout a/web": "rollouts",
		"ClusterRoleBinding admins": "platform", "ClusterRoleBinding ops": "", "Namespace a": "shop",
	}
	for _, pages := range []int64{1, 500} {
		if got := owners(Options{OwnerLabels: []string{"team", "owner"}, PageSize: pages}); !maps.Equal(got, want) {
			t.Errorf("pages of %d: got %v\nwant %v", pages, got, want)
		}
	}
	for object := range want {
		want[object] = ""
	}
	if got := owners(Options{}); !maps.Equal(got, want) {
		t.Errorf("without labels: %v", got)
	}
}

// Whoever answers for a finding, it is the same one.
func TestOwnerIsNoIdentity(t *testing.T) {
	f := finding.Finding{Check: "KM1005", Object: finding.Object{Kind: "Pod", Name: "web"}}
	owned := f
	owned.Owner = "shop"
	if f.Fingerprint("c") != owned.Fingerprint("c") {
		t.Error("a label changes the identity")
	}
}
