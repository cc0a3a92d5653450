package snapshot

import (
	"cmp"
	"reflect"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// aggregation is what a ClusterRole gathers its rules from.
type aggregation struct {
	name      string
	selectors []metav1.LabelSelector
}

// declare takes note of what only manifests need: in a cluster, a controller has written the rules of aggregated roles into
// them. The caller holds x.mu.
func (x *Index) declare(o Object) {
	if o.Line == nil {
		return
	}
	x.inv.Declared = true
	if r, ok := o.Value.(*rbacv1.ClusterRole); ok && r.AggregationRule != nil {
		x.aggregated = append(x.aggregated, aggregation{r.Name, r.AggregationRule.ClusterRoleSelectors})
	}
}

// aggregate gives aggregated roles the rules of the ClusterRoles that they select, as the cluster's controller would. What is
// selected may be aggregated itself, in a chain as long as there are such roles at most; a circle never comes to rest.
func aggregate(roles []InventoryRole, aggregated []aggregation) {
	slices.SortFunc(aggregated, func(a, b aggregation) int { return cmp.Compare(a.name, b.name) })
	for range aggregated {
		for _, a := range aggregated {
			rules := selected(roles, a)
			for i := range roles {
				if r := &roles[i]; r.Kind == "ClusterRole" && r.Name == a.name {
					r.Rules = rules
				}
			}
		}
	}
}

// selected is each rule once, in the order of the roles' names.
func selected(roles []InventoryRole, a aggregation) []InventoryRule {
	var rules []InventoryRule
	for _, s := range a.selectors {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		if err != nil {
			continue // the API server takes no such selector
		}
		for _, r := range roles {
			if r.Kind != "ClusterRole" || r.Name == a.name || !selector.Matches(labels.Set(r.Labels)) {
				continue
			}
			for _, rule := range r.Rules {
				if !slices.ContainsFunc(rules, func(have InventoryRule) bool { return reflect.DeepEqual(have, rule) }) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return rules
}
