package snapshot

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// NetworkPolicy reports whether objects of the kind say who may reach pods, or whom pods may reach.
func (k Kind) NetworkPolicy() bool {
	_, addOn := policyReaders[k.Name]
	return addOn || tierOf[k.Name] != 0 || k.Name == "NetworkPolicy"
}

// InventoryPolicy is a network policy, of whatever kind.
type InventoryPolicy struct {
	Kind      string   `json:"kind"`      // as NetworkPolicy or CiliumNetworkPolicy.cilium.io
	Namespace string   `json:"namespace"` // empty for a policy of the whole cluster
	Name      string   `json:"name"`
	Types     []string `json:"types"` // Ingress, Egress: the directions in which it isolates the pods that it selects
}

// isolating is a part of a policy that isolates pods: what they may do is only what policies allow.
type isolating struct {
	policy          int // its place among all
	selects         selector
	ingress, egress bool
}

// isolation knows which pods the policies select.
type isolation struct {
	all     []InventoryPolicy
	parts   map[string][]isolating // by namespace; under "" those of the whole cluster
	admins  []ordered              // as they are asked
	unclear map[int]bool           // policies of which it cannot be told whether they select some pod
}

// add takes in an object, if it is a network policy.
func (x *isolation) add(o Object) {
	switch v := o.Value.(type) {
	case *networkingv1.NetworkPolicy:
		types := policyTypes(v.Spec)
		selector, err := metav1.LabelSelectorAsSelector(&v.Spec.PodSelector)
		if err != nil {
			selector = labels.Nothing() // the API server takes none such; in a manifest it selects nothing
		}
		selects := func(e *endpoint) truth {
			if selector.Matches(labels.Set(e.labels)) {
				return yes
			}
			return no
		}
		x.take(o, types, isolating{selects: selects, ingress: slices.Contains(types, ingress), egress: slices.Contains(types, egress)})
	case *unstructured.Unstructured:
		if tierOf[o.Kind.Name] != 0 {
			x.admit(o, v)
			return
		}
		if read := policyReaders[o.Kind.Name]; read != nil {
			var types []string
			parts := read(v)
			for _, direction := range []string{ingress, egress} {
				if slices.ContainsFunc(parts, func(p isolating) bool { return p.ingress && direction == ingress || p.egress && direction == egress }) {
					types = append(types, direction)
				}
			}
			x.take(o, types, parts...)
		}
	}
}

func (x *isolation) take(o Object, types []string, parts ...isolating) {
	namespace := o.Value.GetNamespace()
	if x.parts == nil {
		x.parts, x.unclear = map[string][]isolating{}, map[int]bool{}
	}
	for _, p := range parts {
		p.policy = len(x.all)
		x.parts[namespace] = append(x.parts[namespace], p)
	}
	x.all = append(x.all, InventoryPolicy{o.Kind.Name, namespace, o.Value.GetName(), types})
}

// of reports whether policies isolate the pods, by direction. A policy of which it cannot be told may select them, and is taken to.
// https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation
func (x *isolation) of(e *endpoint) (in, out bool) {
	for _, parts := range [][]isolating{x.parts[e.namespace], x.parts[""]} {
		for _, p := range parts {
			if p.ingress && !in || p.egress && !out {
				selected := x.selected(p.policy, p.selects, e)
				in, out = in || p.ingress && selected != no, out || p.egress && selected != no
			}
		}
	}
	if len(x.admins) == 0 {
		return in, out
	}
	i := x.decide(e, func(p ordered) []adminRule { return p.in })
	o := x.decide(e, func(p ordered) []adminRule { return p.out })
	return i.closed(ingress, in), o.closed(egress, out)
}

// selected notes where it cannot be told.
func (x *isolation) selected(policy int, selects selector, e *endpoint) truth {
	is := selects(e)
	if is == unclear {
		x.unclear[policy] = true
	}
	return is
}

