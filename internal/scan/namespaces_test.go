package scan

import (
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
)

func TestInNamespaces(t *testing.T) {
	for _, tt := range []struct {
		check finding.Check
		want  bool
	}{
		{finding.Check{ID: "a service", Scope: finding.ObjectScope, Kinds: []string{"Service"}}, true},
		{finding.Check{ID: "a node", Scope: finding.ObjectScope, Kinds: []string{"Node"}}, false},
		{finding.Check{ID: "roles of both scopes", Scope: finding.ObjectScope, Kinds: []string{"ClusterRole", "Role"}}, true},
		{finding.Check{ID: "all in namespaces", Scope: finding.ClusterScope, Kinds: []string{"Pod"}, Requires: []string{"Pod", "NetworkPolicy"}}, true},
		{finding.Check{ID: "needs more", Scope: finding.ClusterScope, Kinds: []string{"Pod"}, Requires: []string{"Pod", "ClusterRoleBinding"}}, false},
	} {
		if got := InNamespaces(tt.check); got != tt.want {
			t.Errorf("%s: %t", tt.check.ID, got)
		}
	}
}
