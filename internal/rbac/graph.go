// Package rbac tells what a cluster's stored roles and bindings allow, to whom and by which way, as kube-apiserver's RBAC
// authorizer does. Rules are taken as stored: what authorizes outside RBAC, as a cloud's own access entries, is not seen.
package rbac

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Graph leads from identities over bindings to rules. It is read-only once made.
type Graph struct {
	grants []*Grant
	users  map[string][]*Grant // by user name; service accounts by theirs
	groups map[string][]*Grant
}

// Grant is a binding with the rules of its role.
type Grant struct {
	snapshot.InventoryBinding
	// Rules is nil where the role does not exist: the binding grants nothing then.
	Rules []snapshot.InventoryRule
	// Own is set where Kubernetes itself makes the grant: there is nothing in it to judge.
	Own bool
	// Added is set where Kubernetes makes the grant with a role of fewer rules: Rules are those that somebody added.
	Added bool
	// implied is set where nobody declared the binding, and every cluster has it.
	implied bool
}

// Identity is whom the API server takes a caller for.
type Identity struct {
	User   string
	Groups []string
}

// Account names a service account.
type Account struct{ Namespace, Name string }

// The groups that the API server adds by itself: to service accounts, to every caller with a credential, and to those
// without one.
const (
	ServiceAccounts = "system:serviceaccounts"
	Authenticated   = "system:authenticated"
	Unauthenticated = "system:unauthenticated"
)

// ServiceAccount returns a service account's identity, with its implicit groups.
func ServiceAccount(namespace, name string) Identity {
	return Identity{userName(namespace, name), []string{ServiceAccounts, ServiceAccounts + ":" + namespace, Authenticated}}
}

func userName(namespace, name string) string {
	return "system:serviceaccount:" + namespace + ":" + name
}

// New returns the graph of the inventory's roles and bindings.
func New(inv snapshot.Inventory) *Graph {
	g := &Graph{users: map[string][]*Grant{}, groups: map[string][]*Grant{}}
	rules := map[snapshot.InventoryRoleRef][]snapshot.InventoryRule{}
	for _, r := range roles(inv) {
		ref := refTo(r)
		rules[ref] = append(rules[ref], r.Rules...) // two manifests may hold a role of one name
		if rules[ref] == nil {
			rules[ref] = []snapshot.InventoryRule{}
		}
	}
	for _, b := range inv.Bindings {
		g.add(&Grant{InventoryBinding: b, Rules: rules[b.Role]})
	}
	if inv.Declared { // the bindings of Kubernetes' own roles are there, too, and are nobody's to judge as long as the roles are as they were
		for _, b := range Defaults().Bindings {
			if !slices.ContainsFunc(inv.Bindings, func(have snapshot.InventoryBinding) bool {
				return have.Kind == b.Kind && have.Namespace == b.Namespace && have.Name == b.Name
			}) {
				g.add(&Grant{InventoryBinding: b, Rules: rules[b.Role], implied: true})
			}
		}
	}
	return g
}

func (g *Graph) add(n *Grant) {
	n.Subjects = slices.Clone(n.Subjects)
	for i := range n.Subjects {
		// In a RoleBinding, a service account without a namespace is one of the binding's.
		if s := &n.Subjects[i]; s.Kind == rbacv1.ServiceAccountKind && s.Namespace == "" {
			s.Namespace = n.Namespace
		}
	}
	own, rest := n.parts()
	if own != nil {
		own.Own = true
		g.reach(own)
	}
	if rest != nil {
		g.reach(rest)
	}
	if !n.implied || rest != nil && len(rest.Subjects) > 0 {
		g.grants = append(g.grants, cmp.Or(rest, own))
	}
}

// reach leads from the grant's subjects to it.
func (g *Graph) reach(n *Grant) {
	for _, s := range n.Subjects {
		switch s.Kind {
		case rbacv1.UserKind:
			g.users[s.Name] = append(g.users[s.Name], n)
		case rbacv1.GroupKind:
			g.groups[s.Name] = append(g.groups[s.Name], n)
		case rbacv1.ServiceAccountKind:
			if s.Namespace != "" {
				user := userName(s.Namespace, s.Name)
				g.users[user] = append(g.users[user], n)
			}
		}
	}
}

// Grants returns a grant for every binding, in the order of the inventory's: what of it Kubernetes itself does not make, or the
// whole where that is nothing.
func (g *Graph) Grants() []*Grant { return g.grants }

// Of returns the grants that reach an identity, by its name or by one of its groups, each once.
func (g *Graph) Of(who Identity) []*Grant {
	out := slices.Clone(g.users[who.User])
	for _, group := range who.Groups {
		out = append(out, g.groups[group]...)
	}
	seen := map[*Grant]bool{}
	return slices.DeleteFunc(out, func(n *Grant) bool {
		again := seen[n]
		seen[n] = true
		return again
	})
}

// ClusterWide reports whether the grant holds in the whole cluster, and not in its own namespace alone.
func (n *Grant) ClusterWide() bool { return n.Kind == "ClusterRoleBinding" }

// IdentityOf is whom a subject stands for, with the groups that are known of it: those of a user come from outside.
func IdentityOf(s snapshot.InventorySubject) Identity {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		return ServiceAccount(s.Namespace, s.Name)
	case rbacv1.GroupKind:
		groups := []string{s.Name}
		if s.Name != Authenticated && s.Name != Unauthenticated {
			groups = append(groups, Authenticated)
		}
		if strings.HasPrefix(s.Name, ServiceAccounts+":") {
			groups = append(groups, ServiceAccounts)
		}
		return Identity{Groups: groups}
	}
	if rest, ok := strings.CutPrefix(s.Name, "system:serviceaccount:"); ok {
		if namespace, name, ok := strings.Cut(rest, ":"); ok {
			return ServiceAccount(namespace, name)
		}
	}
	if s.Name == "system:anonymous" {
		return Identity{s.Name, []string{Unauthenticated}}
	}
	return Identity{s.Name, []string{Authenticated}}
}
