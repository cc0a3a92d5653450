package scan

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
)

// findingsOf judges objects, given wave by wave, and returns the findings of XX1001 as object, part and message.
func findingsOf(t *testing.T, objects ...metav1.Object) []string {
	t.Helper()
	scanner := &Scanner{Engine: engine()}
	r := newRun(scanner, &report.Cluster{})
	source := pagesOf{}
	for _, o := range objects {
		source = append(source, object(o))
	}
	if _, err := r.objects(t.Context(), t.Context(), source, collect.Scope{Kinds: snapshot.Kinds}); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range r.kept.take() {
		if f.Check == "XX1001" {
			out = append(out, f.Object.String()+" "+f.Sub+" "+f.Message)
		}
	}
	slices.Sort(out)
	return out
}

// pagesOf is a source that gives each object as a page of its own.
type pagesOf []snapshot.Object

func (p pagesOf) Collect(_ context.Context, _ collect.Scope, emit func([]snapshot.Object) error) (collect.Coverage, error) {
	slices.SortStableFunc(p, func(a, b snapshot.Object) int { return a.Kind.Wave - b.Kind.Wave })
	for _, o := range p {
		if err := emit([]snapshot.Object{o}); err != nil {
			return collect.Coverage{}, err
		}
	}
	return collect.Coverage{}, nil
}

func pod(namespace, name, owner string, change func(*corev1.PodSpec)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta(namespace, name, name, owner), Spec: spec(true)}
	if change != nil {
		change(&p.Spec)
	}
	return p
}

