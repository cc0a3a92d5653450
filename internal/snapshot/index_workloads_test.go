package snapshot_test

import (
	"fmt"
	"reflect"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func owned(namespace, name, uid, ownerKind, owner, ownerUID string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid)}
	if owner != "" {
		m.OwnerReferences = []metav1.OwnerReference{{Kind: ownerKind, Name: owner, UID: types.UID(ownerUID), Controller: new(true)}}
	}
	return m
}

func podOn(node, account string) corev1.PodSpec {
	return corev1.PodSpec{NodeName: node, ServiceAccountName: account}
}

// What a controller owns is no entry of its own, and its nodes are told once each.
func TestWorkloads(t *testing.T) {
	var x snapshot.Index
	template := corev1.PodTemplateSpec{Spec: podOn("", "web")}
	add(
		&x,
		&appsv1.Deployment{ObjectMeta: owned("shop", "web", "d", "", "", ""), Spec: appsv1.DeploymentSpec{Template: template}},
		&appsv1.ReplicaSet{ObjectMeta: owned("shop", "web-1", "r", "Deployment", "web", "d"), Spec: appsv1.ReplicaSetSpec{Template: template}},
	)
	for i := range 100 {
		add(&x, &corev1.Pod{ObjectMeta: owned("shop", fmt.Sprint("web-", i), fmt.Sprint(i), "ReplicaSet", "web-1", "r"), Spec: podOn(fmt.Sprint("node-", i%3), "web")})
	}
	explicit := podOn("node-0", "quiet")
	explicit.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{}}}}}}}
	without := podOn("node-1", "web")
	without.AutomountServiceAccountToken = new(false)
	add(
		&x,
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "quiet"}, AutomountServiceAccountToken: new(false)},
		&corev1.Pod{ObjectMeta: owned("shop", "quiet", "q", "", "", ""), Spec: podOn("node-0", "quiet")},
		&corev1.Pod{ObjectMeta: owned("shop", "quiet-explicit", "qe", "", "", ""), Spec: explicit},
		&corev1.Pod{ObjectMeta: owned("shop", "without", "w", "", "", ""), Spec: without},
		// The pods of a controller that is not read are one workload under its name.
		&corev1.Pod{ObjectMeta: owned("shop", "step-1", "s1", "Workflow", "nightly", "wf"), Spec: podOn("node-0", "ci")},
		&corev1.Pod{ObjectMeta: owned("shop", "step-2", "s2", "Workflow", "nightly", "wf"), Spec: podOn("node-1", "ci")},
		// A claim to an owner of another namespace, or with another service account, counts for nothing.
		&corev1.Pod{ObjectMeta: owned("bank", "liar", "l", "ReplicaSet", "web-1", "r"), Spec: podOn("node-9", "web")},
		&corev1.Pod{ObjectMeta: owned("shop", "other-account", "oa", "ReplicaSet", "web-1", "r"), Spec: podOn("node-9", "ci")},
		&corev1.Pod{ObjectMeta: owned("kube-system", "static-node-0", "st", "Node", "node-0", "n"), Spec: podOn("node-0", "")},
		&corev1.Pod{ObjectMeta: owned("shop", "done", "dn", "", "", ""), Spec: podOn("node-0", "ci"), Status: corev1.PodStatus{Phase: corev1.PodSucceeded}},
	)
	want := []snapshot.InventoryWorkload{
		{Kind: "Pod", Namespace: "bank", Name: "liar", ServiceAccount: "web", Token: true, Nodes: []string{"node-9"}},
		{Kind: "Deployment", Namespace: "shop", Name: "web", ServiceAccount: "web", Token: true, Nodes: []string{"node-0", "node-1", "node-2"}},
		{Kind: "Pod", Namespace: "shop", Name: "other-account", ServiceAccount: "ci", Token: true, Nodes: []string{"node-9"}},
		{Kind: "Pod", Namespace: "shop", Name: "quiet", ServiceAccount: "quiet", Nodes: []string{"node-0"}},
		{Kind: "Pod", Namespace: "shop", Name: "quiet-explicit", ServiceAccount: "quiet", Token: true, Nodes: []string{"node-0"}},
		{Kind: "Pod", Namespace: "shop", Name: "without", ServiceAccount: "web", Nodes: []string{"node-1"}},
		{Kind: "Workflow", Namespace: "shop", Name: "nightly", ServiceAccount: "ci", Token: true, Nodes: []string{"node-0", "node-1"}},
	}
	if got := x.Inventory().Workloads; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// In manifests, no controller has written the rules of aggregated roles; what is selected may be aggregated itself.
func TestAggregationInManifests(t *testing.T) {
	rule := func(resource string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{resource}}
	}
	aggregated := func(name, selects string, rules ...rbacv1.PolicyRule) *rbacv1.ClusterRole {
		return &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"is": name}}, Rules: rules,
			AggregationRule: &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"is": selects}}}},
		}
	}
	roles := []metav1.Object{
		aggregated("outer", "inner", rule("stale")), aggregated("inner", "leaf"),
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "leaf", Labels: map[string]string{"is": "leaf"}}, Rules: []rbacv1.PolicyRule{rule("pods")}},
		aggregated("circle-a", "circle-b"), aggregated("circle-b", "circle-a"),
	}
	for _, declared := range []bool{true, false} {
		var x snapshot.Index
		for _, v := range roles {
			k, _ := snapshot.KindNamed("ClusterRole")
			o := snapshot.Object{Kind: k, Value: v}
			if declared {
				o.Line = func(string) int { return 1 }
			}
			x.Add(o)
		}
		got := map[string][]string{}
		for _, r := range x.Inventory().Roles {
			for _, rule := range r.Rules {
				got[r.Name] = append(got[r.Name], rule.Resources...)
			}
		}
		want := map[string][]string{"inner": {"pods"}, "leaf": {"pods"}, "outer": {"pods"}}
		if !declared {
			want = map[string][]string{"leaf": {"pods"}, "outer": {"stale"}}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("declared %v: got %v, want %v", declared, got, want)
		}
	}
}
