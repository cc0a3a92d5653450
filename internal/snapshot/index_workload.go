package snapshot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// InventoryWorkload is an object that runs pods and that no other of these owns: a controller, or a pod of its own. Pods of
// one controller that was not read are one workload where they have the same labels and settings.
type InventoryWorkload struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Path leads to its pod spec, as Kind.PodSpec.
	Path           string `json:"path"`
	ServiceAccount string `json:"serviceAccount,omitempty"` // empty for static pods, which have none
	// MountsToken tells that its containers find the service account's token, by what pod and service account say.
	MountsToken bool `json:"mountsToken,omitempty"`
	HostNetwork bool `json:"hostNetwork,omitempty"`
	// IngressPolicy and EgressPolicy tell that a policy selects its pods for that direction.
	IngressPolicy bool `json:"ingressPolicy,omitempty"`
	EgressPolicy  bool `json:"egressPolicy,omitempty"`
}

// InventoryBackend is a port of a container that a Service leads to.
type InventoryBackend struct {
	Kind  string `json:"kind"` // of the workload
	Name  string `json:"name"`
	Image string `json:"image"`
	Port  int    `json:"port"`
}

// workloadIndex gathers workloads. Sources give owners before what they own.
type workloadIndex struct {
	all      map[string]*workload          // by an identity of their own
	owners   map[types.UID]controller      // objects with a pod template
	accounts map[types.NamespacedName]bool // service accounts that say whether tokens are mounted
}

type workload struct {
	InventoryWorkload
	automount  *bool
	labels     labels.Set
	containers []container
}

type container struct {
	image string
	ports []corev1.ContainerPort
}

func (x *workloadIndex) account(v *corev1.ServiceAccount) {
	if v.AutomountServiceAccountToken == nil {
		return
	}
	if x.accounts == nil {
		x.accounts = map[types.NamespacedName]bool{}
	}
	x.accounts[types.NamespacedName{Namespace: v.Namespace, Name: v.Name}] = *v.AutomountServiceAccountToken
}

func (x *workloadIndex) add(o Object) {
	spec, meta := o.PodSpec(), o.PodMeta()
	if spec == nil {
		return
	}
	if x.all == nil {
		x.all, x.owners = map[string]*workload{}, map[types.UID]controller{}
	}
	namespace, name := o.Value.GetNamespace(), o.Value.GetName()
	if o.Kind.Name != "Pod" && o.Value.GetUID() != "" {
		x.owners[o.Value.GetUID()] = controller{namespace, o.Kind.Name, name}
	}
	by, ref := controllerOf(o.Value)
	if ref != nil && x.owners[ref.UID] == by {
		return
	}
	w := &workload{InventoryWorkload: InventoryWorkload{
		Kind: o.Kind.Name, Namespace: namespace, Name: name, Path: o.Kind.PodSpec, HostNetwork: spec.HostNetwork,
		ServiceAccount: serviceAccount(spec, meta.Annotations),
	}, automount: spec.AutomountServiceAccountToken, labels: meta.Labels}
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil { // a sidecar
			w.containers = append(w.containers, container{c.Image, c.Ports})
		}
	}
	for _, c := range spec.Containers {
		w.containers = append(w.containers, container{c.Image, c.Ports})
	}
	key := strings.Join([]string{o.Kind.Name, namespace, name, string(o.Value.GetUID())}, "\x00") // a file may hold an object twice
	if ref != nil {
		w.labels = withoutOwn(w.labels)
		if by.kind == "Node" { // a static pod: the same one on each node, under a name with the node's behind it
			w.Name = strings.TrimSuffix(name, "-"+spec.NodeName)
			by.name = w.Name
		}
		key = fmt.Sprintf("%q %s %s %s %t %v", by, w.ServiceAccount, mounts(w.automount), w.labels, w.HostNetwork, w.containers)
		if other, ok := x.all[key]; ok {
			other.Name = min(other.Name, w.Name) // whichever comes first
			return
		}
	}
	x.all[key] = w
}

func (x *workloadIndex) list(policies isolation) []InventoryWorkload {
	var out []InventoryWorkload
	for _, w := range x.all {
		w := *w
		if w.ServiceAccount != "" {
			w.MountsToken = true
			if says, ok := x.accounts[types.NamespacedName{Namespace: w.Namespace, Name: w.ServiceAccount}]; ok {
				w.MountsToken = says
			}
			if w.automount != nil { // the pod has the last word
				w.MountsToken = *w.automount
			}
		}
		w.IngressPolicy, w.EgressPolicy = policies.of(w.Namespace, w.labels)
		out = append(out, w.InventoryWorkload)
	}
	slices.SortFunc(out, func(a, b InventoryWorkload) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
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

// serviceAccount is whose token the pod gets. The kubelet marks the images of static pods in the API; they have none.
func serviceAccount(spec *corev1.PodSpec, annotations map[string]string) string {
	switch {
	case annotations[corev1.MirrorPodAnnotationKey] != "":
		return ""
	case spec.ServiceAccountName != "":
		return spec.ServiceAccountName
	case spec.DeprecatedServiceAccount != "":
		return spec.DeprecatedServiceAccount
	}
	return "default"
}

// withoutOwn leaves out the labels that controllers give each pod of its own.
func withoutOwn(l labels.Set) labels.Set {
	out := labels.Set{}
	for k, v := range l {
		switch k {
		case "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index":
		default:
			out[k] = v
		}
	}
	return out
}

func mounts(automount *bool) string {
	switch {
	case automount == nil:
		return ""
	case *automount:
		return "true"
	}
	return "false"
}
