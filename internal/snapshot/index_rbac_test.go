package snapshot_test

import (
	"reflect"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

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
