package rbac

import (
	"slices"
	"strings"
	"sync"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// ownGrant is a role that Kubernetes itself binds to a subject, in a binding of one name.
type ownGrant struct {
	kind, namespace, name string
	role                  snapshot.InventoryRoleRef
	subject               snapshot.InventorySubject
}

var ownGrants = sync.OnceValue(func() map[ownGrant]bool {
	own := map[ownGrant]bool{}
	for _, b := range slices.Concat(Defaults().Bindings, Kubeadm.Bindings) {
		for _, s := range b.Subjects {
			own[ownGrant{b.Kind, b.Namespace, b.Name, b.Role, s}] = true
		}
	}
	return own
})

var ownRoles = sync.OnceValue(func() map[snapshot.InventoryRoleRef][]snapshot.InventoryRule {
	own := map[snapshot.InventoryRoleRef][]snapshot.InventoryRule{}
	for _, r := range slices.Concat(Defaults().Roles, Kubeadm.Roles) {
		own[refTo(r)] = r.Rules
	}
	return own
})

func refTo(r snapshot.InventoryRole) snapshot.InventoryRoleRef {
	return snapshot.InventoryRoleRef{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// parts takes the grant apart: into what Kubernetes itself makes of it, where binding, role, subject and rules are all the
// same, and into what is left to judge. One of them may be nil. The API server leaves what somebody adds to a role or binding of
// its own, and the label kubernetes.io/bootstrapping is no proof, since whoever writes them may set it.
func (n *Grant) parts() (own, rest *Grant) {
	var ours, others []snapshot.InventorySubject
	for _, s := range n.Subjects {
		if ownGrants()[ownGrant{n.Kind, n.Namespace, n.Name, n.Role, s}] {
			ours = append(ours, s)
		} else {
			others = append(others, s)
		}
	}
	within, surplus := n.split()
	part := func(subjects []snapshot.InventorySubject, rules []snapshot.InventoryRule) *Grant {
		p := *n
		p.Subjects, p.Rules = subjects, rules
		return &p
	}
	switch {
	case ours == nil || surplus != nil && others != nil:
		return nil, n // what is changed in both, role and binding, is judged whole
	case surplus != nil:
		own, rest = part(ours, within), part(ours, surplus)
		rest.Added = true
		return own, rest
	case others != nil:
		return part(ours, n.Rules), part(others, n.Rules)
	}
	return n, nil
}

// OwnRole reports whether Kubernetes itself makes a role of this name, and whether the grant's rules allow nothing beyond what
// it gives that role.
func (n *Grant) OwnRole() (named, same bool) {
	_, named = ownRoles()[n.Role]
	_, surplus := n.split()
	return named, named && surplus == nil
}

// split parts the grant's rules into those that Kubernetes itself gives a role of this name and what goes beyond them.
func (n *Grant) split() (within, surplus []snapshot.InventoryRule) {
	own := ownRoles()[n.Role]
	for _, r := range n.Rules {
		if tooLarge(r) {
			surplus = append(surplus, r)
			continue
		}
		for _, one := range singles(r) {
			in, out := one, one
			in.Verbs, out.Verbs = nil, nil
			for _, verb := range one.Verbs {
				if slices.ContainsFunc(own, func(o snapshot.InventoryRule) bool { return covers(&o, one, verb) }) {
					in.Verbs = append(in.Verbs, verb)
				} else {
					out.Verbs = append(out.Verbs, verb)
				}
			}
			if in.Verbs != nil {
				within = append(within, in)
			}
			if out.Verbs != nil {
				surplus = append(surplus, out)
			}
		}
	}
	return within, surplus
}

// tooLarge reports whether a rule is of so many single permissions as no rule of Kubernetes' own comes near: it is not taken apart.
func tooLarge(r snapshot.InventoryRule) bool {
	const largest = 4096
	size := len(r.Verbs)
	for _, list := range [][]string{r.APIGroups, r.Resources, r.ResourceNames} {
		if size *= max(len(list), 1); size > largest {
			return true
		}
	}
	return len(r.Verbs)*len(r.NonResourceURLs) > largest
}

// singles takes a rule apart into rules of one API group, resource and name, and of one path.
func singles(r snapshot.InventoryRule) (list []snapshot.InventoryRule) {
	names := [][]string{nil}
	if len(r.ResourceNames) > 0 {
		names = slices.Collect(slices.Chunk(r.ResourceNames, 1))
	}
	for group := range slices.Chunk(r.APIGroups, 1) {
		for resource := range slices.Chunk(r.Resources, 1) {
			for _, name := range names {
				list = append(list, snapshot.InventoryRule{Verbs: r.Verbs, APIGroups: group, Resources: resource, ResourceNames: name})
			}
		}
	}
	for path := range slices.Chunk(r.NonResourceURLs, 1) {
		list = append(list, snapshot.InventoryRule{Verbs: r.Verbs, NonResourceURLs: path})
	}
	return list
}

// covers reports whether a rule allows all that a single one does with the verb. A wildcard is covered by one as wide.
func covers(o *snapshot.InventoryRule, one snapshot.InventoryRule, verb string) bool {
	if len(one.NonResourceURLs) > 0 {
		return matches(o.Verbs, verb) && matchesPath(o.NonResourceURLs, one.NonResourceURLs[0])
	}
	resource, subresource, _ := strings.Cut(one.Resources[0], "/")
	return matches(o.Verbs, verb) && matches(o.APIGroups, one.APIGroups[0]) && matchesResource(o.Resources, resource, subresource) &&
		(len(o.ResourceNames) == 0 || len(one.ResourceNames) > 0 && slices.Contains(o.ResourceNames, one.ResourceNames[0]))
}
