package snapshot_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func add(x *snapshot.Index, objects ...metav1.Object) {
	for _, v := range objects {
		k, ok := snapshot.KindNamed(reflect.TypeOf(v).Elem().Name())
		if !ok {
			panic(fmt.Sprintf("%T", v))
		}
		x.Add(snapshot.Object{Kind: k, Value: v})
	}
}

func named(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"of": name}}
}

func TestInventory(t *testing.T) {
	of := func(name string) map[string]string { return map[string]string{"of": name} }
	var x snapshot.Index
	// As they may come: pages of several kinds, in no order.
	add(
		&x,
		&appsv1.Deployment{ObjectMeta: named("b", "web")},
		&corev1.Namespace{ObjectMeta: named("", "b")},
		&rbacv1.RoleBinding{
			ObjectMeta: named("b", "edit"), RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "edit"},
			Subjects: []rbacv1.Subject{
				{Kind: "ServiceAccount", Namespace: "other", Name: "ci"},
				{Kind: "User", Namespace: "b", Name: "ada"}, // users and groups have no namespace, whatever is written
				{Kind: "Group", Name: "ops"},
			},
		},
		&rbacv1.Role{ObjectMeta: named("b", "read"), Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"p"}, Verbs: []string{"get"}}}},
		&corev1.Pod{ObjectMeta: named("b", "web-1")},
		&corev1.Pod{ObjectMeta: named("unread", "p")}, // a namespace that was not read counts nowhere
		&rbacv1.ClusterRole{ObjectMeta: named("", "metrics"), Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}}},
		&rbacv1.ClusterRoleBinding{ObjectMeta: named("", "ops"), RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "metrics"}},
		&rbacv1.RoleBinding{ObjectMeta: named("a", "read"), RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "read"}},
		&corev1.Namespace{ObjectMeta: named("", "a")},
		&corev1.Service{ObjectMeta: named("a", "web")},
	)
	want := snapshot.Inventory{
		Namespaces: []snapshot.InventoryNamespace{{Name: "a", Labels: of("a")}, {Name: "b", Labels: of("b"), Workloads: 2}},
		Roles: []snapshot.InventoryRole{
			{Kind: "ClusterRole", Name: "metrics", Labels: of("metrics"), Rules: []snapshot.InventoryRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}}},
			{Kind: "Role", Namespace: "b", Name: "read", Labels: of("read"), Rules: []snapshot.InventoryRule{{APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"p"}, Verbs: []string{"get"}}}},
		},
		Bindings: []snapshot.InventoryBinding{
			{Kind: "ClusterRoleBinding", Name: "ops", Labels: of("ops"), Role: snapshot.InventoryRoleRef{Kind: "ClusterRole", Name: "metrics"}},
			{Kind: "RoleBinding", Namespace: "a", Name: "read", Labels: of("read"), Role: snapshot.InventoryRoleRef{Kind: "Role", Namespace: "a", Name: "read"}},
			{
				Kind: "RoleBinding", Namespace: "b", Name: "edit", Labels: of("edit"), Role: snapshot.InventoryRoleRef{Kind: "ClusterRole", Name: "edit"},
				Subjects: []snapshot.InventorySubject{{Kind: "ServiceAccount", Namespace: "other", Name: "ci"}, {Kind: "User", Name: "ada"}, {Kind: "Group", Name: "ops"}},
			},
		},
		Workloads: []snapshot.InventoryWorkload{
			{Kind: "Deployment", Namespace: "b", Name: "web", Path: "spec.template.spec", ServiceAccount: "default", Token: true},
			{Kind: "Pod", Namespace: "b", Name: "web-1", Path: "spec", ServiceAccount: "default", Token: true},
			{Kind: "Pod", Namespace: "unread", Name: "p", Path: "spec", ServiceAccount: "default", Token: true},
		},
		Services: []snapshot.InventoryService{{Namespace: "a", Name: "web"}},
	}
	got := x.Inventory()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	add(&x, &corev1.Namespace{ObjectMeta: named("", "0")}, &rbacv1.Role{ObjectMeta: named("", "0")})
	if x.Inventory(); !reflect.DeepEqual(got, want) {
		t.Error("an inventory changes after it was taken")
	}
}

