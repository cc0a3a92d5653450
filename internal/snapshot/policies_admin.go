package snapshot

import (
	"cmp"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Policies of admins leave alone what none of their rules matches. The first rule that matches decides, in the order of
// priorities; Pass hands on to what NetworkPolicies and their like say, and the baseline decides where none of those selects the
// pods. https://network-policy-api.sigs.k8s.io/api-overview/

// tier is when a policy is asked: before NetworkPolicies, or after them.
type tier int

const (
	before tier = iota + 1
	after
)

// tierOf are the kinds of admins' policies. A ClusterNetworkPolicy names its tier.
var tierOf = map[string]tier{
	"AdminNetworkPolicy.policy.networking.k8s.io":         before,
	"BaselineAdminNetworkPolicy.policy.networking.k8s.io": after,
	"ClusterNetworkPolicy.policy.networking.k8s.io":       before,
}

// ordered is a policy of admins: its rules that are for all ports, in order.
type ordered struct {
	policy   int // its place among all
	tier     tier
	priority int64 // lower is asked earlier
	selects  selector
	in, out  []adminRule
}

type adminRule struct {
	action  string // Allow, Deny or Pass
	cluster bool   // it is for all pods
	v4, v6  []netip.Prefix
}

// admit takes in a policy of admins.
func (x *isolation) admit(o Object, v *unstructured.Unstructured) {
	spec, _ := v.Object["spec"].(map[string]any)
	p := ordered{policy: len(x.all), tier: tierOf[o.Kind.Name], selects: subject(spec), in: adminRules(spec, "ingress", "from"), out: adminRules(spec, "egress", "to")}
	if spec["tier"] == "Baseline" {
		p.tier = after
	}
	switch n := spec["priority"].(type) {
	case int64:
		p.priority = n
	case float64: // as YAML is read
		p.priority = int64(n)
	}
	var types []string
	for _, d := range []struct {
		name  string
		rules []adminRule
	}{{ingress, p.in}, {egress, p.out}} {
		var alone decision
		if alone.take(p.tier, d.rules, false); alone.closed(d.name, false) {
			types = append(types, d.name)
		}
	}
	x.take(o, types)
	x.admins = append(x.admins, p)
	slices.SortStableFunc(x.admins, inOrder)
}

// inOrder is how policies of admins are asked.
func inOrder(a, b ordered) int {
	return cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(a.priority, b.priority))
}

// decide is what policies of admins say of the pods in one direction. Which of two with one priority is asked first nobody promises:
// whatever one of them lets by is taken to come before what the other denies.
func (x *isolation) decide(e *endpoint, rules func(ordered) []adminRule) (d decision) {
	type asked struct {
		rule    adminRule
		perhaps bool
	}
	for rest := x.admins; len(rest) > 0; {
		n := 1
		for n < len(rest) && inOrder(rest[0], rest[n]) == 0 {
			n++
		}
		var all []asked
		policies := 0
		for _, p := range rest[:n] {
			if selected := x.selected(p.policy, p.selects, e); selected != no {
				policies++
				for _, r := range rules(p) {
					all = append(all, asked{r, selected == unclear})
				}
			}
		}
		if policies > 1 {
			slices.SortStableFunc(all, func(a, b asked) int { return cmp.Compare(denies(a.rule), denies(b.rule)) })
		}
		for _, a := range all {
			d.take(rest[0].tier, []adminRule{a.rule}, a.perhaps)
		}
		rest = rest[n:]
	}
	return d
}

func denies(r adminRule) int {
	if r.action == "Deny" {
		return 1
	}
	return 0
}

// subject is the policy's own selector; a policy without one is for nothing.
func subject(spec map[string]any) selector {
	subject, _ := spec["subject"].(map[string]any)
	if of, ok := subject["namespaces"].(map[string]any); ok {
		return labelSelector(of).in(namespaces)
	}
	if of, ok := subject["pods"].(map[string]any); ok {
		namespace, _ := of["namespaceSelector"].(map[string]any)
		pod, _ := of["podSelector"].(map[string]any)
		return both(labelSelector(namespace).in(namespaces), labelSelector(pod).in(pods))
	}
	return func(*endpoint) truth { return no }
}

