package scan

import (
	"context"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/collect"
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
	for _, f := range r.cluster.Findings {
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
			[]string{template, "Deployment a/web containers/evil privileged (seen in its pods, not in its template)"},
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

// Pods that no check can tell from their template, or from each other, are one.
func TestSum(t *testing.T) {
	engine, err := policy.New(t.Context(), policy.Pack{Name: "kubemuster", FS: policies.FS})
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(&Scanner{Engine: engine}, &report.Cluster{})
	r.judges = engine.For(policy.Cluster{})
	sum := func(s *corev1.PodSpec) policy.Sum {
		return r.sum(object(&corev1.Pod{ObjectMeta: meta("a", "p", "p", ""), Spec: *s}))
	}
	base := func() *corev1.PodSpec {
		s := spec(true)
		s.Volumes = []corev1.Volume{
			{Name: "kube-api-access-abcde", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}},
			{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-0"}}},
		}
		s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "kube-api-access-abcde", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}}
		return &s
	}
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
		"account":           {func(s *corev1.PodSpec) { s.ServiceAccountName = "other" }, false},
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
		p.OwnerReferences[0].Kind, p.Spec.NodeName = "Node", node
		p.Spec.Containers[0].SecurityContext.Privileged = &privileged
		return p
	}
	want := []string{"Pod kube-system/kube-proxy containers/c privileged"}
	if got := findingsOf(t, static("kube-proxy", "n1", true), static("kube-proxy", "n2", true)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := findingsOf(t, static("kube-proxy", "n1", false), static("kube-proxy", "n2", true)); !slices.Equal(got, want) {
		t.Errorf("with one that differs: got %q, want %q", got, want)
	}
	liar := pod("a", "liar", "n1", nil)
	liar.OwnerReferences[0].Kind = "Node"
	if got := findingsOf(t, liar); !slices.Equal(got, []string{"Pod a/liar containers/c privileged"}) {
		t.Errorf("got %q for a pod that only claims to be static", got)
	}
}
