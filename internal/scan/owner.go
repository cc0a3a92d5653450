package scan

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// owner is what pods are judged under. One that was read has a template, which is judged once, and of its pods only what the
// template does not say already, such as an injected sidecar or an ephemeral container. One that was not read is known by
// its name alone: from pods that claim it, which are judged once for each distinct content.
type owner struct {
	root   *owner // the topmost; itself, if it has no owner
	object finding.Object
	read   bool
	// What its template runs: of a root that was read, and of its revisions.
	runs []container
	// Of a Deployment: the labels of what it controls.
	selector labels.Selector
	// What its template violates, and for one that was not read: what its pods do. Guarded by run.mu, as are the others.
	violates map[place]bool
	// Of a root: what was looked at, by content, and the first name that it goes by.
	looked map[policy.Sum]string
	// Of a root that was not read: each violation, in each content that has it.
	seen map[place]map[policy.Sum]finding.Finding
	// Of a root that was not read: who runs it, and that something which claims it is not theirs.
	managedBy string
	ours      bool
}

func newOwner(o finding.Object, read bool) *owner {
	w := &owner{object: o, read: read, violates: map[place]bool{}}
	if !read {
		w.seen = map[place]map[policy.Sum]finding.Finding{}
	}
	w.root = w
	return w
}

func (w *owner) look(content policy.Sum, is string) {
	if w.looked == nil { // most have nothing of their own to be looked at
		w.looked = map[policy.Sum]string{}
	}
	w.looked[content] = is
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
	w := newOwner(identity(o), true)
	if above := r.ownerOf(o, nil); above != nil {
		w.root = above.root
		if above.revises(o) {
			w.runs = runs(o.PodSpec())
		}
	} else {
		w.runs = runs(o.PodSpec())
	}
	if d, ok := o.Value.(*appsv1.Deployment); ok {
		w.selector, _ = metav1.LabelSelectorAsSelector(d.Spec.Selector) // the API server has looked at it; what manifests say may select nothing
	}
	r.owners[o.Value.GetUID()] = w
}

// revises reports whether an object is a revision of a Deployment, in the making or on its way out: it has the name and the labels
// that the Deployment's controller gives. One that somebody else made so is scaled to nothing by that controller once no rollout is
// under way.
func (w *owner) revises(o snapshot.Object) bool {
	set, ok := o.Value.(*appsv1.ReplicaSet)
	if !ok || w.selector == nil || w.selector.Empty() {
		return false
	}
	hash := set.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	return hash != "" && set.Name == w.object.Name+"-"+hash && set.Spec.Template.Labels[appsv1.DefaultDeploymentUniqueLabelKey] == hash &&
		w.selector.Matches(labels.Set(set.Labels)) && w.selector.Matches(labels.Set(set.Spec.Template.Labels))
}

// ownerOf returns the controller of the object, if that was read, or if nothing else would name the object for longer than
// its own life. Who may write pods may claim any owner for them: of what is read, the claim must name what the UID belongs
// to, and the pod, that runs this, must be a copy of the template, or of a revision of it. The caller holds r.mu.
func (r *run) ownerOf(o snapshot.Object, running []container) *owner {
	ref := metav1.GetControllerOfNoCopy(o.Value)
	if ref == nil || o.Kind.PodSpec == "" {
		return nil
	}
	if pod, ok := o.Value.(*corev1.Pod); ok && ref.Kind == "Node" && ref.APIVersion == "v1" {
		return r.staticPod(o, pod)
	}
	w := r.owners[ref.UID]
	if w == nil {
		return r.claimed(o, ref)
	}
	if w.object.Kind != ref.Kind || w.object.Name != ref.Name || w.object.Namespace != o.Value.GetNamespace() {
		return nil
	}
	if o.Kind.Name == "Pod" && !w.root.copied(running) && (w.runs == nil || !w.copied(running)) {
		return nil
	}
	return w
}

// copied reports whether what runs is a copy of the owner's template: it has all that the template does. What admission adds to it,
// a sidecar or an ephemeral container, is told at the owner. A pod that runs something else in its stead only claims the owner,
// or is of a revision that is not read, as a DaemonSet's: it is judged by itself, since what is known and waived of the template
// says nothing of it.
func (w *owner) copied(running []container) bool {
	return !slices.ContainsFunc(w.runs, func(one container) bool { return !slices.Contains(running, one) })
}

// container identifies what a container runs. It is a hash, of a seed that nobody can know.
type container uint64

