package scan

import (
	"crypto/sha256"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// owner is an object with a pod template that was read. What it owns is judged at the topmost of them: its template once,
// and of its pods only what the template does not say already, such as an injected sidecar or an ephemeral container.
type owner struct {
	root   *owner // the topmost; itself, if nothing that was read owns it
	object finding.Object
	// Of a root: what its template violates, and the pods that were looked at. Guarded by run.mu.
	violates map[string]bool
	looked   map[[sha256.Size]byte]bool
}

func newOwner(o finding.Object) *owner {
	w := &owner{violates: map[string]bool{}, looked: map[[sha256.Size]byte]bool{}, object: o}
	w.root = w
	return w
}

func identity(o snapshot.Object) finding.Object {
	return finding.Object{
		Group: o.Kind.Group, Version: o.Kind.Version, Kind: o.Kind.Kind(), Resource: o.Kind.Resource, Namespace: o.Value.GetNamespace(), Name: o.Value.GetName(),
	}
}

// own takes note of an object with a pod template. The caller holds r.mu.
func (r *run) own(o snapshot.Object) {
	if o.Kind.Name == "Pod" || o.PodSpec() == nil || o.Value.GetUID() == "" {
		return
	}
	w := newOwner(identity(o))
	if above := r.ownerOf(o); above != nil {
		w.root = above.root
	}
	r.owners[o.Value.GetUID()] = w
}

// ownerOf returns the controller of the object, if that was read. Who may write pods may claim any owner for them: the claim
// must name what the UID belongs to. The caller holds r.mu.
func (r *run) ownerOf(o snapshot.Object) *owner {
	ref := metav1.GetControllerOfNoCopy(o.Value)
	if ref == nil || o.Kind.PodSpec == "" {
		return nil
	}
	if pod, ok := o.Value.(*corev1.Pod); ok && ref.Kind == "Node" {
		return r.staticPod(o, pod)
	}
	w := r.owners[ref.UID]
	if w == nil || w.object.Kind != ref.Kind || w.object.Name != ref.Name || w.object.Namespace != o.Value.GetNamespace() {
		return nil
	}
	return w
}

// staticPod stands for the static pods of one name: each node has its own, under the name with the node's behind it, and they
// come and go with the nodes.
func (r *run) staticPod(o snapshot.Object, pod *corev1.Pod) *owner {
	name, ok := strings.CutSuffix(pod.Name, "-"+pod.Spec.NodeName)
	if !ok || name == "" {
		return nil
	}
	key := pod.Namespace + "/" + name
	if r.static[key] == nil {
		id := identity(o)
		id.Name = name
		r.static[key] = newOwner(id)
	}
	return r.static[key]
}

// place identifies a violation inside a workload, whichever of its objects it was seen in.
func place(f finding.Finding) string { return f.Check + "\x00" + f.Sub + "\x00" + f.Key }

// judgeOwned reports whether the object is judged under an owner, and of a pod which that owner runs gives what is not in
// the owner's template.
func (r *run) judgeOwned(o snapshot.Object, judge func(snapshot.Object) policy.Judgement) (policy.Judgement, bool) {
	r.mu.Lock()
	w := r.ownerOf(o)
	if w == nil {
		r.mu.Unlock()
		return policy.Judgement{}, false
	}
	root := w.root
	pod, isPod := o.Value.(*corev1.Pod)
	if !isPod {
		r.mu.Unlock()
		return policy.Judgement{}, true // a ReplicaSet or Job on the way: its pods tell
	}
	sum, err := digest(&pod.Spec)
	seen := root.looked[sum] && err == nil
	first := root.object.Kind == "Pod" && len(root.looked) == 0 // a static pod has no template that would have told
	root.looked[sum] = true
	r.mu.Unlock()
	if seen {
		return policy.Judgement{}, true
	}
	o.Value = withoutDefaultedPorts(pod)
	all := judge(o)

	r.mu.Lock()
	defer r.mu.Unlock()
	var more policy.Judgement
	failed := map[string]bool{}
	for _, f := range all.Findings {
		if root.violates[place(f)] {
			continue
		}
		root.violates[place(f)] = true
		f.Object = root.object
		if root.object.Kind != "Pod" && r.scanner.Engine.Judges(f.Check, root.object.Kind) {
			f.Message += " (seen in its pods, not in its template)"
		}
		more.Findings = append(more.Findings, f)
		failed[f.Check] = true
	}
	for _, v := range all.Verdicts {
		if first || v.Verdict == finding.NotEvaluated || failed[v.Check] || !r.scanner.Engine.Judges(v.Check, root.object.Kind) {
			more.Verdicts = append(more.Verdicts, v)
		}
	}
	return more, true
}

// remember takes note of what a template violates.
func (r *run) remember(uid types.UID, findings []finding.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.owners[uid]; w != nil {
		for _, f := range findings {
			w.violates[place(f)] = true
		}
	}
}

// tokenVolume is the volume that admission adds to each pod, under a name of its own.
const tokenVolume = "kube-api-access-"

// digest is the same for pods that differ only in what is each pod's own: node, host name, token volume, claims.
func digest(spec *corev1.PodSpec) ([sha256.Size]byte, error) {
	s := *spec
	s.NodeName, s.Hostname, s.Subdomain = "", "", ""
	s.Affinity, s.Tolerations = nil, nil // a DaemonSet's pods name their node there
	s.Volumes = nil
	for _, v := range spec.Volumes {
		if strings.HasPrefix(v.Name, tokenVolume) && v.Projected != nil {
			continue
		}
		if v.PersistentVolumeClaim != nil {
			v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{} // a StatefulSet's pods have a claim each
		}
		s.Volumes = append(s.Volumes, v)
	}
	s.InitContainers, s.Containers = withoutTokenMount(spec.InitContainers), withoutTokenMount(spec.Containers)
	data, err := s.Marshal()
	return sha256.Sum256(data), err
}

func withoutTokenMount(list []corev1.Container) []corev1.Container {
	list = slices.Clone(list)
	for i := range list {
		list[i].VolumeMounts = slices.DeleteFunc(slices.Clone(list[i].VolumeMounts), func(m corev1.VolumeMount) bool {
			return strings.HasPrefix(m.Name, tokenVolume)
		})
	}
	return list
}

// withoutDefaultedPorts takes back the host ports that the API server fills in for pods on the node's network, and no longer
// for templates: they would make each such workload a finding that its owner cannot mend.
func withoutDefaultedPorts(pod *corev1.Pod) *corev1.Pod {
	if !pod.Spec.HostNetwork {
		return pod
	}
	pod = pod.DeepCopy()
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			for p := range list[i].Ports {
				if port := &list[i].Ports[p]; port.HostPort == port.ContainerPort {
					port.HostPort = 0
				}
			}
		}
	}
	return pod
}