func TestOwnedPods(t *testing.T) {
	var deployment, replicaSet metav1.Object
	for _, o := range shop() {
		switch o.GetUID() {
		case "deployment":
			deployment = o
		case "replicaset":
			replicaSet = o
		}
	}
	const template = "Deployment a/web containers/c privileged"
	yes := true
	sidecar := func(s *corev1.PodSpec) {
		s.Containers = append(s.Containers, corev1.Container{Name: "mesh", SecurityContext: &corev1.SecurityContext{Privileged: &yes}})
	}
	debug := func(s *corev1.PodSpec) {
		s.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "debug", SecurityContext: &corev1.SecurityContext{Privileged: &yes},
		}}}
	}
	for _, tt := range []struct {
		name string
		pods []metav1.Object
		want []string
	}{
		{"pods like their template", []metav1.Object{pod("a", "web-1-x", "replicaset", nil), pod("a", "web-1-y", "replicaset", nil)}, []string{template}},
		{
			"a sidecar is injected into all of them",
			[]metav1.Object{pod("a", "web-1-x", "replicaset", sidecar), pod("a", "web-1-y", "replicaset", func(s *corev1.PodSpec) { sidecar(s); s.NodeName = "n" })},
			[]string{template, "Deployment a/web containers/mesh privileged (seen in its pods, not in its template)"},
		},
		{
			"one is debugged",
			[]metav1.Object{pod("a", "web-1-x", "replicaset", nil), pod("a", "web-1-y", "replicaset", debug)},
			[]string{template, "Deployment a/web ephemeralContainers/debug privileged (seen in its pods, not in its template)"},
		},
		{
			"a pod claims an owner under another name",
			[]metav1.Object{func() metav1.Object {
				p := pod("a", "liar", "replicaset", nil)
				p.OwnerReferences[0].Name = "other"
				return p
			}()},
			[]string{template, "Pod a/liar containers/c privileged"},
		},
		{
			"a pod claims an owner in another namespace",
			[]metav1.Object{pod("b", "liar", "replicaset", nil)},
			[]string{template, "Pod b/liar containers/c privileged"},
		},
		{
			"a pod claims a true owner, and differs",
			[]metav1.Object{pod("a", "liar", "replicaset", func(s *corev1.PodSpec) { s.Containers[0].Name = "evil" })},
			[]string{template, "Pod a/liar containers/evil privileged"},
		},
		{
			"a ReplicaSet claims a true owner, and its pods differ",
			[]metav1.Object{
				&appsv1.ReplicaSet{ObjectMeta: meta("a", "web-9", "liars", "deployment"), Spec: appsv1.ReplicaSetSpec{Template: corev1.PodTemplateSpec{Spec: func() corev1.PodSpec {
					s := spec(true)
					s.Containers[0].Image = "evil"
					return s
				}()}}},
				func() metav1.Object {
					p := pod("a", "liar", "liars", func(s *corev1.PodSpec) { s.Containers[0].Image = "evil" })
					p.OwnerReferences[0].Kind, p.OwnerReferences[0].Name = "ReplicaSet", "web-9"
					return p
				}(),
			},
			[]string{template, "Pod a/liar containers/c privileged"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			slices.Sort(tt.want)
			if got := findingsOf(t, append([]metav1.Object{deployment, replicaSet}, tt.pods...)...); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// What a DaemonSet's template violates is told of the DaemonSet, and of its pods no more: somebody may have waived it there. A pod
// that only claims to be one of them, and runs something else, is told by itself.
func TestCopiesOfATemplate(t *testing.T) {
	yes := true
	agent := func() *corev1.PodSpec {
		return &corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "setup", Image: "registry.example:5000/setup"}},
			Containers: []corev1.Container{{
				Name: "agent", Image: "registry.example:5000/agent:1", Command: []string{"/agent"}, Args: []string{"--quiet"}, SecurityContext: &corev1.SecurityContext{Privileged: &yes},
			}},
		}
	}
	const template, itself = "DaemonSet a/agent containers/agent privileged", "Pod a/agent-x containers/agent privileged"
	for name, tt := range map[string]struct {
		change func(*corev1.PodSpec)
		want   []string
	}{
		"the same":                {func(*corev1.PodSpec) {}, []string{template}},
		"another tag":             {func(s *corev1.PodSpec) { s.Containers[0].Image = "registry.example:5000/agent:2" }, []string{template}},
		"a digest":                {func(s *corev1.PodSpec) { s.Containers[0].Image = "registry.example:5000/agent:1@sha256:00" }, []string{template}},
		"another image":           {func(s *corev1.PodSpec) { s.Containers[0].Image = "registry.example:5000/evil:1" }, []string{template, itself}},
		"another registry's port": {func(s *corev1.PodSpec) { s.Containers[0].Image = "registry.example:6000/agent:1" }, []string{template, itself}},
		"another command":         {func(s *corev1.PodSpec) { s.Containers[0].Command = []string{"sh"} }, []string{template, itself}},
		"other arguments":         {func(s *corev1.PodSpec) { s.Containers[0].Args = []string{"--exec", "sh"} }, []string{template, itself}},
		"an argument as a command": {func(s *corev1.PodSpec) {
			s.Containers[0].Command, s.Containers[0].Args = []string{"/agent", "--quiet"}, nil
		}, []string{template, itself}},
		"another init container":    {func(s *corev1.PodSpec) { s.InitContainers[0].Image = "evil" }, []string{template, itself}},
		"without an init container": {func(s *corev1.PodSpec) { s.InitContainers = nil }, []string{template, itself}},
		"an init container for it": {func(s *corev1.PodSpec) {
			s.InitContainers, s.Containers = append(s.InitContainers, s.Containers...), []corev1.Container{{Name: "other"}}
		}, []string{template, "Pod a/agent-x initContainers/agent privileged"}},
		"with a sidecar": {func(s *corev1.PodSpec) {
			s.Containers = append([]corev1.Container{{Name: "mesh", SecurityContext: &corev1.SecurityContext{Privileged: &yes}}}, s.Containers...)
		}, []string{template, "DaemonSet a/agent containers/mesh privileged (seen in its pods, not in its template)"}},
	} {
		set := &appsv1.DaemonSet{ObjectMeta: meta("a", "agent", "agent", "")}
		set.Spec.Template.Spec = *agent()
		p := &corev1.Pod{ObjectMeta: meta("a", "agent-x", "agent-x", "agent"), Spec: *agent()}
		p.OwnerReferences[0].Kind = "DaemonSet"
		tt.change(&p.Spec)
		slices.Sort(tt.want)
		if got := findingsOf(t, set, p); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got  %q\nwant %q", name, got, tt.want)
		}
	}
}

