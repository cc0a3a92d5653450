package rbac

import (
	"maps"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Expand gives the aggregated roles of manifests the rules that they gather. In a cluster, a controller has written them.
func Expand(inv snapshot.Inventory) snapshot.Inventory {
	if inv.Declared {
		inv.Roles = roles(inv)[:len(inv.Roles)]
	}
	return inv
}

// roles are the inventory's. Where they are declared in manifests, or those of the cluster were not read, the roles that
// Kubernetes makes itself follow them: every cluster has those. They gather rules and are gathered as all others are.
func roles(inv snapshot.Inventory) []snapshot.InventoryRole {
	if !inv.Declared && !inv.Namespaced {
		return inv.Roles
	}
	all, selectors := slices.Clone(inv.Roles), maps.Clone(Defaults().Aggregated)
	for _, r := range Defaults().Roles {
		if !slices.ContainsFunc(inv.Roles, func(have snapshot.InventoryRole) bool { return refTo(have) == refTo(r) }) {
			all = append(all, r)
		}
	}
	for name, more := range inv.Aggregated { // the API server adds to a role of its own name what it misses there
		selectors[name] = slices.Concat(selectors[name], more)
	}
	var gathering []int
	for i, r := range all {
		if r.Kind != "ClusterRole" || selectors[r.Name] == nil {
			continue
		}
		gathering = append(gathering, i)
		if i >= len(inv.Roles) {
			all[i].Rules = nil // they are gathered anew, with what manifests add
		}
	}
	// What is gathered may gather itself, and in a circle. Rules only ever become more, so that it comes to rest.
	for changed := true; changed; {
		changed = false
		for _, i := range gathering {
			before := len(all[i].Rules)
			all[i].Rules = gathered(all, i, selectors[all[i].Name])
			changed = changed || len(all[i].Rules) > before
		}
	}
	return all
}

// gathered are the rules of a role with those of the others that it selects, each once.
func gathered(all []snapshot.InventoryRole, i int, selectors []metav1.LabelSelector) []snapshot.InventoryRule {
	rules := slices.Clip(all[i].Rules)
	for _, s := range selectors {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		if err != nil {
			continue // the API server takes no such selector
		}
		for _, r := range all {
			if r.Kind != "ClusterRole" || r.Name == all[i].Name || !selector.Matches(labels.Set(r.Labels)) {
				continue
			}
			for _, rule := range r.Rules {
				if !slices.ContainsFunc(rules, func(have snapshot.InventoryRule) bool { return reflect.DeepEqual(have, rule) }) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return rules
}