// list returns the policies, and the names of the unclear ones.
func (x *isolation) list() (all []InventoryPolicy, unclear []string) {
	for i := range x.unclear {
		p := x.all[i]
		unclear = append(unclear, strings.TrimSpace(p.Kind+" "+strings.TrimPrefix(p.Namespace+"/"+p.Name, "/")))
	}
	slices.Sort(unclear)
	all = slices.Clone(x.all)
	slices.SortFunc(all, func(a, b InventoryPolicy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return all, unclear
}

const ingress, egress = "Ingress", "Egress"

// policyReaders read the kinds of others, by the name of the kind.
var policyReaders = map[string]func(*unstructured.Unstructured) []isolating{
	"CiliumNetworkPolicy.cilium.io":            ciliumPolicy,
	"CiliumClusterwideNetworkPolicy.cilium.io": ciliumPolicy,
	"NetworkPolicy.projectcalico.org":          calicoPolicy,
	"GlobalNetworkPolicy.projectcalico.org":    calicoPolicy,
}

// ciliumPolicy: each rule isolates what it selects in the directions that it has rules for, unless it says otherwise.
// https://docs.cilium.io/en/stable/security/policy/intro/#rule-basics
func ciliumPolicy(v *unstructured.Unstructured) (parts []isolating) {
	specs := append(list(v.Object, "specs"), v.Object["spec"])
	for _, spec := range specs {
		spec, _ := spec.(map[string]any)
		pods, ok := spec["endpointSelector"].(map[string]any)
		if !ok {
			continue // it is one of nodes
		}
		denies := func(direction, field string) bool {
			if says, ok, _ := unstructured.NestedBool(spec, "enableDefaultDeny", field); ok {
				return says
			}
			return len(list(spec, field))+len(list(spec, direction)) > 0
		}
		parts = append(parts, isolating{
			selects: labelSelector(pods).in(cilium), ingress: denies("ingressDeny", "ingress"), egress: denies("egressDeny", "egress"),
		})
	}
	return parts
}

// calicoPolicy: what a policy selects is isolated in the directions of its types, but for a direction in which it passes
// everything on. The default action of its tier is taken to be Deny, as it is unless somebody changes it: that is told of other tiers
// than the default one, whose action nobody can change.
// https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy
func calicoPolicy(v *unstructured.Unstructured) []isolating {
	spec, _ := v.Object["spec"].(map[string]any)
	if spec["doNotTrack"] == true || spec["preDNAT"] == true {
		return nil // it is one of hosts
	}
	types := list(spec, "types")
	if len(types) == 0 { // as Calico defaults them
		if len(list(spec, "egress")) > 0 {
			types = append(types, egress)
		}
		if len(types) == 0 || len(list(spec, "ingress")) > 0 {
			types = append(types, ingress)
		}
	}
	passes := func(direction string) bool { // the first rule for all traffic decides
		for _, rule := range list(spec, direction) {
			if r, _ := rule.(map[string]any); r["action"] != "Log" && unconditional(r) {
				return r["action"] == "Pass"
			}
		}
		return false
	}
	selects := both(
		calicoSelector(spec, "selector").in(calico), calicoSelector(spec, "namespaceSelector").in(calicoNamespace),
		calicoSelector(spec, "serviceAccountSelector").in(calicoAccount),
	)
	if tier, _ := spec["tier"].(string); tier != "" && tier != "default" {
		selects = perhaps(selects)
	}
	return []isolating{{
		selects: selects,
		ingress: slices.Contains(types, any(ingress)) && !passes("ingress"),
		egress:  slices.Contains(types, any(egress)) && !passes("egress"),
	}}
}

// perhaps is for a policy that may do nothing to what it selects.
func perhaps(selects selector) selector {
	return func(e *endpoint) truth {
		if is := selects(e); is != yes {
			return is
		}
		return unclear
	}
}

// unconditional reports whether a rule of Calico is for all traffic.
func unconditional(rule map[string]any) bool {
	for field, value := range rule {
		if field == "action" || field == "metadata" {
			continue
		}
		if m, ok := value.(map[string]any); !ok || len(m) > 0 {
			return false
		}
	}
	return true
}

func selectsAll(selector map[string]any) bool {
	pairs, _ := selector["matchLabels"].(map[string]any)
	return len(pairs)+len(list(selector, "matchExpressions")) == 0
}

// selectsMost reports whether a selector leaves out no more than it names: it may be for nearly all.
func selectsMost(selector map[string]any) bool {
	pairs, _ := selector["matchLabels"].(map[string]any)
	return len(pairs) == 0 && !slices.ContainsFunc(list(selector, "matchExpressions"), func(e any) bool {
		expression, _ := e.(map[string]any)
		return expression["operator"] == string(metav1.LabelSelectorOpIn)
	})
}

// selectsEveryNamespace is selectsAll for namespaces, which all have a label with their name.
func selectsEveryNamespace(selector map[string]any) bool {
	pairs, _ := selector["matchLabels"].(map[string]any)
	return len(pairs) == 0 && !slices.ContainsFunc(list(selector, "matchExpressions"), func(e any) bool {
		expression, _ := e.(map[string]any)
		return expression["key"] != corev1.LabelMetadataName || expression["operator"] != string(metav1.LabelSelectorOpExists)
	})
}

func list(m map[string]any, field string) []any {
	l, _ := m[field].([]any)
	return slices.Clip(l)
}

// policyTypes defaults as the API server does: Ingress always, Egress where there are egress rules.
func policyTypes(s networkingv1.NetworkPolicySpec) []string {
	if len(s.PolicyTypes) == 0 {
		if len(s.Egress) > 0 {
			return []string{ingress, egress}
		}
		return []string{ingress}
	}
	types := make([]string, len(s.PolicyTypes))
	for i, t := range s.PolicyTypes {
		types[i] = string(t)
	}
	return types
}

// labelSelector is the selector of the API in a custom resource.
func labelSelector(m map[string]any) expression {
	var all []expression
	pairs, _ := m["matchLabels"].(map[string]any)
	for key, value := range pairs {
		text, ok := value.(string)
		if !ok {
			return cannotTell
		}
		all = append(all, isIn(key, text))
	}
	for _, e := range list(m, "matchExpressions") {
		e, _ := e.(map[string]any)
		key, _ := e["key"].(string)
		operator, _ := e["operator"].(string)
		var values []string
		for _, v := range list(e, "values") {
			text, _ := v.(string)
			values = append(values, text)
		}
		all = append(all, requirement(key, operator, values))
	}
	return allOf(all)
}

func requirement(key, operator string, values []string) expression {
	switch metav1.LabelSelectorOperator(operator) {
	case metav1.LabelSelectorOpIn:
		return isIn(key, values...)
	case metav1.LabelSelectorOpNotIn:
		return not(isIn(key, values...))
	case metav1.LabelSelectorOpExists:
		return label(key, func(string) bool { return true })
	case metav1.LabelSelectorOpDoesNotExist:
		return not(label(key, func(string) bool { return true }))
	}
	return cannotTell
}

func calicoSelector(spec map[string]any, field string) expression {
	text, _ := spec[field].(string)
	e, err := parseCalico(text)
	if err != nil {
		return cannotTell
	}
	return e
}