// While a Deployment is rolled, its pods are of two revisions, and what the last one violated is still the same finding. A
// ReplicaSet that the Deployment's controller would not keep is no revision.
func TestRevisions(t *testing.T) {
	yes := true
	runs := func(args string) corev1.PodSpec {
		return corev1.PodSpec{Containers: []corev1.Container{{
			Name: "web", Image: "registry.example/web:1", Args: []string{args}, SecurityContext: &corev1.SecurityContext{Privileged: &yes},
		}}}
	}
	const template, itself = "Deployment a/web containers/web privileged", "Pod a/web-x containers/web privileged"
	for name, tt := range map[string]struct {
		change func(set *appsv1.ReplicaSet, pod *corev1.Pod)
		want   []string
	}{
		"the revision before": {func(*appsv1.ReplicaSet, *corev1.Pod) {}, []string{template}},
		"a pod that is none of it": {func(_ *appsv1.ReplicaSet, pod *corev1.Pod) {
			pod.Spec.Containers[0].Args = []string{"evil"}
		}, []string{template, itself}},
		"a name that the controller does not give": {func(set *appsv1.ReplicaSet, pod *corev1.Pod) {
			set.Name, pod.OwnerReferences[0].Name = "web-evil", "web-evil"
		}, []string{template, itself}},
		"labels that the Deployment does not select": {func(set *appsv1.ReplicaSet, _ *corev1.Pod) {
			set.Labels = map[string]string{"pod-template-hash": "6d4c"}
		}, []string{template, itself}},
		"a template that the Deployment does not select": {func(set *appsv1.ReplicaSet, _ *corev1.Pod) {
			set.Spec.Template.Labels = map[string]string{"pod-template-hash": "6d4c", "app": "other"}
		}, []string{template, itself}},
		"without the template's hash": {func(set *appsv1.ReplicaSet, _ *corev1.Pod) {
			set.Spec.Template.Labels = map[string]string{"app": "web"}
		}, []string{template, itself}},
	} {
		labels := map[string]string{"app": "web", "pod-template-hash": "6d4c"}
		deployment := &appsv1.Deployment{ObjectMeta: meta("a", "web", "deployment", "")}
		deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
		deployment.Spec.Template.Spec = runs("--new")
		set := &appsv1.ReplicaSet{ObjectMeta: meta("a", "web-6d4c", "replicaset", "deployment")}
		set.Labels, set.Spec.Template.Labels, set.Spec.Template.Spec = labels, labels, runs("--old")
		pod := &corev1.Pod{ObjectMeta: meta("a", "web-x", "web-x", "replicaset"), Spec: runs("--old")}
		pod.OwnerReferences[0].Name = set.Name
		tt.change(set, pod)
		slices.Sort(tt.want)
		if got := findingsOf(t, deployment, set, pod); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got  %q\nwant %q", name, got, tt.want)
		}
	}
}

