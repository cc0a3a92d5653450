package snapshot

import (
	"cmp"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Inventory is the compact picture across objects that checks of the whole cluster judge. It holds no object whole.
type Inventory struct {
	Namespaces      []InventoryNamespace `json:"namespaces"`
	Roles           []InventoryRole      `json:"roles"`
	Bindings        []InventoryBinding   `json:"bindings"`
	NetworkPolicies []InventoryPolicy    `json:"networkPolicies"`

	Nodes             []InventoryNode            `json:"nodes"`
	Workloads         []InventoryWorkload        `json:"workloads"`
	Accounts          []InventoryAccount         `json:"accounts"` // sorted
	Services          []InventoryService         `json:"services"`
	Webhooks          []InventoryWebhook         `json:"webhooks"`
	AdmissionPolicies []InventoryAdmissionPolicy `json:"admissionPolicies"`
	// Aggregated are the selectors of ClusterRoles that gather the rules of others, by name. Manifests hold them without those.
	Aggregated map[string][]metav1.LabelSelector `json:"-"`
	// Gathered are the names of the ClusterRoles that they match, sorted.
	Gathered []string `json:"gathered"`
	// StaticPods are the names of those in kube-system, without their nodes', sorted.
	StaticPods []string `json:"staticPods,omitempty"`
	// Unclear names the network policies of which it cannot be told whether they select some pods. They are taken to.
	Unclear []string `json:"-"`
	// Excluded are namespaces that were left out on purpose: what is not in them may well exist.
	Excluded []string `json:"excluded,omitempty"`
	// Declared is set where the objects come from manifests: no controller has run, and what Kubernetes creates itself is not
	// among them.
	Declared bool `json:"declared"`
	// Namespaced is set where single namespaces were read: no ClusterRole is among the roles, though bindings may refer to some.
	Namespaced bool `json:"-"`
}

// InventoryNamespace is a namespace.
type InventoryNamespace struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	// Workloads counts the objects in it that run pods.
	Workloads int `json:"workloads"`
	// Quotas and LimitRanges count those objects in it.
	Quotas      int `json:"quotas"`
	LimitRanges int `json:"limitRanges"`
}

// InventoryRole is a Role or ClusterRole.
type InventoryRole struct {
	Kind      string            `json:"kind"`
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels,omitempty"`
	Rules     []InventoryRule   `json:"rules"`
}

// InventoryRule is one rule of a role.
type InventoryRule struct {
	APIGroups       []string `json:"apiGroups"`
	Resources       []string `json:"resources"`
	ResourceNames   []string `json:"resourceNames"`
	NonResourceURLs []string `json:"nonResourceURLs"`
	Verbs           []string `json:"verbs"`
}

// InventoryBinding is a RoleBinding or ClusterRoleBinding.
type InventoryBinding struct {
	Kind      string             `json:"kind"`
	Namespace string             `json:"namespace"`
	Name      string             `json:"name"`
	Labels    map[string]string  `json:"labels,omitempty"`
	Role      InventoryRoleRef   `json:"role"`
	Subjects  []InventorySubject `json:"subjects"`
}

// InventoryRoleRef points to a role; Namespace is the binding's own for a Role and empty for a ClusterRole.
type InventoryRoleRef struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// InventorySubject is whom a binding grants its role to.
type InventorySubject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Index gathers the inventory while objects stream by. It is safe for concurrent use.
type Index struct {
	mu        sync.Mutex
	inv       Inventory
	workloads map[string]int // by namespace
	more      clusterIndex
}

// Exclude notes namespaces that are left out on purpose.
func (x *Index) Exclude(namespaces []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.inv.Excluded = namespaces
}

