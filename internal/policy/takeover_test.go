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

// A service account that runs nothing, and tokens of it that are known to lie in Secrets, are on the way to the cluster, too.
func TestTakeoverOverIdleAccounts(t *testing.T) {
	deployer := snapshot.InventorySubject{Kind: "ServiceAccount", Namespace: "ci", Name: "deployer"}
	inv := func(secret string, accounts ...snapshot.InventoryAccount) snapshot.Inventory {
		read := rule("", "secrets", "get")
		read.ResourceNames = []string{secret}
		return snapshot.Inventory{
			Roles: []snapshot.InventoryRole{
				clusterRole("cluster-admin", rule("*", "*", "*")),
				{Kind: "Role", Namespace: "ci", Name: "read", Rules: []snapshot.InventoryRule{read}},
			},
			Bindings: []snapshot.InventoryBinding{
				boundTo("deploy", "cluster-admin", deployer),
				{Kind: "RoleBinding", Namespace: "ci", Name: "read", Role: snapshot.InventoryRoleRef{Kind: "Role", Namespace: "ci", Name: "read"}, Subjects: []snapshot.InventorySubject{web}},
			},
			Workloads: running[:1], Accounts: accounts,
		}
	}
	idle := snapshot.InventoryAccount{Namespace: "ci", Name: "deployer", Tokens: []string{"deployer-token-x7k2m"}}
	got := judgeInventory(t, []string{"KM3004"}, inv("deployer-token-x7k2m", idle))
	want := []string{
		"Deployment shop/web", "ServiceAccount shop/web", "RoleBinding ci/read", "Role ci/read",
		"ServiceAccount ci/deployer", "ClusterRoleBinding deploy", "ClusterRole cluster-admin",
	}
	if len(got) != 1 || len(got[0].Ways) != 1 || !slices.Equal(got[0].Ways[0], want) {
		t.Errorf("found %+v", got)
	}
	for name, inv := range map[string]snapshot.Inventory{
		"another Secret":               inv("mine", idle),
		"an account without tokens":    inv("deployer-token-x7k2m", snapshot.InventoryAccount{Namespace: "ci", Name: "deployer"}),
		"an account that is not there": inv("deployer-token-x7k2m"),
	} {
		if got := judgeInventory(t, []string{"KM3004"}, inv); len(got) > 0 {
			t.Errorf("%s: found %+v", name, got)
		}
	}
}