func adminRules(spec map[string]any, direction, peers string) (rules []adminRule) {
	for _, rule := range list(spec, direction) {
		r, _ := rule.(map[string]any)
		if len(list(r, "ports"))+len(list(r, "protocols")) > 0 {
			continue
		}
		var one adminRule
		if one.action, _ = r["action"].(string); one.action == "Accept" { // as ClusterNetworkPolicy calls it
			one.action = "Allow"
		}
		// What lets by nearly all is taken to let by all, and what denies must deny all.
		ofNamespaces, ofPods := selectsMost, selectsMost
		if one.action == "Deny" {
			ofNamespaces, ofPods = selectsEveryNamespace, selectsAll
		}
		for _, peer := range list(r, peers) {
			p, _ := peer.(map[string]any)
			if of, ok := p["namespaces"].(map[string]any); ok {
				one.cluster = one.cluster || ofNamespaces(of)
			}
			if of, ok := p["pods"].(map[string]any); ok {
				namespace, _ := of["namespaceSelector"].(map[string]any)
				pod, _ := of["podSelector"].(map[string]any)
				one.cluster = one.cluster || ofNamespaces(namespace) && ofPods(pod)
			}
			for _, network := range list(p, "networks") {
				text, _ := network.(string)
				prefix, err := netip.ParsePrefix(text)
				switch {
				case err != nil:
				case prefix.Addr().Is4():
					one.v4 = append(one.v4, prefix.Masked())
				default:
					one.v6 = append(one.v6, prefix.Masked())
				}
			}
		}
		rules = append(rules, one)
	}
	return rules
}

// decision is what policies of admins say of one direction, so far: of the pods of the cluster, and of each address family.
type decision struct {
	pods, v4, v6 [after + 1]string            // by tier: the action that holds for all of them; empty where none does
	nets         map[netAction][]netip.Prefix // of rules that are for some addresses, until they make up all
}

type netAction struct {
	tier   tier
	action string
	v6     bool
}

// take goes on with the rules of the next policy. Where it may select other pods only, it closes and never opens.
func (d *decision) take(t tier, rules []adminRule, perhaps bool) {
	for _, r := range rules {
		if perhaps && r.action != "Deny" {
			continue
		}
		if r.cluster {
			d.pods[t] = cmp.Or(d.pods[t], r.action)
		}
		if len(r.v4) > 0 && d.whole(netAction{t, r.action, false}, r.v4, netip.PrefixFrom(netip.IPv4Unspecified(), 0)) {
			d.v4[t] = cmp.Or(d.v4[t], r.action)
		}
		if len(r.v6) > 0 && d.whole(netAction{t, r.action, true}, r.v6, netip.PrefixFrom(netip.IPv6Unspecified(), 0)) {
			d.v6[t] = cmp.Or(d.v6[t], r.action)
		}
		if d.v4[t] == d.v6[t] { // pods have addresses, too
			d.pods[t] = cmp.Or(d.pods[t], d.v4[t])
		}
	}
}

func (d *decision) whole(of netAction, more []netip.Prefix, all netip.Prefix) bool {
	if d.nets == nil {
		d.nets = map[netAction][]netip.Prefix{}
	}
	d.nets[of] = append(d.nets[of], more...)
	return covers(d.nets[of], all)
}

// closed reports whether all of the direction is denied, by admins or since another policy isolates the pods. Ingress is about
// pods alone: no rule of admins names others. A cluster may have one family of addresses, and the older one stands for it.
func (d *decision) closed(direction string, isolated bool) bool {
	denied := func(says [after + 1]string) bool {
		switch says[before] {
		case "Allow":
			return false
		case "Deny":
			return true
		}
		return isolated || says[after] == "Deny"
	}
	if direction == ingress {
		return denied(d.pods)
	}
	if d.pods[before] == "Allow" {
		return false
	}
	return denied(d.v4) && (denied(d.v6) || denied(d.pods))
}

// covers reports whether the networks together hold all of another.
func covers(networks []netip.Prefix, all netip.Prefix) bool {
	var inside []netip.Prefix
	for _, n := range networks {
		if n.Bits() <= all.Bits() && n.Contains(all.Addr()) {
			return true
		}
		if all.Contains(n.Addr()) {
			inside = append(inside, n)
		}
	}
	if len(inside) < 2 || all.IsSingleIP() {
		return false
	}
	low := netip.PrefixFrom(all.Addr(), all.Bits()+1)
	bytes := all.Addr().AsSlice()
	bytes[all.Bits()/8] |= 0x80 >> (all.Bits() % 8)
	high, _ := netip.AddrFromSlice(bytes)
	return covers(inside, low) && covers(inside, netip.PrefixFrom(high, low.Bits()))
}