// runs tells what the containers of a pod run: name, image, command and arguments. An image is one whatever its tag and digest:
// revisions differ in them, admission pins them, and who may push to the repository has the template's pods, too.
func runs(spec *corev1.PodSpec) []container {
	out := make([]container, 0, len(spec.InitContainers)+len(spec.Containers))
	var b []byte
	add := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	for role, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			c := &list[i]
			b = append(b[:0], byte(role))
			add(c.Name)
			add(repository(c.Image))
			for _, words := range [][]string{c.Command, c.Args} {
				b = binary.AppendUvarint(b, uint64(len(words)))
				for _, word := range words {
					add(word)
				}
			}
			out = append(out, container(maphash.Bytes(seed, b)))
		}
	}
	return out
}

// repository is an image without its tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') { // and not a registry's port
		image = image[:i]
	}
	return image
}

// staticPod stands for the static pods of one name: each node has its own, under the name with the node's behind it, and they
// come and go with the nodes.
func (r *run) staticPod(o snapshot.Object, pod *corev1.Pod) *owner {
	name, ok := strings.CutSuffix(pod.Name, "-"+pod.Spec.NodeName)
	if !ok || name == "" {
		return nil
	}
	id := identity(o)
	id.Name = name
	return r.unreadOwner(o, id)
}

// claimed stands for a controller of a kind that no scan reads, as its CRD defines it. Pods, ReplicaSets and Jobs are made
// anew under new names, so that it gives them a lasting one; what else it may control has a name of its own.
//
// Nobody can check the claim. It gives away nothing that was read: a claimed owner is of an API group of which no kind is
// read, so that no such object lends its identity. And it hides nothing: whatever claims one owner is judged by its content.
func (r *run) claimed(o snapshot.Object, ref *metav1.OwnerReference) *owner {
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	named := err == nil && len(validation.IsDNS1123Subdomain(gv.Group)) == 0 && customKind.MatchString(ref.Kind) && len(validation.IsDNS1123Subdomain(ref.Name)) == 0
	if o.Kind.Wave == 0 || !named || !strings.Contains(gv.Group, ".") || // groups of CRDs have a dot
		slices.ContainsFunc(snapshot.Kinds, func(k snapshot.Kind) bool { return k.Group == gv.Group }) {
		return nil
	}
	plural, _ := apimeta.UnsafeGuessKindToResource(gv.WithKind(ref.Kind))
	return r.unreadOwner(o, finding.Object{
		Group: gv.Group, Version: gv.Version, Kind: ref.Kind, Resource: plural.Resource, Namespace: o.Value.GetNamespace(), Name: ref.Name,
	})
}

// customKind is what a CRD may call its kind, and does.
var customKind = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)

// unreadOwner returns the owner of this identity. Of manifests each file is a world of its own.
func (r *run) unreadOwner(o snapshot.Object, id finding.Object) *owner {
	key := unread{id.Group, id.Kind, id.Namespace, id.Name, o.File}
	if r.unreadOwners[key] == nil {
		r.unreadOwners[key] = newOwner(id, false)
	}
	return r.unreadOwners[key]
}

// unread identifies an owner that was not read.
type unread struct{ group, kind, namespace, name, file string }

// place identifies a violation inside a workload, whichever of its objects it was seen in: check, sub and key. It is a hash, since
// there are as many as findings, and of a seed that nobody can know.
type place uint64

var seed = maphash.MakeSeed()

func placeOf(f finding.Finding) place {
	return place(maphash.Comparable(seed, [...]string{f.Check, f.Sub, f.Key}))
}

