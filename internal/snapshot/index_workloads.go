package snapshot

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// InventoryWorkload is what runs pods: the topmost controller that is known, or a pod without one.
type InventoryWorkload struct {
	Kind           string
	Namespace      string
	Name           string
	ServiceAccount string
	// Token is set where the service account's token is in its pods.
	Token bool
	// Nodes are those that its pods run on, sorted; none in manifests.
	Nodes []string
}

// workloads gathers workloads without keeping an entry a pod: what a controller owns is counted there.
type workloads struct {
	all       []*workload
	owners    map[types.UID]*workload
	nodes     map[string]int32
	nodeNames []string
	noToken   map[types.NamespacedName]bool // service accounts whose pods get no token unless they say so
}

type workload struct {
	InventoryWorkload
	token *bool   // as the pod spec says; nil leaves it to the service account
	nodes []int32 // sorted
}

func (w *workloads) add(o Object) {
	if sa, ok := o.Value.(*corev1.ServiceAccount); ok && sa.AutomountServiceAccountToken != nil && !*sa.AutomountServiceAccountToken {
		if w.noToken == nil {
			w.noToken = map[types.NamespacedName]bool{}
		}
		w.noToken[types.NamespacedName{Namespace: sa.Namespace, Name: sa.Name}] = true
	}
	spec := o.PodSpec()
	if spec == nil {
		return
	}
	if w.owners == nil {
		w.owners, w.nodes = map[types.UID]*workload{}, map[string]int32{}
	}
	pod, isPod := o.Value.(*corev1.Pod)
	if isPod && (pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed) {
		return // it runs nowhere any more
	}
	ref := metav1.GetControllerOfNoCopy(o.Value)
	if isPod && ref != nil && ref.Kind == "Node" {
		return // static pods have no service account
	}
	run := w.ownerOf(o, ref)
	if run == nil {
		run = &workload{
			InventoryWorkload: InventoryWorkload{
				Kind: o.Kind.Name, Namespace: o.Value.GetNamespace(), Name: o.Value.GetName(), ServiceAccount: cmp.Or(spec.ServiceAccountName, "default"),
			},
			token: token(spec),
		}
		w.all = append(w.all, run)
		if isPod && ref != nil && w.owners[ref.UID] == nil { // of a controller that was not read: its other pods are the same
			run.Kind, run.Name = ref.Kind, ref.Name
			w.owners[ref.UID] = run
		}
	}
	if isPod {
		run.on(w.node(pod.Spec.NodeName))
	} else if uid := o.Value.GetUID(); uid != "" {
		w.owners[uid] = run
	}
}

// ownerOf returns the workload that the object belongs to. Who may write pods may claim any owner for them: it counts in the
// same namespace, and for a pod with the same service account.
func (w *workloads) ownerOf(o Object, ref *metav1.OwnerReference) *workload {
	if ref == nil {
		return nil
	}
	owner := w.owners[ref.UID]
	if owner == nil || owner.Namespace != o.Value.GetNamespace() {
		return nil
	}
	if pod, ok := o.Value.(*corev1.Pod); ok && owner.ServiceAccount != cmp.Or(pod.Spec.ServiceAccountName, "default") {
		return nil
	}
	return owner
}

func (w *workloads) node(name string) int32 {
	if name == "" {
		return -1
	}
	id, ok := w.nodes[name]
	if !ok {
		id = int32(len(w.nodeNames))
		w.nodes[name] = id
		w.nodeNames = append(w.nodeNames, name)
	}
	return id
}

func (r *workload) on(node int32) {
	if at, found := slices.BinarySearch(r.nodes, node); node >= 0 && !found {
		r.nodes = slices.Insert(r.nodes, at, node)
	}
}

// token says whether the pods have a token of their service account, as far as their spec tells.
func token(spec *corev1.PodSpec) *bool {
	for _, v := range spec.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.ServiceAccountToken != nil && s.ServiceAccountToken.Audience == "" {
				return new(true)
			}
		}
	}
	return spec.AutomountServiceAccountToken
}

func (w *workloads) inventory() []InventoryWorkload {
	var out []InventoryWorkload
	for _, run := range w.all {
		one := run.InventoryWorkload
		one.Token = !w.noToken[types.NamespacedName{Namespace: one.Namespace, Name: one.ServiceAccount}]
		if run.token != nil {
			one.Token = *run.token
		}
		for _, id := range run.nodes {
			one.Nodes = append(one.Nodes, w.nodeNames[id])
		}
		slices.Sort(one.Nodes)
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b InventoryWorkload) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ServiceAccount, b.ServiceAccount))
	})
	return out
}
