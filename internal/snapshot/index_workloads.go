package snapshot

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// InventoryWorkload is what runs pods: the topmost controller that is known, or a pod without one.
type InventoryWorkload struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Path leads to the pod spec, as Kind.PodSpec.
	Path           string `json:"path"`
	ServiceAccount string `json:"serviceAccount"`
	// Token is set where the service account's token is in its pods.
	Token       bool `json:"token,omitempty"`
	HostNetwork bool `json:"hostNetwork,omitempty"`
	// IngressPolicy and EgressPolicy are set where a network policy for that direction selects its pods.
	IngressPolicy bool `json:"ingressPolicy,omitempty"`
	EgressPolicy  bool `json:"egressPolicy,omitempty"`
	// Nodes are those that its pods run on, sorted; none in manifests. Checks do not see them: there are many.
	Nodes []string `json:"-"`
}

// InventoryBackend is a port of a container that a Service leads to.
type InventoryBackend struct {
	Kind  string `json:"kind"` // of the workload
	Name  string `json:"name"`
	Image string `json:"image"`
	Port  int    `json:"port"`
}

// workloadIndex gathers workloads without keeping an entry a pod: what a controller owns is counted there. Sources give owners
// before what they own.
type workloadIndex struct {
	all       []*workload
	owners    map[types.UID]owned
	nodes     map[string]int32
	nodeNames []string
	accounts  map[types.NamespacedName]*account
}

// InventoryAccount is a service account, whether something runs with it or not.
type InventoryAccount struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Tokens are the names of Secrets that hold a token of it which does not end, sorted.
	Tokens []string `json:"-"`
}

// account is what was read of a service account: of itself, and of Secrets that hold its tokens.
type account struct {
	exists    bool
	automount *bool // whether pods get its token; nil is as true
	tokens    []string
}

type workload struct {
	InventoryWorkload
	token      *bool // as the pod spec says; nil leaves it to the service account
	labels     labels.Set
	containers []container
	nodes      []int32 // sorted
}

// owned is an object that runs pods, and the workload that it belongs to.
type owned struct {
	kind, name string
	*workload
}

type container struct {
	image string
	ports []corev1.ContainerPort
}

func (x *workloadIndex) account(v *corev1.ServiceAccount) {
	a := x.accountNamed(v.Namespace, v.Name)
	a.exists, a.automount = true, v.AutomountServiceAccountToken
	for _, ref := range v.Secrets {
		// Kubernetes up to 1.23, and OpenShift, made these by themselves; others may be listed, too.
		if strings.HasPrefix(ref.Name, v.Name+"-token-") || strings.HasPrefix(ref.Name, v.Name+"-dockercfg-") {
			a.tokens = append(a.tokens, ref.Name)
		}
	}
}

// secret takes the account whose token the Secret holds. The type is no part of metadata: the API server asks this annotation
// of each that holds a token.
func (x *workloadIndex) secret(v *metav1.PartialObjectMetadata) {
	if name := v.Annotations[corev1.ServiceAccountNameKey]; name != "" && v.Labels[invalidSince] == "" {
		a := x.accountNamed(v.Namespace, name)
		a.tokens = append(a.tokens, v.Name)
	}
}

// invalidSince labels tokens that Kubernetes refuses since nobody used them for long.
const invalidSince = "kubernetes.io/legacy-token-invalid-since"

func (x *workloadIndex) accountNamed(namespace, name string) *account {
	if x.accounts == nil {
		x.accounts = map[types.NamespacedName]*account{}
	}
	at := types.NamespacedName{Namespace: namespace, Name: name}
	if x.accounts[at] == nil {
		x.accounts[at] = &account{}
	}
	return x.accounts[at]
}

