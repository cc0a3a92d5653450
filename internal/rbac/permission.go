package rbac

import (
	"errors"
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Permission is what a check looks for: any of the verbs on any of the resources, or on any of the paths. Matching is the
// authorizer's own, so that a rule's * grants everything, and a * that is asked for is granted by * alone. Verbs, APIGroups
// and Resources are any where they are absent.
type Permission struct {
	// Verbs may hold "prefix:*", for any verb of that prefix.
	Verbs []string `json:"verbs"`
	// Resources hold subresources as resource/subresource.
	APIGroups []string `json:"apiGroups"`
	Resources []string `json:"resources"`
	// ResourceNames are the objects that matter; all where it is absent.
	ResourceNames []string `json:"resourceNames"`
	// NonResourceURLs are paths; a permission has those or resources.
	NonResourceURLs []string `json:"nonResourceURLs"`
	// Namespaces are those that matter; all where it is absent. A grant for the whole cluster is one for each of them.
	Namespaces []string `json:"namespaces"`
	// Extent limits the grants that count. Cluster-scoped resources are granted with extent cluster alone.
	Extent Extent `json:"extent"`
}

// Extent says how far a grant reaches.
type Extent string

// The extents: the whole cluster, or the binding's own namespace.
const (
	InCluster   Extent = "cluster"
	InNamespace Extent = "namespace"
)

// Check returns an error where the permission could never be granted or never be missed.
func (p Permission) Check() error {
	switch {
	case len(p.Verbs)+len(p.APIGroups)+len(p.Resources)+len(p.NonResourceURLs) == 0:
		return errors.New("a permission must have verbs, apiGroups, resources or nonResourceURLs")
	case p.Extent != "" && p.Extent != InCluster && p.Extent != InNamespace:
		return errors.New("a permission's extent must be cluster or namespace")
	case len(p.NonResourceURLs) > 0 && len(p.APIGroups)+len(p.Resources)+len(p.ResourceNames)+len(p.Namespaces) > 0:
		return errors.New("a permission is for resources or for nonResourceURLs, and not for both")
	}
	return nil
}

// Held is what of a permission a grant gives. Lists are sorted.
type Held struct {
	Verbs     []string
	Resources []string // or paths
	// Names are the objects that the grant is limited to; nil where it is not.
	Names []string
}

// Extent says how far the grant reaches.
func (n *Grant) Extent() Extent {
	if n.ClusterWide() {
		return InCluster
	}
	return InNamespace
}

// Gives reports what of the permission the grant gives. What it gives for all objects hides what it gives for named ones.
func (n *Grant) Gives(p Permission) (Held, bool) {
	if p.Extent != "" && p.Extent != n.Extent() {
		return Held{}, false
	}
	if !n.ClusterWide() && len(p.Namespaces) > 0 && !slices.Contains(p.Namespaces, n.Namespace) {
		return Held{}, false
	}
	if len(p.NonResourceURLs) > 0 && !n.ClusterWide() {
		return Held{}, false // a path is in no namespace
	}
	var all, named Held
	for i := range n.Rules {
		for _, h := range given(&n.Rules[i], p) {
			if len(h.Verbs) == 0 || len(h.Resources) == 0 {
				continue
			}
			into := &all
			if h.Names != nil {
				into = &named
			}
			into.Verbs = append(into.Verbs, h.Verbs...)
			into.Resources = append(into.Resources, h.Resources...)
			into.Names = append(into.Names, h.Names...)
		}
	}
	h := all
	if len(h.Verbs) == 0 {
		h = named
	}
	for _, list := range []*[]string{&h.Verbs, &h.Resources, &h.Names} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return h, len(h.Verbs) > 0
}

// given is what one rule gives of a permission: for all objects, for named ones, or some for all and some for named ones.
func given(rule *snapshot.InventoryRule, p Permission) []Held {
	var h Held
	h.Verbs = slices.Clone(verbs(rule.Verbs, p.Verbs))
	if len(p.NonResourceURLs) > 0 {
		for _, path := range p.NonResourceURLs {
			if matchesPath(rule.NonResourceURLs, path) {
				h.Resources = append(h.Resources, path)
			}
		}
		return []Held{h}
	}
	if len(rule.Resources) == 0 || len(p.APIGroups) > 0 && !slices.ContainsFunc(p.APIGroups, func(g string) bool { return matches(rule.APIGroups, g) }) {
		return nil
	}
	if len(p.Resources) == 0 {
		h.Resources = rule.Resources
	}
	for _, r := range p.Resources {
		if resource, subresource, _ := strings.Cut(r, "/"); matchesResource(rule.Resources, resource, subresource) {
			h.Resources = append(h.Resources, r)
		}
	}
	if len(rule.ResourceNames) == 0 {
		return []Held{h}
	}
	all, named := h, h
	named.Verbs = slices.DeleteFunc(slices.Clone(h.Verbs), func(verb string) bool { return neverNamed(verb, h.Resources) })
	named.Names = slices.DeleteFunc(slices.Clone(rule.ResourceNames), func(name string) bool {
		return name == "" || len(p.ResourceNames) > 0 && !slices.Contains(p.ResourceNames, name)
	})
	var out []Held
	if len(named.Names) > 0 {
		out = append(out, named)
	}
	if slices.Contains(rule.ResourceNames, "") { // that of requests without one, and the authorizer asks no more of it
		if len(p.ResourceNames) > 0 {
			all.Verbs = slices.DeleteFunc(all.Verbs, func(verb string) bool { return !neverNamed(verb, h.Resources) })
		}
		out = append(out, all)
	}
	return out
}

// neverNamed reports whether requests with the verb carry no name, so that no rule for named objects allows them. The name of
// a parent is there: pods/exec is created on a pod.
func neverNamed(verb string, resources []string) bool {
	return verb == "deletecollection" || verb == "create" && !slices.ContainsFunc(resources, func(r string) bool { return strings.Contains(r, "/") })
}

// verbs returns those that are asked for and granted, and of a prefix those that are granted under it.
func verbs(granted, wanted []string) []string {
	if len(wanted) == 0 {
		return granted
	}
	var out []string
	for _, want := range wanted {
		prefix, any := strings.CutSuffix(want, "*")
		switch {
		case !any || prefix == "" || slices.Contains(granted, "*"):
			if matches(granted, want) {
				out = append(out, want)
			}
		default:
			for _, verb := range granted {
				if strings.HasPrefix(verb, prefix) {
					out = append(out, verb)
				}
			}
		}
	}
	return out
}