// judgeOwned reports whether the object is judged under an owner, and of a pod which that owner runs gives what is not in
// the owner's template.
func (r *run) judgeOwned(ctx context.Context, o snapshot.Object) (policy.Judgement, bool) {
	pod, isPod := o.Value.(*corev1.Pod)
	var running []container
	if isPod {
		running = runs(&pod.Spec)
	}
	r.mu.Lock()
	w := r.ownerOf(o, running)
	if w == nil {
		r.mu.Unlock()
		return policy.Judgement{}, false
	}
	root := w.root
	if !isPod && (root.read || o.PodSpec() == nil) {
		r.mu.Unlock()
		return policy.Judgement{}, true // a ReplicaSet or Job on the way: its pods tell
	}
	r.mu.Unlock()
	managedBy := ""
	if !root.read {
		managedBy = r.scanner.Engine.ManagedBy(r.about, root.object, o)
	}
	if isPod {
		o.Value = withoutDefaultedPorts(pod)
	}
	content := r.sum(o)
	r.mu.Lock()
	root.managedBy, root.ours = managedBy, root.ours || managedBy == ""
	name, seen := root.looked[content]
	first := !root.read && len(root.looked) == 0 // no template would have told
	// A ReplicaSet stands before its pods.
	if is := o.Kind.Name + " " + o.Value.GetName(); !seen || strings.HasPrefix(name, o.Kind.Name) && is < name {
		root.look(content, is)
	}
	r.mu.Unlock()
	as := root.object
	if !root.read {
		as = identity(o) // it only claims to be that owner's
	}
	all := r.judges.Owned(ctx, o, as, isPod && seen)
	if !isPod {
		r.remember(o, all.Findings)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	var more policy.Judgement
	failed := map[string]bool{}
	for _, f := range all.Findings {
		at := placeOf(f)
		if isPod && w.violates[at] && w.read {
			continue // its own template says so
		}
		if !root.read {
			if root.seen[at] == nil {
				root.seen[at] = map[policy.Sum]finding.Finding{}
			}
			f.Owner = r.ownership.label(o) // nobody else can tell
			root.seen[at][content] = f
		}
		if root.violates[at] {
			continue
		}
		root.violates[at] = true
		failed[f.Check] = true
		if !root.read {
			continue // told at the end, when all that have it are known
		}
		f.Object = root.object
		if r.scanner.Engine.Judges(f.Check, root.object.Kind) {
			f.Message += " (seen in its pods, not in its template)"
		}
		more.Findings = append(more.Findings, f)
	}
	for _, v := range all.Verdicts {
		if first || v.Verdict == finding.NotEvaluated || failed[v.Check] || root.read && !r.scanner.Engine.Judges(v.Check, root.object.Kind) {
			more.Verdicts = append(more.Verdicts, v)
		}
	}
	return more, true
}

// tellUnread adds the findings at owners that were not read, each once, and names where it was seen: nobody else could say
// which of all that claim the owner it is. It is the provider's only where all of them are.
func (r *run) tellUnread() {
	for _, w := range r.unreadOwners {
		for _, contents := range w.seen {
			var f finding.Finding
			in := ""
			for content, g := range contents {
				if is := w.looked[content]; in == "" || g.Severity > f.Severity || g.Severity == f.Severity && is < in {
					f, in = g, is
				}
			}
			if n := len(contents) - 1; n > 0 {
				in += fmt.Sprintf(" and %d unlike it", n)
			}
			f.Object = w.object
			if !w.ours {
				f.ManagedBy = w.managedBy
			}
			f.Message += " (seen in " + in + ")"
			r.kept.add([]finding.Finding{f})
		}
	}
}

// remember takes note of a template that was judged, and of what it violates.
func (r *run) remember(o snapshot.Object, findings []finding.Finding) {
	r.mu.Lock()
	w := r.owners[o.Value.GetUID()]
	r.mu.Unlock()
	if w == nil {
		return
	}
	content := r.sum(o)
	r.mu.Lock()
	defer r.mu.Unlock()
	if w.read && w.root == w {
		w.look(content, o.Kind.Name+" "+o.Value.GetName())
	}
	for _, f := range findings {
		w.violates[placeOf(f)] = true
	}
}

// tokenVolume is the volume that admission adds to each pod, under a name of its own.
const tokenVolume = "kube-api-access-"

// sum is the same for a template and its pods where these differ only in what no check reads, or in what is each pod's own:
// node, host name, token volume, claims, the service account that admission fills in, and metadata. Checks that read of that are
// asked about each pod.
func (r *run) sum(o snapshot.Object) policy.Sum {
	s := *o.PodSpec()
	s.NodeName, s.Hostname, s.Subdomain = "", "", ""
	s.Affinity = nil // a DaemonSet's pods name their node there
	if s.DeprecatedServiceAccount == s.ServiceAccountName {
		s.DeprecatedServiceAccount = ""
	}
	if s.ServiceAccountName == "default" {
		s.ServiceAccountName = ""
	}
	volumes := s.Volumes
	s.Volumes = nil
	for _, v := range volumes {
		if strings.HasPrefix(v.Name, tokenVolume) && v.Projected != nil {
			continue
		}
		if v.PersistentVolumeClaim != nil {
			v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{} // a StatefulSet's pods have a claim each
		}
		s.Volumes = append(s.Volumes, v)
	}
	s.InitContainers, s.Containers = withoutTokenMount(s.InitContainers), withoutTokenMount(s.Containers)
	return r.judges.Sum(o, &s)
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