// listAccounts returns the service accounts that exist.
func (x *workloadIndex) listAccounts() []InventoryAccount {
	var out []InventoryAccount
	for at, a := range x.accounts {
		if a.exists {
			out = append(out, InventoryAccount{at.Namespace, at.Name, slices.Compact(slices.Sorted(slices.Values(a.tokens)))})
		}
	}
	slices.SortFunc(out, func(a, b InventoryAccount) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (x *workloadIndex) add(o Object) {
	spec := o.PodSpec()
	if spec == nil {
		return
	}
	if x.owners == nil {
		x.owners, x.nodes = map[types.UID]owned{}, map[string]int32{}
	}
	pod, isPod := o.Value.(*corev1.Pod)
	if isPod && (pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed) {
		return // it runs nowhere any more
	}
	ref := metav1.GetControllerOfNoCopy(o.Value)
	if isPod && isMirror(pod, ref) {
		return // static pods have no service account, and are out of reach for policies and Services of the API
	}
	w := x.ownerOf(o, ref)
	if w == nil {
		w = newWorkload(o, spec)
		x.all = append(x.all, w)
		if isPod && ref != nil && x.owners[ref.UID].workload == nil && custom(ref) { // its other pods are the same
			w.Kind, w.Name = ref.Kind, ref.Name
			x.owners[ref.UID] = owned{ref.Kind, ref.Name, w}
		}
	}
	if isPod {
		w.on(x.node(pod.Spec.NodeName))
	} else if uid := o.Value.GetUID(); uid != "" {
		x.owners[uid] = owned{o.Kind.Name, o.Value.GetName(), w}
	}
}

// isMirror reports whether the pod is the API server's picture of a static one. Admission lets nobody but a node make one, and
// none of them a pod with a service account.
func isMirror(pod *corev1.Pod, ref *metav1.OwnerReference) bool {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	return mirror && ref != nil && ref.APIVersion == "v1" && ref.Kind == "Node" && pod.Spec.ServiceAccountName == ""
}

// custom reports whether a controller is of a group and a kind of which nothing is read. Nobody can check the claim, so that it
// must not lend the identity of what was read.
func custom(ref *metav1.OwnerReference) bool {
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	return err == nil && !slices.ContainsFunc(Kinds, func(k Kind) bool { return k.Group == gv.Group || k.Name == ref.Kind })
}

func newWorkload(o Object, spec *corev1.PodSpec) *workload {
	w := &workload{InventoryWorkload: InventoryWorkload{
		Kind: o.Kind.Name, Namespace: o.Value.GetNamespace(), Name: o.Value.GetName(), Path: o.Kind.PodSpec,
		HostNetwork: spec.HostNetwork, ServiceAccount: serviceAccount(spec),
	}, token: token(spec), labels: o.PodMeta().Labels}
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil { // a sidecar
			w.containers = append(w.containers, container{c.Image, c.Ports})
		}
	}
	for _, c := range spec.Containers {
		w.containers = append(w.containers, container{c.Image, c.Ports})
	}
	return w
}

// ownerOf returns the workload that the object belongs to. Who may write pods may claim any owner for them: it counts in the
// same namespace, and for a pod with the same service account.
func (x *workloadIndex) ownerOf(o Object, ref *metav1.OwnerReference) *workload {
	if ref == nil {
		return nil
	}
	owner := x.owners[ref.UID]
	if owner.workload == nil || owner.Namespace != o.Value.GetNamespace() || owner.kind != ref.Kind || owner.name != ref.Name {
		return nil
	}
	if pod, ok := o.Value.(*corev1.Pod); ok && owner.ServiceAccount != serviceAccount(&pod.Spec) {
		return nil
	}
	return owner.workload
}

func (x *workloadIndex) node(name string) int32 {
	if name == "" {
		return -1
	}
	id, ok := x.nodes[name]
	if !ok {
		id = int32(len(x.nodeNames))
		x.nodes[name] = id
		x.nodeNames = append(x.nodeNames, name)
	}
	return id
}

func (w *workload) on(node int32) {
	if at, found := slices.BinarySearch(w.nodes, node); node >= 0 && !found {
		w.nodes = slices.Insert(w.nodes, at, node)
	}
}

// serviceAccount is whose token the pods get. The API server still honours the old name of the field.
func serviceAccount(spec *corev1.PodSpec) string {
	return cmp.Or(spec.ServiceAccountName, spec.DeprecatedServiceAccount, "default")
}

// token says whether the pods have a token of their service account, as far as their spec tells.
func token(spec *corev1.PodSpec) *bool {
	for _, v := range spec.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.ServiceAccountToken != nil && forServer(s.ServiceAccountToken.Audience) {
				return new(true)
			}
		}
	}
	return spec.AutomountServiceAccountToken
}

