package snapshot

import (
	"cmp"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// InventoryNode is a node.
type InventoryNode struct {
	Name           string `json:"name"`
	KubeletVersion string `json:"kubeletVersion,omitempty"`
	Cloud          string `json:"cloud,omitempty"` // on which it runs: the scheme of spec.providerID
}

// InventoryWebhook is one webhook of a webhook configuration.
type InventoryWebhook struct {
	Kind          string `json:"kind"`          // ValidatingWebhookConfiguration, MutatingWebhookConfiguration
	Configuration string `json:"configuration"` // its name
	Name          string `json:"name"`
	Index         int    `json:"index"` // in the configuration's list
	// ServiceNamespace and ServiceName are empty for a webhook that is called by its URL.
	ServiceNamespace string `json:"serviceNamespace,omitempty"`
	ServiceName      string `json:"serviceName,omitempty"`
	// Pods tells that it is asked when a pod is created.
	Pods bool `json:"pods,omitempty"`
}

// InventoryAdmissionPolicy is a ValidatingAdmissionPolicy or MutatingAdmissionPolicy.
type InventoryAdmissionPolicy struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Bindings counts the bindings that put it into force.
	Bindings int `json:"bindings"`
	// Denies tells that one of them denies; bindings may also only warn or audit.
	Denies bool `json:"denies,omitempty"`
	// Pods tells that it judges the creation of pods.
	Pods bool `json:"pods,omitempty"`
}

// clusterIndex gathers what the checks of network, admission, identity and nodes need. Its owner locks.
type clusterIndex struct {
	nodes      []InventoryNode
	webhooks   []InventoryWebhook
	policies   []InventoryAdmissionPolicy
	bound      map[string][]bool // kind and name of an admission policy → whether each of its bindings denies
	quotas     map[string]int    // by namespace
	limits     map[string]int    // by namespace
	isolation  isolation
	staticPods []string // in kube-system, sorted
	workloads  workloadIndex
	services   serviceIndex
}

func (x *clusterIndex) add(o Object) {
	if o.Kind.PodSpec != "" {
		if name := o.StaticPod(); name != "" && o.Value.GetNamespace() == metav1.NamespaceSystem {
			if at, found := slices.BinarySearch(x.staticPods, name); !found {
				x.staticPods = slices.Insert(x.staticPods, at, name)
			}
		}
		x.workloads.add(o)
		return
	}
	x.isolation.add(o)
	switch v := o.Value.(type) {
	case *corev1.Node:
		cloud, _, _ := strings.Cut(v.Spec.ProviderID, ":")
		x.nodes = append(x.nodes, InventoryNode{v.Name, v.Status.NodeInfo.KubeletVersion, cloud})
	case *corev1.ServiceAccount:
		x.workloads.account(v)
	case *metav1.PartialObjectMetadata:
		if o.Kind.Name == secret.Name {
			x.workloads.secret(v)
		}
	case *corev1.Service:
		x.services.add(v)
	case *networkingv1.Ingress:
		x.services.ingress(v)
	case *unstructured.Unstructured:
		if o.Kind.Name == "HTTPRoute.gateway.networking.k8s.io" {
			x.services.route(v)
		}
	case *corev1.ResourceQuota:
		count(&x.quotas, v.Namespace)
	case *corev1.LimitRange:
		count(&x.limits, v.Namespace)
	case *admissionv1.ValidatingWebhookConfiguration:
		for i, w := range v.Webhooks {
			x.webhook(o.Kind.Name, v.Name, i, w.Name, w.ClientConfig, w.Rules)
		}
	case *admissionv1.MutatingWebhookConfiguration:
		for i, w := range v.Webhooks {
			x.webhook(o.Kind.Name, v.Name, i, w.Name, w.ClientConfig, w.Rules)
		}
	case *admissionv1.ValidatingAdmissionPolicy:
		x.policies = append(x.policies, InventoryAdmissionPolicy{Kind: o.Kind.Name, Name: v.Name, Pods: matchesPods(v.Spec.MatchConstraints)})
	case *admissionv1.MutatingAdmissionPolicy:
		x.policies = append(x.policies, InventoryAdmissionPolicy{Kind: o.Kind.Name, Name: v.Name, Pods: matchesPods(v.Spec.MatchConstraints)})
	case *admissionv1.ValidatingAdmissionPolicyBinding:
		x.bind("ValidatingAdmissionPolicy", v.Spec.PolicyName, slices.Contains(v.Spec.ValidationActions, admissionv1.Deny))
	case *admissionv1.MutatingAdmissionPolicyBinding:
		x.bind("MutatingAdmissionPolicy", v.Spec.PolicyName, false)
	}
}

