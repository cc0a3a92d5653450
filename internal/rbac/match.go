package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// What follows is how the API server's authorizer compares a rule with a request:
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/rbac/v1/evaluation_helpers.go

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

func matchesPath(list []string, path string) bool {
	return matches(list, path) || slices.ContainsFunc(list, func(p string) bool {
		return strings.HasSuffix(p, "*") && strings.HasPrefix(path, strings.TrimRight(p, "*"))
	})
}