// forServer reports whether a token of the audience is one for the API server: where none is named, and where it is an issuer
// of Kubernetes, since these are the API server's audiences unless it is told others.
func forServer(audience string) bool {
	host, _, _ := strings.Cut(strings.TrimPrefix(audience, "https://"), "/")
	if audience == "" || host == "kubernetes" || host == "kubernetes.default" || strings.HasPrefix(host, "kubernetes.default.svc") {
		return true
	}
	return slices.ContainsFunc(issuers, func(i string) bool {
		return host == i || strings.HasPrefix(i, ".") && strings.HasSuffix(host, i) || strings.HasSuffix(i, ".") && strings.HasPrefix(host, i)
	})
}

// issuers are the hosts of the clouds' issuers: names, or how they begin or end.
var issuers = []string{"oidc.eks.", "oidc-eks.", "container.googleapis.com", ".oic.prod-aks.azure.com"}

func (x *workloadIndex) list(policies *isolation, namespaces []InventoryNamespace) []InventoryWorkload {
	labelsOf := map[string]map[string]string{}
	for _, n := range namespaces {
		labelsOf[n.Name] = n.Labels
		if n.Labels == nil {
			labelsOf[n.Name] = map[string]string{}
		}
	}
	var out []InventoryWorkload
	for _, w := range x.all {
		one := w.InventoryWorkload
		a := x.accounts[types.NamespacedName{Namespace: one.Namespace, Name: one.ServiceAccount}]
		one.Token = a == nil || a.automount == nil || *a.automount
		if w.token != nil { // the pod has the last word
			one.Token = *w.token
		}
		one.IngressPolicy, one.EgressPolicy = policies.of(&endpoint{one.Namespace, labelsOf[one.Namespace], w.labels, one.ServiceAccount})
		for _, id := range w.nodes {
			one.Nodes = append(one.Nodes, x.nodeNames[id])
		}
		slices.Sort(one.Nodes)
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b InventoryWorkload) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ServiceAccount, b.ServiceAccount))
	})
	return out
}

// backends returns the ports of containers that a Service leads to.
func (x *workloadIndex) backends(namespace string, to target) []InventoryBackend {
	if len(to.selector) == 0 {
		return nil // its endpoints are written by somebody else
	}
	match := labels.SelectorFromSet(to.selector)
	var out []InventoryBackend
	for _, w := range x.all {
		if w.Namespace != namespace || !match.Matches(w.labels) {
			continue
		}
		for _, p := range to.ports {
			out = append(out, w.behind(p)...)
		}
	}
	slices.SortFunc(out, func(a, b InventoryBackend) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), a.Port-b.Port, cmp.Compare(a.Image, b.Image))
	})
	return slices.Compact(out)
}

// behind finds the containers that listen on what a Service's port leads to. A number need not be declared by any container:
// then each may.
func (w *workload) behind(p corev1.ServicePort) []InventoryBackend {
	target := p.TargetPort
	if target == (intstr.IntOrString{}) {
		target = intstr.FromInt32(p.Port)
	}
	var declared, undeclared []InventoryBackend
	for _, c := range w.containers {
		found := false
		for _, port := range c.ports {
			if target.Type == intstr.String && port.Name == target.StrVal || target.Type == intstr.Int && port.ContainerPort == target.IntVal {
				declared = append(declared, InventoryBackend{w.Kind, w.Name, c.image, int(port.ContainerPort)})
				found = true
			}
		}
		if !found && target.Type == intstr.Int {
			undeclared = append(undeclared, InventoryBackend{w.Kind, w.Name, c.image, int(target.IntVal)})
		}
	}
	if len(declared) > 0 {
		return declared
	}
	return undeclared
}