// into completes the inventory, whose namespaces are there already.
func (x *clusterIndex) into(inv *Inventory) {
	for i := range inv.Namespaces {
		n := &inv.Namespaces[i]
		n.Quotas, n.LimitRanges = x.quotas[n.Name], x.limits[n.Name]
	}
	inv.Nodes = slices.Clone(x.nodes)
	slices.SortFunc(inv.Nodes, func(a, b InventoryNode) int { return cmp.Compare(a.Name, b.Name) })
	inv.Webhooks = slices.Clone(x.webhooks)
	slices.SortFunc(inv.Webhooks, func(a, b InventoryWebhook) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Configuration, b.Configuration), a.Index-b.Index)
	})
	inv.AdmissionPolicies = slices.Clone(x.policies)
	for i := range inv.AdmissionPolicies {
		p := &inv.AdmissionPolicies[i]
		bindings := x.bound[p.Kind+"/"+p.Name]
		p.Bindings, p.Denies = len(bindings), slices.Contains(bindings, true)
	}
	slices.SortFunc(inv.AdmissionPolicies, func(a, b InventoryAdmissionPolicy) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	inv.Workloads = x.workloads.list(&x.isolation, inv.Namespaces)
	inv.Accounts = x.workloads.listAccounts()
	inv.StaticPods = x.staticPods
	inv.NetworkPolicies, inv.Unclear = x.isolation.list()
	inv.Services = x.services.list(&x.workloads)
}

func (x *clusterIndex) webhook(kind, configuration string, index int, name string, client admissionv1.WebhookClientConfig, rules []admissionv1.RuleWithOperations) {
	w := InventoryWebhook{Kind: kind, Configuration: configuration, Name: name, Index: index, Pods: slices.ContainsFunc(rules, createsPods)}
	if client.Service != nil {
		w.ServiceNamespace, w.ServiceName = client.Service.Namespace, client.Service.Name
	}
	x.webhooks = append(x.webhooks, w)
}

func (x *clusterIndex) bind(kind, policy string, denies bool) {
	if x.bound == nil {
		x.bound = map[string][]bool{}
	}
	x.bound[kind+"/"+policy] = append(x.bound[kind+"/"+policy], denies)
}

func matchesPods(m *admissionv1.MatchResources) bool {
	return m != nil && slices.ContainsFunc(m.ResourceRules, func(r admissionv1.NamedRuleWithOperations) bool {
		return len(r.ResourceNames) == 0 && createsPods(r.RuleWithOperations)
	})
}

// createsPods reports whether the rule matches the creation of a pod.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules
func createsPods(r admissionv1.RuleWithOperations) bool {
	return slices.ContainsFunc(r.Operations, func(o admissionv1.OperationType) bool {
		return o == admissionv1.Create || o == admissionv1.OperationAll
	}) &&
		slices.ContainsFunc(r.APIGroups, func(g string) bool { return g == "" || g == "*" }) &&
		slices.ContainsFunc(r.APIVersions, func(v string) bool { return v == "v1" || v == "*" }) &&
		slices.ContainsFunc(r.Resources, func(n string) bool { return n == "pods" || n == "*" || n == "*/*" }) &&
		(r.Scope == nil || *r.Scope != admissionv1.ClusterScope)
}

func count(m *map[string]int, key string) {
	if *m == nil {
		*m = map[string]int{}
	}
	(*m)[key]++
}