// A check that knows a workload by its kind and name knows its pods by them, too: agents of the network keep their programs where
// the runtime looks for them.
func TestPodsAreSeenAsTheirOwners(t *testing.T) {
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	spec := corev1.PodSpec{
		Containers: []corev1.Container{{Name: "node", Image: "registry.k8s.io/calico/node:v3", VolumeMounts: []corev1.VolumeMount{{Name: "bin", MountPath: "/host/opt/cni/bin"}}}},
		Volumes:    []corev1.Volume{{Name: "bin", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/opt/cni/bin"}}}},
	}
	found := func(name string) bool {
		set := &appsv1.DaemonSet{ObjectMeta: meta("kube-system", name, "set", "")}
		set.Spec.Template.Spec = spec
		pod := &corev1.Pod{ObjectMeta: meta("kube-system", name+"-x", "pod", "set"), Spec: spec}
		pod.OwnerReferences[0].Kind, pod.OwnerReferences[0].Name = "DaemonSet", name
		r := newRun(&Scanner{Engine: engine}, &report.Cluster{})
		r.about = policy.Cluster{Provider: "kubeconfig", Version: "v1.37.2"}
		if _, err := r.objects(t.Context(), t.Context(), pagesOf{object(set), object(pod)}, collect.Scope{Kinds: snapshot.Kinds}); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(r.kept.take(), func(f finding.Finding) bool { return f.Check == "KM1032" })
	}
	if found("calico-node") {
		t.Error("the pods of the network's agent are not known for its")
	}
	if !found("mine") {
		t.Error("another's pods are taken for the agent's")
	}
}

// ownPack is our own checks, compiled.
var ownPack = sync.OnceValues(func() (*policy.Engine, error) {
	return policy.New(context.Background(), policy.Pack{Name: finding.BuiltInPack, FS: policies.FS})
})

// sums returns what identifies pods of a spec by what our own checks read, with the run that tells.
func sums(t *testing.T) (*run, func(*corev1.PodSpec) policy.Sum) {
	t.Helper()
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	var ofPods []string // alone: no template can stand for a pod there
	for _, c := range engine.Checks() {
		if engine.Judges(c.ID, "Pod") && !engine.Judges(c.ID, "Deployment") {
			ofPods = append(ofPods, c.ID)
		}
	}
	if engine, err = engine.Configure(policy.Settings{Skip: ofPods}); err != nil {
		t.Fatal(err)
	}
	r := newRun(&Scanner{Engine: engine}, &report.Cluster{})
	r.judges = engine.For(policy.Cluster{})
	n := 0
	return r, func(s *corev1.PodSpec) policy.Sum {
		n++
		m := meta("a", fmt.Sprint("p-", n), fmt.Sprint("p-", n), "")
		m.Labels, m.Annotations = map[string]string{"pod-template-hash": m.Name}, map[string]string{"pod": m.Name}
		return r.sum(object(&corev1.Pod{ObjectMeta: m, Spec: *s}))
	}
}

// Pods that no check can tell from their template, or from each other, are one.
func TestSum(t *testing.T) {
	base := func() *corev1.PodSpec {
		s := spec(true)
		s.Volumes = []corev1.Volume{
			{Name: "kube-api-access-abcde", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}},
			{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-0"}}},
		}
		s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "kube-api-access-abcde", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}}
		return &s
	}
	r, sum := sums(t)
	same := sum(base())
	template := &appsv1.Deployment{ObjectMeta: meta("a", "d", "d", "")}
	template.Spec.Template.Spec = *base()
	template.Spec.Template.Spec.Volumes = template.Spec.Template.Spec.Volumes[1:]
	template.Spec.Template.Spec.Containers[0].VolumeMounts = nil
	if r.sum(object(template)) != same {
		t.Error("a pod differs from its template")
	}
	for name, tt := range map[string]struct {
		change func(*corev1.PodSpec)
		same   bool
	}{
		"node": {func(s *corev1.PodSpec) { s.NodeName, s.Hostname = "n", "web-0" }, true},
		"token": {func(s *corev1.PodSpec) {
			s.Volumes[0].Name, s.Containers[0].VolumeMounts[0].Name = "kube-api-access-z", "kube-api-access-z"
		}, true},
		"claim": {func(s *corev1.PodSpec) { s.Volumes[1].PersistentVolumeClaim.ClaimName = "data-1" }, true},
		"host path": {func(s *corev1.PodSpec) {
			s.Volumes[1].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		}, false},
		"host path under the token's name": {func(s *corev1.PodSpec) {
			s.Volumes = append(s.Volumes, corev1.Volume{Name: "kube-api-access-x", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}})
		}, false},
		"image":             {func(s *corev1.PodSpec) { s.Containers[0].Image = "other" }, false},
		"default account":   {func(s *corev1.PodSpec) { s.ServiceAccountName, s.DeprecatedServiceAccount = "default", "default" }, true},
		"what nobody reads": {func(s *corev1.PodSpec) { s.SchedulerName = "mine" }, true},
	} {
		s := base()
		tt.change(s)
		if got := sum(s); (got == same) != tt.same {
			t.Errorf("%s: same is %v", name, got == same)
		}
	}
}

// The API server fills in host ports for pods on the node's network, but not in templates.
func TestDefaultedPorts(t *testing.T) {
	p := pod("a", "p", "", func(s *corev1.PodSpec) {
		s.HostNetwork = true
		s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}, {ContainerPort: 80, HostPort: 8080}}
	})
	got := withoutDefaultedPorts(p)
	if got.Spec.Containers[0].Ports[0].HostPort != 0 || got.Spec.Containers[0].Ports[1].HostPort != 8080 || p.Spec.Containers[0].Ports[0].HostPort != 80 {
		t.Errorf("ports are %+v, and were %+v", got.Spec.Containers[0].Ports, p.Spec.Containers[0].Ports)
	}
}

