package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Request is what the API server asks its authorizers about: a resource, or a path outside them.
type Request struct {
	Verb        string
	Namespace   string // empty for cluster-scoped resources, and for all namespaces at once
	Group       string
	Resource    string
	Subresource string
	// Name is empty where the request carries none: create of an object, list and watch without a field selector,
	// deletecollection.
	Name string
	Path string // of a request outside resources; Resource is empty then
}

// allows is the rule's side of the authorizer:
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/plugin/pkg/auth/authorizer/rbac/rbac.go, RuleAllows.
func allows(rule *snapshot.InventoryRule, r Request) bool {
	if !matches(rule.Verbs, r.Verb) {
		return false
	}
	if r.Resource == "" {
		return matchesPath(rule.NonResourceURLs, r.Path)
	}
	return matches(rule.APIGroups, r.Group) && matchesResource(rule.Resources, r.Resource, r.Subresource) && matchesName(rule.ResourceNames, r.Name)
}

func matches(list []string, s string) bool {
	return slices.Contains(list, rbacv1.VerbAll) || slices.Contains(list, s)
}

// matchesResource knows *, resource, resource/subresource and */subresource. There is no resource/*.
func matchesResource(list []string, resource, subresource string) bool {
	if subresource == "" {
		return matches(list, resource)
	}
	return matches(list, resource+"/"+subresource) || slices.Contains(list, "*/"+subresource)
}

// matchesName: * is no wildcard among names.
func matchesName(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}

func matchesPath(list []string, path string) bool {
	return matches(list, path) || slices.ContainsFunc(list, func(p string) bool {
		return strings.HasSuffix(p, "*") && strings.HasPrefix(path, strings.TrimRight(p, "*"))
	})
}
