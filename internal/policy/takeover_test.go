package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/rbac"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// The controllers whose service accounts the pack calls a takeover are those whose default roles are one.
func TestControllersThatTakeTheCluster(t *testing.T) {
	tokens := func(account string) snapshot.Inventory {
		one := snapshot.InventoryRule{APIGroups: []string{""}, Resources: []string{"serviceaccounts/token"}, ResourceNames: []string{account}, Verbs: []string{"create"}}
		return snapshot.Inventory{Roles: []snapshot.InventoryRole{clusterRole("issue", one)}, Bindings: []snapshot.InventoryBinding{boundTo("issue", "issue", web)}, Workloads: running[:1]}
	}
	var powerful, listed []string
	for _, role := range rbac.Defaults().Roles {
		account, ok := strings.CutPrefix(role.Name, "system:controller:")
		if !ok || role.Kind != "ClusterRole" {
			continue
		}
		held := snapshot.Inventory{Roles: []snapshot.InventoryRole{role}, Bindings: []snapshot.InventoryBinding{boundTo("mine", role.Name, web)}, Workloads: running[:1]}
		if len(judgeInventory(t, []string{"KM3004"}, held)) > 0 {
			powerful = append(powerful, account)
		}
		if len(judgeInventory(t, []string{"KM3004"}, tokens(account))) > 0 {
			listed = append(listed, account)
		}
	}
	if len(powerful) == 0 || !slices.Equal(powerful, listed) {
		t.Errorf("the roles of %q take the cluster, and tokens of %q are said to", powerful, listed)
	}
}