// Add takes from the object what the inventory needs.
func (x *Index) Add(o Object) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if o.Kind.PodSpec != "" {
		if x.workloads == nil {
			x.workloads = map[string]int{}
		}
		x.workloads[o.Value.GetNamespace()]++
	}
	x.more.add(o)
	x.inv.Declared = x.inv.Declared || o.Line != nil
	switch v := o.Value.(type) {
	case *corev1.Namespace:
		x.inv.Namespaces = append(x.inv.Namespaces, InventoryNamespace{Name: v.Name, Labels: v.Labels})
	case *rbacv1.ClusterRole:
		rules := v.Rules
		if v.AggregationRule != nil {
			x.aggregate(v.Name, v.AggregationRule.ClusterRoleSelectors)
			if o.Line != nil {
				rules = nil // a manifest's own are overwritten by the cluster's controller
			}
		}
		x.inv.Roles = append(x.inv.Roles, role(o.Kind.Name, v.Namespace, v.Name, v.Labels, rules))
	case *rbacv1.Role:
		x.inv.Roles = append(x.inv.Roles, role(o.Kind.Name, v.Namespace, v.Name, v.Labels, v.Rules))
	}
	if b, ok := BindingOf(o); ok {
		x.inv.Bindings = append(x.inv.Bindings, b)
	}
}

// Inventory returns what was gathered, sorted.
func (x *Index) Inventory() Inventory {
	x.mu.Lock()
	defer x.mu.Unlock()
	inv := x.inv
	inv.Namespaces, inv.Roles = slices.Clone(x.inv.Namespaces), slices.Clone(x.inv.Roles)
	inv.Bindings = slices.Clone(x.inv.Bindings)
	for i := range inv.Namespaces {
		inv.Namespaces[i].Workloads = x.workloads[inv.Namespaces[i].Name]
	}
	slices.SortFunc(inv.Namespaces, func(a, b InventoryNamespace) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(inv.Roles, func(a, b InventoryRole) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(inv.Bindings, func(a, b InventoryBinding) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for i := range inv.Roles { // sorted by now
		if x.gathers(&inv.Roles[i]) {
			inv.Gathered = append(inv.Gathered, inv.Roles[i].Name)
		}
	}
	x.more.into(&inv)
	return inv
}

// gathers reports whether some ClusterRole gathers the rules of this one.
func (x *Index) gathers(r *InventoryRole) bool {
	if r.Kind != "ClusterRole" || len(r.Labels) == 0 {
		return false
	}
	for _, selectors := range x.inv.Aggregated {
		for i := range selectors {
			if s, err := metav1.LabelSelectorAsSelector(&selectors[i]); err == nil && s.Matches(labels.Set(r.Labels)) {
				return true
			}
		}
	}
	return false
}

// aggregate takes note of what a ClusterRole gathers its rules from; two manifests may hold one of the same name.
func (x *Index) aggregate(name string, selectors []metav1.LabelSelector) {
	if x.inv.Aggregated == nil {
		x.inv.Aggregated = map[string][]metav1.LabelSelector{}
	}
	x.inv.Aggregated[name] = append(x.inv.Aggregated[name], selectors...)
}

func role(kind, namespace, name string, labels map[string]string, rules []rbacv1.PolicyRule) InventoryRole {
	r := InventoryRole{Kind: kind, Namespace: namespace, Name: name, Labels: labels}
	for _, p := range rules {
		r.Rules = append(r.Rules, InventoryRule{p.APIGroups, p.Resources, p.ResourceNames, p.NonResourceURLs, p.Verbs})
	}
	return r
}

// BindingOf returns what the inventory holds of an object that is a binding.
func BindingOf(o Object) (b InventoryBinding, ok bool) {
	switch v := o.Value.(type) {
	case *rbacv1.ClusterRoleBinding:
		return binding(o.Kind.Name, "", v.Name, v.Labels, v.RoleRef, v.Subjects), true
	case *rbacv1.RoleBinding:
		return binding(o.Kind.Name, v.Namespace, v.Name, v.Labels, v.RoleRef, v.Subjects), true
	}
	return b, false
}

func binding(kind, namespace, name string, labels map[string]string, ref rbacv1.RoleRef, subjects []rbacv1.Subject) InventoryBinding {
	b := InventoryBinding{Kind: kind, Namespace: namespace, Name: name, Labels: labels, Role: InventoryRoleRef{Kind: ref.Kind, Name: ref.Name}}
	if ref.Kind == "Role" {
		b.Role.Namespace = namespace
	}
	for _, s := range subjects {
		ns := s.Namespace
		if s.Kind != rbacv1.ServiceAccountKind {
			ns = ""
		}
		b.Subjects = append(b.Subjects, InventorySubject{s.Kind, ns, s.Name})
	}
	return b
}
