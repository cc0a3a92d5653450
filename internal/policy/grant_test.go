package policy_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func clusterRole(name string, rules ...snapshot.InventoryRule) snapshot.InventoryRole {
	return snapshot.InventoryRole{Kind: "ClusterRole", Name: name, Rules: rules}
}

func rule(group, resource string, verbs ...string) snapshot.InventoryRule {
	return snapshot.InventoryRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

func boundTo(name, role string, subjects ...snapshot.InventorySubject) snapshot.InventoryBinding {
	return snapshot.InventoryBinding{Kind: "ClusterRoleBinding", Name: name, Role: snapshot.InventoryRoleRef{Kind: "ClusterRole", Name: role}, Subjects: subjects}
}

var (
	ada     = snapshot.InventorySubject{Kind: "User", Name: "ada"}
	web     = snapshot.InventorySubject{Kind: "ServiceAccount", Namespace: "shop", Name: "web"}
	running = []snapshot.InventoryWorkload{
		{Kind: "Deployment", Namespace: "shop", Name: "web", ServiceAccount: "web", Token: true, Nodes: []string{"node-0", "node-1"}},
		{Kind: "CronJob", Namespace: "shop", Name: "clean", ServiceAccount: "web", Token: true},
		{Kind: "Job", Namespace: "shop", Name: "tokenless", ServiceAccount: "web"},
	}
)

const rbacGroup = "rbac.authorization.k8s.io"

// A grant's finding names the whole way, from what runs to the role, once in words and once by step.
func TestGrantNamesTheWay(t *testing.T) {
	got := judgeInventory(t, []string{"KM2004"}, snapshot.Inventory{
		Roles:     []snapshot.InventoryRole{clusterRole("reader", rule("", "secrets", "get", "list"))},
		Bindings:  []snapshot.InventoryBinding{boundTo("ops", "reader", ada, web)},
		Workloads: running,
	})
	want := []finding.Finding{{
		Check: "KM2004", Severity: finding.High, Verdict: finding.Fail, Path: "roleRef",
		Object:  finding.Object{Group: rbacGroup, Version: "v1", Kind: "ClusterRoleBinding", Resource: "clusterrolebindings", Name: "ops"},
		Message: "get and list on secrets in the whole cluster: Deployment shop/web and 1 more → ServiceAccount shop/web, User ada → ClusterRoleBinding ops → ClusterRole reader",
		Ways: [][]string{
			{"User ada", "ClusterRoleBinding ops", "ClusterRole reader"},
			{"Deployment shop/web", "ServiceAccount shop/web", "ClusterRoleBinding ops", "ClusterRole reader"},
			{"CronJob shop/clean", "ServiceAccount shop/web", "ClusterRoleBinding ops", "ClusterRole reader"},
		},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// What a subject gains by two ways is one finding with both, where the rarer right is given.
func TestGrantsCombine(t *testing.T) {
	inv := snapshot.Inventory{
		Roles: []snapshot.InventoryRole{clusterRole("raise", rule(rbacGroup, "clusterroles", "escalate")), clusterRole("write", rule(rbacGroup, "clusterroles", "update"))},
		Bindings: []snapshot.InventoryBinding{
			boundTo("a", "raise", web), boundTo("b", "write", snapshot.InventorySubject{Kind: "Group", Name: "system:serviceaccounts:shop"}),
		},
	}
	got := judgeInventory(t, []string{"KM2007"}, inv)
	if len(got) != 1 {
		t.Fatalf("found %+v", got)
	}
	want := "escalate on clusterroles in the whole cluster, with update on clusterroles by ClusterRoleBinding b → ClusterRole write: ServiceAccount shop/web → ClusterRoleBinding a → ClusterRole raise"
	ways := [][]string{
		{"ServiceAccount shop/web", "ClusterRoleBinding a", "ClusterRole raise"}, {"ServiceAccount shop/web", "ClusterRoleBinding b", "ClusterRole write"},
	}
	if f := got[0]; f.Message != want || f.Object.Name != "a" || f.Severity != finding.Critical || !reflect.DeepEqual(f.Ways, ways) {
		t.Errorf("found %+v", f)
	}
	inv.Bindings[1].Subjects = []snapshot.InventorySubject{{Kind: "Group", Name: "system:serviceaccounts:bank"}}
	if got := judgeInventory(t, []string{"KM2007"}, inv); len(got) != 0 {
		t.Errorf("what another subject holds is combined: %+v", got)
	}
	inv.Bindings[0] = snapshot.InventoryBinding{Kind: "RoleBinding", Namespace: "shop", Name: "a", Role: snapshot.InventoryRoleRef{Kind: "ClusterRole", Name: "raise"}, Subjects: []snapshot.InventorySubject{web}}
	if got := judgeInventory(t, []string{"KM2007"}, inv); len(got) != 0 {
		t.Errorf("what is in no namespace is granted in one: %+v", got)
	}
}

// The widest finding of a grant stands for the narrower ones, and says so; their checks fail all the same. Where the
// wider check does not run, the narrower ones stand for themselves.
func TestNarrowerFindingsAreFolded(t *testing.T) {
	inv := snapshot.Inventory{
		Roles:    []snapshot.InventoryRole{clusterRole("cluster-admin", rule("*", "*", "*"))},
		Bindings: []snapshot.InventoryBinding{boundTo("ops", "cluster-admin", ada), boundTo("cluster-admin", "cluster-admin", snapshot.InventorySubject{Kind: "Group", Name: "system:masters"})},
	}
	checks := []string{"KM2001", "KM2002", "KM2003", "KM2004"}
	got := judgeInventory(t, checks, inv)
	if len(got) != 1 || got[0].Check != "KM2001" || !reflect.DeepEqual(got[0].Folded, checks[1:]) || !strings.HasSuffix(got[0].Message, "; this stands for the narrower KM2002, KM2003, KM2004") {
		t.Errorf("found %+v", got)
	}
	counts := map[string]string{}
	for _, v := range judged(t, checks, inv).Verdicts {
		counts[v.Check] += string(v.Verdict) + " "
	}
	for _, id := range checks {
		if counts[id] != "fail pass " && counts[id] != "pass fail " {
			t.Errorf("the verdicts of %s are %s", id, counts[id])
		}
	}
	got = judgeInventory(t, checks[2:], inv)
	if len(got) != 2 || got[0].Check != "KM2003" || got[1].Check != "KM2004" || got[0].Folded != nil {
		t.Errorf("found %+v", got)
	}
}

// All of one API group stands for what is in it, and not for what weighs much in others: a waiver or a baseline of it would hide that.
func TestOneGroupDoesNotStandForOthers(t *testing.T) {
	inv := snapshot.Inventory{
		Roles:    []snapshot.InventoryRole{clusterRole("dev", rule("", "*", "*"), rule(rbacGroup, "clusterroles", "escalate", "update"), rule("networking.k8s.io", "networkpolicies", "delete", "create"))},
		Bindings: []snapshot.InventoryBinding{boundTo("dev", "dev", ada)},
	}
	checks := []string{"KM2002", "KM2003", "KM2004", "KM2007", "KM2030"}
	var got []string
	for _, f := range judgeInventory(t, checks, inv) {
		got = append(got, f.Check+" "+strings.Join(f.Folded, ","))
	}
	if want := []string{"KM2002 KM2003,KM2004,KM2030", "KM2007 "}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPermissionsAreRefused(t *testing.T) {
	for _, tt := range []struct{ scope, permissions, want string }{
		{"grant", `{"a": [{"verb": ["get"]}]}`, `unknown field "verb"`},
		{"grant", `{"a": [{}]}`, "a: a permission must have verbs"},
		{"grant", `{"a": [{"verbs": ["get"], "extent": "all"}]}`, "extent must be cluster or namespace"},
		{"grant", `{"a": [{"verbs": ["get"], "resources": ["pods"], "nonResourceURLs": ["/"]}]}`, "not for both"},
		{"grant", `{"a": {"verbs": ["get"]}}`, "cannot unmarshal object"},
		{"grant", `{"a": [{"verbs": [input.grant.name]}]}`, "may not depend on the input"},
		{"object", `{"a": [{"verbs": ["get"]}]}`, "judges single objects"},
	} {
		text := strings.Replace(fmt.Sprintf(wellFormed, "XX0001", "a", "true"), "scope: object", "scope: "+tt.scope, 1) + "\npermissions := " + tt.permissions + "\n"
		_, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": text}))
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "a.rego:1") {
			t.Errorf("%s %s: the error is %v", tt.scope, tt.permissions, err)
		}
	}
	text := strings.Replace(fmt.Sprintf(wellFormed, "XX0001", "a", "input.grant.hold"), "scope: object", "scope: grant", 1)
	_, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": text}))
	if err == nil || !strings.Contains(err.Error(), `did you mean "holds"`) {
		t.Errorf("a misspelt field: %v", err)
	}
}

// A scan of namespaces reads no cluster role. What Kubernetes itself gives one of that name is found; nothing else passes, since
// anybody may have added to it, and each such binding is told.
func TestUnreadRolesPassNothing(t *testing.T) {
	to := func(kind, role string) snapshot.InventoryBinding {
		b := snapshot.InventoryBinding{Kind: "RoleBinding", Namespace: "shop", Name: role, Role: snapshot.InventoryRoleRef{Kind: kind, Name: role}, Subjects: []snapshot.InventorySubject{ada}}
		if kind == "Role" {
			b.Role.Namespace = "shop"
		}
		return b
	}
	j := judged(t, []string{"KM2013"}, snapshot.Inventory{
		Namespaced: true,
		Roles:      []snapshot.InventoryRole{{Kind: "Role", Namespace: "shop", Name: "own"}},
		Bindings:   []snapshot.InventoryBinding{to("ClusterRole", "edit"), to("ClusterRole", "mine"), to("ClusterRole", "view"), to("Role", "own")},
	})
	var got []string
	for _, f := range j.Findings {
		got = append(got, "found "+f.Object.Name)
	}
	for _, v := range j.Verdicts {
		got = append(got, string(v.Verdict))
	}
	for _, o := range j.Unjudged {
		got = append(got, "unread for "+o.Name)
	}
	if want := []string{"found edit", "fail", "pass", "unread for edit", "unread for mine", "unread for view"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Who is bound shows without the role's rules.
func TestUnreadRolesOfAnybody(t *testing.T) {
	j := judged(t, []string{"KM2022", "KM2013"}, snapshot.Inventory{
		Namespaced: true,
		Bindings: []snapshot.InventoryBinding{{
			Kind: "RoleBinding", Namespace: "shop", Name: "open", Role: snapshot.InventoryRoleRef{Kind: "ClusterRole", Name: "mine"},
			Subjects: []snapshot.InventorySubject{{Kind: "Group", Name: "system:unauthenticated"}},
		}},
	})
	if len(j.Findings) != 1 || j.Findings[0].Check != "KM2022" || len(j.Verdicts) != 1 || len(j.Unjudged) != 1 {
		t.Errorf("got %+v", j)
	}
}

// A circle of checks that stand for one another would leave none to tell, and is refused.
func TestFoldedInCircles(t *testing.T) {
	check := func(id, under string) string {
		return strings.Replace(fmt.Sprintf(wellFormed, id, strings.ToLower(id), "true"), "scope: object", "scope: grant\n#   foldedUnder: ["+under+"]", 1)
	}
	for name, files := range map[string]map[string]string{
		"itself":  {"checks/workload/a/a.rego": check("XX0001", "XX0001")},
		"another": {"checks/workload/a/a.rego": check("XX0001", "XX0002"), "checks/workload/b/b.rego": check("XX0002", "XX0001")},
	} {
		if _, err := policy.New(t.Context(), pack(files)); err == nil || !strings.Contains(err.Error(), "a.rego:1: check XX0001 is folded under itself") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func judgeInventory(t *testing.T, checks []string, inv snapshot.Inventory) []finding.Finding {
	t.Helper()
	return judged(t, checks, inv).Findings
}

func judged(t *testing.T, checks []string, inv snapshot.Inventory) policy.Judgement {
	t.Helper()
	engine, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	if engine, err = engine.Configure(policy.Settings{Select: checks}); err != nil {
		t.Fatal(err)
	}
	return engine.Cluster(t.Context(), inv, policy.Cluster{Provider: "test", Version: "v1.37.2"}, func(finding.Check) bool { return false })
}

func BenchmarkGrants(b *testing.B) {
	engine, err := policy.New(b.Context(), ourPack)
	if err != nil {
		b.Fatal(err)
	}
	var inv snapshot.Inventory
	for i := range 1000 {
		role := fmt.Sprint("role-", i)
		inv.Roles = append(inv.Roles, clusterRole(role, rule("", "pods", "get", "list"), rule("apps", "deployments", "get", "update"), rule("", "configmaps", "get"), rule("", "secrets", "get")))
		inv.Bindings = append(inv.Bindings, boundTo(role, role, snapshot.InventorySubject{Kind: "ServiceAccount", Namespace: "shop", Name: role}))
	}
	b.ReportAllocs()
	for b.Loop() {
		engine.Cluster(b.Context(), inv, policy.Cluster{Provider: "eks", Version: "v1.37.2"}, func(finding.Check) bool { return false })
	}
}