// The rules of an aggregated role are its controller's: in a cluster as written, and in a manifest nobody's.
func TestAggregatedRoles(t *testing.T) {
	selectors := []metav1.LabelSelector{{MatchLabels: map[string]string{"is": "part"}}}
	for _, declared := range []bool{false, true} {
		var x snapshot.Index
		k, _ := snapshot.KindNamed("ClusterRole")
		o := snapshot.Object{Kind: k, Value: &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: "whole"}, AggregationRule: &rbacv1.AggregationRule{ClusterRoleSelectors: selectors},
			Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}},
		}}
		if declared {
			o.Line = func(string) int { return 1 }
		}
		x.Add(o)
		x.Add(o)
		role := snapshot.InventoryRole{Kind: "ClusterRole", Name: "whole", Rules: []snapshot.InventoryRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}}}
		if declared {
			role.Rules = nil
		}
		want := snapshot.Inventory{
			Roles: []snapshot.InventoryRole{role, role}, Aggregated: map[string][]metav1.LabelSelector{"whole": append(selectors, selectors...)}, Declared: declared,
		}
		if got := x.Inventory(); !reflect.DeepEqual(got, want) {
			t.Errorf("declared %v: got %+v, want %+v", declared, got, want)
		}
	}
}

func TestInventoryOfNothing(t *testing.T) {
	var x snapshot.Index
	if got := x.Inventory(); !reflect.DeepEqual(got, snapshot.Inventory{}) {
		t.Errorf("got %+v", got)
	}
}

// https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/: policyTypes
func TestPolicyTypes(t *testing.T) {
	ingress := []networkingv1.NetworkPolicyIngressRule{{}}
	egress := []networkingv1.NetworkPolicyEgressRule{{}}
	tests := []struct {
		name string
		spec networkingv1.NetworkPolicySpec
		want []string
	}{
		{"no rules", networkingv1.NetworkPolicySpec{}, []string{"Ingress"}},
		{"ingress rules", networkingv1.NetworkPolicySpec{Ingress: ingress}, []string{"Ingress"}},
		{"egress rules", networkingv1.NetworkPolicySpec{Egress: egress}, []string{"Ingress", "Egress"}},
		{"both", networkingv1.NetworkPolicySpec{Ingress: ingress, Egress: egress}, []string{"Ingress", "Egress"}},
		{"egress by name, and no rules", networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{"Egress"}}, []string{"Egress"}},
		{"ingress by name, and egress rules", networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{"Ingress"}, Egress: egress}, []string{"Ingress"}},
	}
	for _, tt := range tests {
		var x snapshot.Index
		add(&x, &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "p"}, Spec: tt.spec})
		want := []snapshot.InventoryPolicy{{Kind: "NetworkPolicy", Namespace: "n", Name: "p", Types: tt.want}}
		if got := x.Inventory().NetworkPolicies; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
	}
}

// Pages come from several goroutines.
func TestIndexIsSafeForConcurrentUse(t *testing.T) {
	var x snapshot.Index
	add(&x, &corev1.Namespace{ObjectMeta: named("", "a")})
	var pages sync.WaitGroup
	for i := range 8 {
		pages.Go(func() {
			add(&x, &corev1.Pod{ObjectMeta: named("a", fmt.Sprint(i))}, &rbacv1.Role{ObjectMeta: named("a", fmt.Sprint(i))})
			x.Inventory()
		})
	}
	pages.Wait()
	inv := x.Inventory()
	if inv.Namespaces[0].Workloads != 8 || len(inv.Roles) != 8 {
		t.Errorf("got %+v", inv)
	}
}

// Every kind is what it says, and those that run pods lead to their spec.
func TestKinds(t *testing.T) {
	for _, k := range snapshot.Kinds {
		if got, ok := snapshot.KindNamed(k.Name); !ok || got.Resource != k.Resource {
			t.Errorf("%s cannot be found by its name", k.Name)
		}
		o := snapshot.Object{Kind: k, Value: reflect.New(k.Type).Interface().(metav1.Object)}
		if rc := k.Name == "ReplicationController"; (o.PodSpec() != nil) != (k.PodSpec != "" && !rc) || (o.PodMeta() != nil) != (o.PodSpec() != nil) {
			t.Errorf("%s has the pod spec %v", k.Name, o.PodSpec())
		}
	}
}