// Static pods are their node's, and each node has its own: they are one under the name without the node.
func TestStaticPods(t *testing.T) {
	static := func(name, node string, privileged bool) metav1.Object {
		p := pod("kube-system", name+"-"+node, node, nil)
		p.OwnerReferences[0].APIVersion, p.OwnerReferences[0].Kind, p.Spec.NodeName = "v1", "Node", node
		p.Spec.Containers[0].SecurityContext.Privileged = &privileged
		return p
	}
	want := []string{"Pod kube-system/kube-proxy containers/c privileged (seen in Pod kube-proxy-n1)"}
	if got := findingsOf(t, static("kube-proxy", "n1", true), static("kube-proxy", "n2", true)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	want = []string{"Pod kube-system/kube-proxy containers/c privileged (seen in Pod kube-proxy-n2)"}
	if got := findingsOf(t, static("kube-proxy", "n1", false), static("kube-proxy", "n2", true)); !slices.Equal(got, want) {
		t.Errorf("with one that differs: got %q, want %q", got, want)
	}
	liar := pod("a", "liar", "n1", nil)
	liar.OwnerReferences[0].APIVersion, liar.OwnerReferences[0].Kind = "v1", "Node"
	if got := findingsOf(t, liar); !slices.Equal(got, []string{"Pod a/liar containers/c privileged"}) {
		t.Errorf("got %q for a pod that only claims to be static", got)
	}
}

// claims makes the controller of an object one of a kind that no scan reads.
func claims[T metav1.Object](o T, apiVersion, kind, name string) T {
	yes := true
	o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID("uid-of-" + name), Controller: &yes}})
	return o
}

func rollout[T metav1.Object](o T) T { return claims(o, "argoproj.io/v1alpha1", "Rollout", "web") }

// What a controller of a kind that is not read makes anew under new names is identified by that controller. The claim cannot
// be checked, so it may hide nothing and lend nothing.
func TestUnreadOwners(t *testing.T) {
	yes := true
	privileged := func(name string) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) {
			s.Containers = append(s.Containers, corev1.Container{Name: name, SecurityContext: &corev1.SecurityContext{Privileged: &yes}})
		}
	}
	other := func(s *corev1.PodSpec) { s.Containers = append(s.Containers, corev1.Container{Name: "other"}) }
	replicaSet := func(name string, owned bool) *appsv1.ReplicaSet {
		set := &appsv1.ReplicaSet{ObjectMeta: meta("a", name, "uid-of-"+name, ""), Spec: appsv1.ReplicaSetSpec{Template: template(true)}}
		if owned {
			rollout(set)
		}
		return set
	}
	of := func(p *corev1.Pod, set *appsv1.ReplicaSet) *corev1.Pod {
		return claims(p, "apps/v1", "ReplicaSet", set.Name)
	}
	for _, tt := range []struct {
		name    string
		objects []metav1.Object
		want    []string
	}{
		{
			"its pods have one identity",
			[]metav1.Object{rollout(pod("a", "web-z", "", nil)), rollout(pod("a", "web-y", "", nil))},
			[]string{"Rollout a/web containers/c privileged (seen in Pod web-y)"},
		},
		{
			"pods of different content are both judged",
			[]metav1.Object{rollout(pod("a", "web-1", "", nil)), rollout(pod("a", "evil", "", privileged("evil")))},
			[]string{"Rollout a/web containers/c privileged (seen in Pod evil and 1 unlike it)", "Rollout a/web containers/evil privileged (seen in Pod evil)"},
		},
		{
			"one that copies another's places is named with it",
			[]metav1.Object{rollout(pod("a", "web-1", "", nil)), rollout(pod("a", "evil", "", other)), rollout(pod("a", "web-2", "", nil))},
			[]string{"Rollout a/web containers/c privileged (seen in Pod evil and 1 unlike it)"},
		},
		{
			"each namespace, kind and group has its own",
			[]metav1.Object{
				rollout(pod("a", "x", "", nil)), rollout(pod("b", "x", "", nil)), claims(pod("a", "y", "", nil), "argoproj.io/v1", "Workflow", "web"),
				claims(pod("a", "z", "", nil), "example.com/v1", "Rollout", "web"), claims(pod("a", "w", "", nil), "example.com/v2", "Rollout", "web"),
			},
			[]string{
				"Rollout a/web containers/c privileged (seen in Pod w)", "Rollout a/web containers/c privileged (seen in Pod x)",
				"Rollout b/web containers/c privileged (seen in Pod x)", "Workflow a/web containers/c privileged (seen in Pod y)",
			},
		},
		{
			"a ReplicaSet between them",
			[]metav1.Object{replicaSet("web-1", true), of(pod("a", "web-1-x", "", nil), replicaSet("web-1", true)), of(pod("a", "web-1-y", "", privileged("mesh")), replicaSet("web-1", true))},
			[]string{"Rollout a/web containers/c privileged (seen in ReplicaSet web-1)", "Rollout a/web containers/mesh privileged (seen in Pod web-1-y)"},
		},
		{
			"a Job between them",
			[]metav1.Object{claims(&batchv1.Job{ObjectMeta: meta("a", "train-1", "j", ""), Spec: batchv1.JobSpec{Template: template(true)}}, "jobset.x-k8s.io/v1", "JobSet", "train")},
			[]string{"JobSet a/train containers/c privileged (seen in Job train-1)"},
		},
		{
			"a StatefulSet has a lasting name of its own",
			[]metav1.Object{claims(&appsv1.StatefulSet{ObjectMeta: meta("a", "db", "db", ""), Spec: appsv1.StatefulSetSpec{Template: template(true)}}, "example.com/v1", "Database", "main")},
			[]string{"StatefulSet a/db containers/c privileged"},
		},
		{"the identity of what is read is not lent: a Deployment", []metav1.Object{claims(pod("a", "liar", "", nil), "apps/v1", "Deployment", "web")}, []string{"Pod a/liar containers/c privileged"}},
		{"nor by another spelling", []metav1.Object{claims(pod("a", "liar", "", nil), "apps/v1", "deployment", "web")}, []string{"Pod a/liar containers/c privileged"}},
		{"nor of the core group", []metav1.Object{claims(pod("a", "liar", "", nil), "v1", "Rollout", "web")}, []string{"Pod a/liar containers/c privileged"}},
		{"a name that is none", []metav1.Object{claims(pod("a", "liar", "", nil), "example.com/v1", "Rollout", "../b/web")}, []string{"Pod a/liar containers/c privileged"}},
		{"a kind that is none", []metav1.Object{claims(pod("a", "liar", "", nil), "example.com/v1", "Roll out\x1b[2J", "web")}, []string{"Pod a/liar containers/c privileged"}},
		{"a group that is none", []metav1.Object{claims(pod("a", "liar", "", nil), "a.b/c/v1", "Rollout", "web")}, []string{"Pod a/liar containers/c privileged"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := slices.Sorted(slices.Values(tt.want))
			slices.Reverse(tt.objects)
			for range 2 { // the order of what is read tells nothing
				slices.Reverse(tt.objects)
				if got := findingsOf(t, tt.objects...); !slices.Equal(got, want) {
					t.Errorf("got  %q\nwant %q", got, want)
				}
			}
		})
	}
}

