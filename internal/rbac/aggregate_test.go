package rbac_test

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/rbac"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// In manifests, no controller has written the rules of aggregated roles; what is gathered may gather itself.
func TestExpand(t *testing.T) {
	reads := func(resource string) rule {
		return rule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{resource}}
	}
	labelled := func(name, is string, rules ...rule) role {
		return role{Kind: "ClusterRole", Name: name, Labels: map[string]string{"is": is}, Rules: rules}
	}
	selects := func(is string) []metav1.LabelSelector {
		return []metav1.LabelSelector{{MatchLabels: map[string]string{"is": is}}}
	}
	inv := snapshot.Inventory{
		Roles: []role{
			labelled("circle-a", "circle-a"), labelled("circle-b", "circle-b"), labelled("in-circle", "circle-a", reads("nodes")), labelled("inner", "inner"),
			labelled("leaf", "leaf", reads("pods"), reads("services")), labelled("leaf-too", "leaf", reads("pods")), labelled("outer", ""),
			labelled("twice", "", reads("events")), labelled("twice", ""),
			{Kind: "Role", Namespace: "shop", Name: "leaf", Labels: map[string]string{"is": "leaf"}, Rules: []rule{reads("secrets")}},
		},
		Aggregated: map[string][]metav1.LabelSelector{
			"outer": selects("inner"), "inner": selects("leaf"), "circle-a": selects("circle-b"), "circle-b": selects("circle-a"), "twice": selects("circle-b"),
		},
	}
	rules := func(inv snapshot.Inventory) (list [][]string) {
		for _, r := range rbac.Expand(inv).Roles {
			of := []string{r.Name}
			for _, rule := range r.Rules {
				of = append(of, rule.Resources...)
			}
			list = append(list, of)
		}
		return list
	}
	asRead := [][]string{{"circle-a"}, {"circle-b"}, {"in-circle", "nodes"}, {"inner"}, {"leaf", "pods", "services"}, {"leaf-too", "pods"}, {"outer"}, {"twice", "events"}, {"twice"}, {"leaf", "secrets"}}
	if got := rules(inv); !reflect.DeepEqual(got, asRead) {
		t.Errorf("in a cluster: got %v, want %v", got, asRead)
	}
	inv.Declared = true
	want := [][]string{
		{"circle-a", "nodes"},
		{"circle-b", "nodes"},
		{"in-circle", "nodes"},
		{"inner", "pods", "services"},
		{"leaf", "pods", "services"},
		{"leaf-too", "pods"},
		{"outer", "pods", "services"},
		{"twice", "events", "nodes"},
		{"twice", "nodes"},
		{"leaf", "secrets"},
	}
	if got := rules(inv); !reflect.DeepEqual(got, want) {
		t.Errorf("in manifests: got %v, want %v", got, want)
	}
}

// Kubernetes' own roles gather what manifests label for them, and are gathered by what manifests aggregate.
func TestDeclaredRolesAreAggregatedWithTheDefaults(t *testing.T) {
	const label = "rbac.authorization.k8s.io/aggregate-to-"
	secrets := rule{Verbs: []string{"get", "list", "watch"}, APIGroups: []string{""}, Resources: []string{"secrets"}}
	exec := rbac.Permission{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"pods/exec"}}
	listSecrets := rbac.Permission{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"secrets"}}
	logs := rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods/log"}}
	extra := role{Kind: "ClusterRole", Name: "extra", Labels: map[string]string{label + "view": "true"}, Rules: []rule{secrets}}
	for _, tt := range []struct {
		name, bound string
		inv         snapshot.Inventory
		what        rbac.Permission
		want        bool
	}{
		{"view as it is", "view", snapshot.Inventory{}, logs, true},
		{"view reads no secret", "view", snapshot.Inventory{}, listSecrets, false},
		{"what is labelled for view", "view", snapshot.Inventory{Roles: []role{extra}}, listSecrets, true},
		{"and still what it has", "view", snapshot.Inventory{Roles: []role{extra}}, logs, true},
		{"what another label is for", "view", snapshot.Inventory{Roles: []role{{Kind: "ClusterRole", Name: "extra", Labels: map[string]string{label + "views": "true"}, Rules: []rule{secrets}}}}, listSecrets, false},
		{"view goes into edit, and that into admin", "admin", snapshot.Inventory{Roles: []role{{Kind: "ClusterRole", Name: "extra", Labels: extra.Labels, Rules: []rule{{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"nodes"}}}}}}, rbac.Permission{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"nodes"}}, true},
		{"a view of manifests' own gathers as well", "view", snapshot.Inventory{Roles: []role{extra, {Kind: "ClusterRole", Name: "view", Rules: []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}}}, listSecrets, true},
		{"and keeps its rules", "view", snapshot.Inventory{Roles: []role{{Kind: "ClusterRole", Name: "view", Rules: []rule{secrets}}}}, listSecrets, true},
		{
			"a role that selects what is for edit", "mine",
			snapshot.Inventory{Roles: []role{{Kind: "ClusterRole", Name: "mine"}}, Aggregated: map[string][]metav1.LabelSelector{"mine": {{MatchLabels: map[string]string{label + "edit": "true"}}}}},
			exec, true,
		},
		{
			"a role that selects what is for view", "mine",
			snapshot.Inventory{Roles: []role{{Kind: "ClusterRole", Name: "mine"}}, Aggregated: map[string][]metav1.LabelSelector{"mine": {{MatchLabels: map[string]string{label + "view": "true"}}}}},
			exec, false,
		},
	} {
		tt.inv.Declared = true
		tt.inv.Bindings = []binding{{Kind: "ClusterRoleBinding", Name: "b", Role: ref{Kind: "ClusterRole", Name: tt.bound}, Subjects: []subject{{Kind: "User", Name: "ada"}}}}
		if got := gives(rbac.New(tt.inv), rbac.Identity{User: "ada"}, tt.what); got != tt.want {
			t.Errorf("%s: allowed is %v", tt.name, got)
		}
	}
}
