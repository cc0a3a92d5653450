package rbac_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/kubemuster/kubemuster/internal/rbac"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

type (
	rule    = snapshot.InventoryRule
	role    = snapshot.InventoryRole
	binding = snapshot.InventoryBinding
	subject = snapshot.InventorySubject
	ref     = snapshot.InventoryRoleRef
)

// What the API server does beyond this is in test/e2e, which asks it.
func TestGrantsOfAnIdentity(t *testing.T) {
	graph := rbac.New(snapshot.Inventory{
		Roles: []role{
			{Kind: "ClusterRole", Name: "reader", Rules: []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods", "*/log"}}}},
			{Kind: "Role", Namespace: "shop", Name: "named", Rules: []rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"secrets"}, ResourceNames: []string{"tls"}}}},
			{Kind: "ClusterRole", Name: "health", Rules: []rule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz/*"}}}},
		},
		Bindings: []binding{
			{Kind: "ClusterRoleBinding", Name: "all", Role: ref{Kind: "ClusterRole", Name: "health"}, Subjects: []subject{{Kind: "Group", Name: "system:authenticated"}}},
			{Kind: "RoleBinding", Namespace: "shop", Name: "read", Role: ref{Kind: "ClusterRole", Name: "reader"}, Subjects: []subject{{Kind: "ServiceAccount", Name: "web"}}},
			{Kind: "RoleBinding", Namespace: "shop", Name: "tls", Role: ref{Kind: "Role", Namespace: "shop", Name: "named"}, Subjects: []subject{{Kind: "User", Name: "system:serviceaccount:shop:web"}}},
			{Kind: "ClusterRoleBinding", Name: "no-role", Role: ref{Kind: "ClusterRole", Name: "cluster-admin"}, Subjects: []subject{{Kind: "Group", Name: "system:authenticated"}}},
		},
	})
	web := rbac.ServiceAccount("shop", "web")
	for _, tt := range []struct {
		name string
		what rbac.Permission
		want bool
	}{
		{"its namespace, where the binding names none", rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"a"}, Namespaces: []string{"shop"}}, true},
		{"another namespace", rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"a"}, Namespaces: []string{"bank"}}, false},
		{"all namespaces at once", rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, Extent: rbac.InCluster}, false},
		{"another group", rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{"apps"}, Resources: []string{"pods"}, Namespaces: []string{"shop"}}, false},
		{"any resource's log", rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"jobs/log"}, Namespaces: []string{"shop"}}, true},
		{"a resource is not its subresource", rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods/exec"}, Namespaces: []string{"shop"}}, false},
		{"the object that is named", rbac.Permission{Verbs: []string{"delete"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"tls"}, Namespaces: []string{"shop"}}, true},
		{"another object", rbac.Permission{Verbs: []string{"delete"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"db"}, Namespaces: []string{"shop"}}, false},
		{"a verb that carries no name", rbac.Permission{Verbs: []string{"deletecollection"}, APIGroups: []string{""}, Resources: []string{"secrets"}, Namespaces: []string{"shop"}}, false},
		{"a path by an implicit group", rbac.Permission{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz/etcd"}}, true},
		{"another path", rbac.Permission{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz"}}, false},
		{"a role that does not exist", rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes"}, Namespaces: []string{"shop"}}, false},
	} {
		if got := gives(graph, web, tt.what); got != tt.want {
			t.Errorf("%s: allowed is %v", tt.name, got)
		}
	}
}

// gives reports whether one of the identity's grants gives the permission.
func gives(g *rbac.Graph, who rbac.Identity, p rbac.Permission) bool {
	return slices.ContainsFunc(g.Of(who), func(n *rbac.Grant) bool {
		_, ok := n.Gives(p)
		return ok
	})
}

// Manifests rarely hold what every cluster has.
func TestDeclaredRolesIncludeTheDefaults(t *testing.T) {
	inv := snapshot.Inventory{Bindings: []binding{
		{Kind: "RoleBinding", Namespace: "shop", Name: "dev", Role: ref{Kind: "ClusterRole", Name: "edit"}, Subjects: []subject{{Kind: "User", Name: "ada"}}},
	}}
	ada, exec := rbac.Identity{User: "ada"}, rbac.Permission{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"pods/exec"}, ResourceNames: []string{"web"}, Namespaces: []string{"shop"}}
	if gives(rbac.New(inv), ada, exec) {
		t.Error("a cluster has a role that was not read")
	}
	inv.Declared = true
	if !gives(rbac.New(inv), ada, exec) {
		t.Error("edit does not allow exec")
	}
}

// What manifests put into a role of Kubernetes' own goes to whom every cluster binds it to.
func TestDeclaredRolesAreBoundAsTheDefaultsAre(t *testing.T) {
	all := []rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}
	inv := snapshot.Inventory{Declared: true, Roles: []snapshot.InventoryRole{{Kind: "ClusterRole", Name: "system:basic-user", Rules: all}}}
	g := rbac.New(inv)
	anybody, secrets := rbac.Identity{User: "ada", Groups: []string{rbac.Authenticated}}, rbac.Permission{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"secrets"}}
	if !gives(g, anybody, secrets) {
		t.Error("what a declared system:basic-user allows is not everybody's")
	}
	var listed []string
	for _, n := range g.Grants() {
		listed = append(listed, n.Name)
	}
	if want := []string{"system:basic-user"}; !slices.Equal(listed, want) {
		t.Errorf("judged are %v, want %v", listed, want)
	}
	controller := rbac.Identity{User: "system:serviceaccount:kube-system:clusterrole-aggregation-controller"}
	escalate := rbac.Permission{Verbs: []string{"escalate"}, APIGroups: []string{"rbac.authorization.k8s.io"}, Resources: []string{"clusterroles"}}
	if !gives(g, controller, escalate) {
		t.Error("a controller of Kubernetes' own has no rights")
	}
}

func TestGives(t *testing.T) {
	secrets := rbac.Permission{Verbs: []string{"get", "list", "create"}, APIGroups: []string{""}, Resources: []string{"secrets"}}
	rules := func(rules ...rule) []rule { return rules }
	for _, tt := range []struct {
		name  string
		p     rbac.Permission
		rules []rule
		want  rbac.Held
	}{
		{"nothing", secrets, rules(rule{Verbs: []string{"get"}, APIGroups: []string{"apps"}, Resources: []string{"secrets"}}), rbac.Held{}},
		{"by wildcards", secrets, rules(rule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}), rbac.Held{Verbs: []string{"create", "get", "list"}, Resources: []string{"secrets"}}},
		{"by two rules", secrets, rules(
			rule{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"secrets", "pods"}}, rule{Verbs: []string{"get", "list"}, APIGroups: []string{""}, Resources: []string{"secrets"}},
		), rbac.Held{Verbs: []string{"get", "list"}, Resources: []string{"secrets"}}},
		{"create carries no name", secrets, rules(rule{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"a", "b"}}), rbac.Held{Verbs: []string{"get", "list"}, Resources: []string{"secrets"}, Names: []string{"a", "b"}}},
		{"all hides named", secrets, rules(
			rule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"a"}}, rule{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"secrets"}},
		), rbac.Held{Verbs: []string{"list"}, Resources: []string{"secrets"}}},
		{"the empty name is that of requests without one", secrets, rules(
			rule{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"a", ""}},
		), rbac.Held{Verbs: []string{"create", "get", "list"}, Resources: []string{"secrets"}}},
		{
			"and of none with a name",
			rbac.Permission{Verbs: []string{"get", "deletecollection"}, Resources: []string{"secrets"}, ResourceNames: []string{"a"}},
			rules(rule{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{""}}),
			rbac.Held{Verbs: []string{"deletecollection"}, Resources: []string{"secrets"}},
		},
		{
			"create of a subresource carries its parent's",
			rbac.Permission{Verbs: []string{"create"}, Resources: []string{"pods/exec"}},
			rules(rule{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"pods/exec"}, ResourceNames: []string{"a"}}),
			rbac.Held{Verbs: []string{"create"}, Resources: []string{"pods/exec"}, Names: []string{"a"}},
		},
		{
			"the names that matter",
			rbac.Permission{Verbs: []string{"update"}, Resources: []string{"configmaps"}, ResourceNames: []string{"aws-auth"}},
			rules(rule{Verbs: []string{"update"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"aws-auth", "other"}}),
			rbac.Held{Verbs: []string{"update"}, Resources: []string{"configmaps"}, Names: []string{"aws-auth"}},
		},
		{
			"names that do not matter",
			rbac.Permission{Verbs: []string{"update"}, Resources: []string{"configmaps"}, ResourceNames: []string{"aws-auth"}},
			rules(rule{Verbs: []string{"update"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"other"}}),
			rbac.Held{},
		},
		{"* is granted by * alone", rbac.Permission{Verbs: []string{"*"}}, rules(rule{Verbs: []string{"get", "list"}, APIGroups: []string{""}, Resources: []string{"pods"}}), rbac.Held{}},
		{
			"a prefix of verbs",
			rbac.Permission{Verbs: []string{"impersonate-on:*"}},
			rules(rule{Verbs: []string{"impersonate-on:user-info:list", "get"}, APIGroups: []string{""}, Resources: []string{"pods"}}),
			rbac.Held{Verbs: []string{"impersonate-on:user-info:list"}, Resources: []string{"pods"}},
		},
		{"another namespace", rbac.Permission{Verbs: []string{"get"}, Namespaces: []string{"kube-system"}}, rules(rule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}), rbac.Held{}},
		{"another extent", rbac.Permission{Verbs: []string{"get"}, Extent: rbac.InCluster}, rules(rule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}), rbac.Held{}},
		{"a path in a namespace", rbac.Permission{NonResourceURLs: []string{"/metrics"}}, rules(rule{Verbs: []string{"get"}, NonResourceURLs: []string{"*"}}), rbac.Held{}},
	} {
		n := &rbac.Grant{InventoryBinding: binding{Kind: "RoleBinding", Namespace: "shop"}, Rules: tt.rules}
		if got, ok := n.Gives(tt.p); !reflect.DeepEqual(got, tt.want) || ok != (tt.want.Verbs != nil) {
			t.Errorf("%s: gives %+v (%v), want %+v", tt.name, got, ok, tt.want)
		}
	}
}

// Kubernetes' own grant is that of binding, role, subject and rules together. Whatever differs is judged: what somebody added
// to the binding, to the role, or the whole where both are changed.
func TestWhatIsNotKubernetesOwn(t *testing.T) {
	ada, masters, unauthenticated, authenticated := subject{Kind: "User", Name: "ada"}, subject{Kind: "Group", Name: "system:masters"}, subject{Kind: "Group", Name: "system:unauthenticated"}, subject{Kind: "Group", Name: "system:authenticated"}
	joining := subject{Kind: "Group", Name: "system:bootstrappers:kubeadm:default-node-token"}
	wide := func(name string) binding {
		return binding{Kind: "ClusterRoleBinding", Name: name, Role: ref{Kind: "ClusterRole", Name: name}}
	}
	to := func(b binding, subjects ...subject) binding {
		b.Subjects = subjects
		return b
	}
	info := rule{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz", "/livez", "/readyz", "/version", "/version/"}}
	everything := rule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}
	nodes := rule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes"}}
	clusterInfo := rule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"cluster-info"}}
	signer := binding{
		Kind: "RoleBinding", Namespace: "kube-public", Name: "kubeadm:bootstrap-signer-clusterinfo",
		Role: ref{Kind: "Role", Namespace: "kube-public", Name: "kubeadm:bootstrap-signer-clusterinfo"}, Subjects: []subject{{Kind: "User", Name: "system:anonymous"}},
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	type judged struct {
		Own      bool
		Subjects []subject
		Rules    []rule
	}
	for _, tt := range []struct {
		name  string
		b     binding
		rules []rule
		want  judged
	}{
		{"its own", to(wide("cluster-admin"), masters), []rule{everything, {Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}}, judged{true, []subject{masters}, nil}},
		{"its own, with less", to(wide("system:public-info-viewer"), authenticated, unauthenticated), []rule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/version"}}}, judged{true, []subject{authenticated, unauthenticated}, nil}},
		{"its own, in another order", to(wide("system:public-info-viewer"), unauthenticated, authenticated), []rule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/version/", "/healthz"}}}, judged{true, []subject{unauthenticated, authenticated}, nil}},
		{"without a role", to(wide("cluster-admin"), masters), nil, judged{true, []subject{masters}, nil}},
		{"somebody added", to(wide("cluster-admin"), masters, ada), []rule{everything}, judged{false, []subject{ada}, []rule{everything}}},
		{"another name", binding{Kind: "ClusterRoleBinding", Name: "ops", Role: ref{Kind: "ClusterRole", Name: "cluster-admin"}, Subjects: []subject{masters}}, []rule{everything}, judged{false, []subject{masters}, []rule{everything}}},
		{"another role", binding{Kind: "ClusterRoleBinding", Name: "cluster-admin", Role: ref{Kind: "ClusterRole", Name: "view"}, Subjects: []subject{masters}}, []rule{nodes}, judged{false, []subject{masters}, []rule{nodes}}},
		{"everything added to the role", to(wide("system:public-info-viewer"), unauthenticated), []rule{info, everything}, judged{false, []subject{unauthenticated}, []rule{everything}}},
		{"a verb, in a rule of its own", to(wide("system:public-info-viewer"), unauthenticated), []rule{{Verbs: []string{"get", "post"}, NonResourceURLs: []string{"/version"}}}, judged{false, []subject{unauthenticated}, []rule{{Verbs: []string{"post"}, NonResourceURLs: []string{"/version"}}}}},
		{"a path that begins as one of its own", to(wide("system:public-info-viewer"), unauthenticated), []rule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz*", "/version"}}}, judged{false, []subject{unauthenticated}, []rule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz*"}}}}},
		{"wildcards for what it names", to(wide("kubeadm:get-nodes"), joining), []rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"nodes"}}}, judged{false, []subject{joining}, []rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"nodes"}}}}},
		{"a subresource", to(wide("kubeadm:get-nodes"), joining), []rule{nodes, {Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes", "nodes/proxy"}}}, judged{false, []subject{joining}, []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes/proxy"}}}}},
		{"kubeadm's own", signer, []rule{clusterInfo}, judged{true, signer.Subjects, nil}},
		{"another object", signer, []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"cluster-info", "mine"}}}, judged{false, signer.Subjects, []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"mine"}}}}},
		{"all objects", signer, []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}}}, judged{false, signer.Subjects, []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}}}}},
		{"what has no name", signer, []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{""}}}, judged{false, signer.Subjects, []rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{""}}}}},
		{"in both, role and binding", to(wide("system:public-info-viewer"), unauthenticated, ada), []rule{info, nodes}, judged{false, []subject{unauthenticated, ada}, []rule{info, nodes}}},
		{"more than is taken apart", to(wide("cluster-admin"), masters), []rule{{Verbs: many, APIGroups: []string{""}, Resources: []string{"pods"}}}, judged{false, []subject{masters}, []rule{{Verbs: many, APIGroups: []string{""}, Resources: []string{"pods"}}}}},
	} {
		graph := rbac.New(snapshot.Inventory{Roles: []role{{Kind: tt.b.Role.Kind, Namespace: tt.b.Role.Namespace, Name: tt.b.Role.Name, Rules: tt.rules}}, Bindings: []binding{tt.b}})
		n := graph.Grants()[0]
		got := judged{n.Own, n.Subjects, n.Rules}
		if n.Own {
			got.Rules = nil // there is nothing in them to judge
		}
		if len(graph.Grants()) != 1 || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: judged is\n%+v, want\n%+v", tt.name, got, tt.want)
		}
		if reached := graph.Of(rbac.IdentityOf(tt.b.Subjects[0])); len(tt.rules) > 0 && len(reached) == 0 {
			t.Errorf("%s: the subject is not reached", tt.name)
		}
	}
}

// Who holds a grant of Kubernetes' own that somebody added to holds both: they may be what only together does harm.
func TestWhatIsAddedIsHeldBesideItsOwn(t *testing.T) {
	create := rule{Verbs: []string{"create"}, APIGroups: []string{"rbac.authorization.k8s.io"}, Resources: []string{"clusterrolebindings"}}
	escalate := rule{Verbs: []string{"escalate", "get", "list", "patch", "update", "watch"}, APIGroups: []string{"rbac.authorization.k8s.io"}, Resources: []string{"clusterroles"}}
	controller, name := subject{Kind: "ServiceAccount", Namespace: "kube-system", Name: "clusterrole-aggregation-controller"}, "system:controller:clusterrole-aggregation-controller"
	graph := rbac.New(snapshot.Inventory{
		Roles:    []role{{Kind: "ClusterRole", Name: name, Rules: []rule{escalate, create}}},
		Bindings: []binding{{Kind: "ClusterRoleBinding", Name: name, Role: ref{Kind: "ClusterRole", Name: name}, Subjects: []subject{controller}}},
	})
	var got [][]rule
	for _, n := range graph.Of(rbac.IdentityOf(controller)) {
		got = append(got, n.Rules)
	}
	if want := [][]rule{{escalate}, {create}}; !reflect.DeepEqual(got, want) {
		t.Errorf("held is %v, want %v", got, want)
	}
}