// The finding is the same one when its pods are made anew.
func TestUnreadOwnersKeepTheirFindings(t *testing.T) {
	fingerprint := func(name string) string {
		r := newRun(&Scanner{Engine: engine()}, &report.Cluster{})
		if _, err := r.objects(t.Context(), t.Context(), pagesOf{object(rollout(pod("a", name, "", nil)))}, collect.Scope{Kinds: snapshot.Kinds}); err != nil {
			t.Fatal(err)
		}
		all := r.kept.take()
		if len(all) != 1 || all[0].Object.Resource != "rollouts" {
			t.Fatalf("found %+v", all)
		}
		return all[0].Fingerprint("c")
	}
	if fingerprint("web-6d4c-x1") != fingerprint("web-77f9-k2") {
		t.Error("another pod's name makes another finding")
	}
}

// What a check reads that pods do not share with their template is judged for each pod, however alike the rest is.
func TestWhatIsEachPodsOwn(t *testing.T) {
	var owners []metav1.Object
	for _, o := range shop() {
		if uid := o.GetUID(); uid == "deployment" || uid == "replicaset" {
			owners = append(owners, o)
		}
	}
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	pinned := pod("a", "web-1-y", "replicaset", func(s *corev1.PodSpec) {
		s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: "node-role.kubernetes.io/control-plane", Operator: corev1.NodeSelectorOpExists,
			}}}},
		}}}
	})
	unconfined := pod("a", "web-1-z", "replicaset", nil)
	unconfined.Annotations = map[string]string{"container.apparmor.security.beta.kubernetes.io/c": "unconfined"}
	r := newRun(&Scanner{Engine: engine}, &report.Cluster{})
	source := pagesOf{}
	for _, o := range append(owners, pod("a", "web-1-x", "replicaset", nil), pinned, unconfined) {
		source = append(source, object(o))
	}
	if _, err := r.objects(t.Context(), t.Context(), source, collect.Scope{Kinds: snapshot.Kinds}); err != nil {
		t.Fatal(err)
	}
	all := r.kept.take()
	for _, check := range []string{"KM1052", "KM1010"} {
		if !slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Check == check && f.Object.String() == "Deployment a/web" }) {
			t.Errorf("%s does not find the pod that differs", check)
		}
	}
}
