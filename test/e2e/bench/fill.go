package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

// writers at once: the API server, not the client, sets the pace.
const writers = 16

// perNamespace deployments share a namespace.
const perNamespace = 40

// models are the deployments that go through the API server.
const models = 200

// fill puts the world into the server. Some deployments, each with its ReplicaSet and its first pod, go through the API
// server, which defaults them and keeps the books of their fields. All others are copies of these under names, images and
// UIDs of their own, written where the server keeps them: a server takes a few hundred objects a second, and its storage
// some thousands.
func fill(ctx context.Context, c *cluster.Cluster, s size) error {
	config := rest.CopyConfig(c.Admin)
	config.UserAgent = "kube-controller-manager" // the manager of the fields
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	store, err := c.Store()
	if err != nil {
		return err
	}
	defer store.Close()
	f := filler{client, store, s, make([]app, min(models, s.deployments))}
	if err := f.each(ctx, (s.deployments+perNamespace-1)/perNamespace, f.namespace); err != nil {
		return err
	}
	if err := f.each(ctx, s.nodes, f.node); err != nil {
		return err
	}
	if err := f.each(ctx, len(f.models), f.model); err != nil {
		return err
	}
	return f.each(ctx, s.deployments, f.copies)
}

type filler struct {
	client *kubernetes.Clientset
	store  *cluster.Store
	size   size
	models []app
}

// app is a deployment as the API server has it, with its ReplicaSet and a pod.
type app struct {
	name, namespace, hash string
	deployment            *appsv1.Deployment
	replicaSet            *appsv1.ReplicaSet
	pod                   *corev1.Pod
}

// each calls do with the numbers below n, some at a time.
func (f filler) each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

func namespaceName(i int) string { return fmt.Sprintf("team-%04d", i) }

func (f filler) namespace(ctx context.Context, i int) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceName(i), Labels: map[string]string{"team": strconv.Itoa(i)}}}
	_, err := f.client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{})
	return err
}

func nodeName(i int) string { return fmt.Sprintf("node-%04d.cluster.internal", i) }

func (f filler) node(ctx context.Context, i int) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName(i), Labels: map[string]string{
		"kubernetes.io/hostname": nodeName(i), "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": string(rune('a' + i%3)),
	}}}
	node.Status = corev1.NodeStatus{
		Capacity: quantities("16", "64Gi"), Allocatable: quantities("15", "60Gi"),
		NodeInfo: corev1.NodeSystemInfo{KubeletVersion: []string{"v1.36.4", "v1.37.1", "v1.32.0"}[i%3], ContainerRuntimeVersion: "containerd://2.2.0", OperatingSystem: "linux", Architecture: "amd64"},
		Conditions: []corev1.NodeCondition{
			{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "kubelet is posting ready status"},
		},
	}
	for n := range 50 { // what a node has pulled
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{
			Names: []string{fmt.Sprintf("registry.example/team/app-%d@sha256:%064x", n, n), fmt.Sprintf("registry.example/team/app-%d:1.%d", n, n)}, SizeBytes: int64(n) << 20,
		})
	}
	_, err := f.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	return err
}

// appName has the same length for every i and the same kind.
func appName(kind string, i int) string { return fmt.Sprintf("%s-%06d", kind, i) }

// replicas is deployment i's share of the pods.
func (f filler) replicas(i int) int {
	return f.size.pods/f.size.deployments + btoi(i < f.size.pods%f.size.deployments)
}

// model makes deployment i with its ReplicaSet and, if it has any, its first pod.
func (f filler) model(ctx context.Context, i int) error {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	a := &f.models[i]
	a.namespace, a.name, a.hash = namespaceName(i/perNamespace), appName(kindOf(r), i), hashOf(r)
	labels := map[string]string{"app.kubernetes.io/name": a.name, "app.kubernetes.io/part-of": a.namespace, "team": a.namespace}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{
		"prometheus.io/scrape": "true", "checksum/config": fmt.Sprintf("%064x", r.Uint64()),
	}}, Spec: podSpec(r, a.name)}
	replicas := new(int32(f.replicas(i)))
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": a.name}}
	meta := metav1.ObjectMeta{Name: a.name, Namespace: a.namespace, Labels: labels, Annotations: map[string]string{"deployment.kubernetes.io/revision": "1"}}
	var err error
	if a.deployment, err = f.client.AppsV1().Deployments(a.namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: replicas, Selector: selector, Template: template},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	template = *a.deployment.Spec.Template.DeepCopy()
	template.Labels["pod-template-hash"] = a.hash
	meta.Name, meta.OwnerReferences = a.name+"-"+a.hash, []metav1.OwnerReference{controller("Deployment", a.name, a.deployment.UID)}
	if a.replicaSet, err = f.client.AppsV1().ReplicaSets(a.namespace).Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Replicas: replicas, Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
	pod.GenerateName, pod.OwnerReferences = meta.Name+"-", []metav1.OwnerReference{controller("ReplicaSet", meta.Name, a.replicaSet.UID)}
	pod.Name = pod.GenerateName + suffix(0)
	pod.Spec.NodeName = nodeName(r.IntN(f.size.nodes))
	addToken(&pod.Spec, suffix(0))
	if a.pod, err = f.client.CoreV1().Pods(a.namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return err
	}
	setRunning(a.pod, r)
	a.pod, err = f.client.CoreV1().Pods(a.namespace).UpdateStatus(ctx, a.pod, metav1.UpdateOptions{FieldManager: "kubelet"})
	if err == nil && *replicas == 0 {
		err = f.client.CoreV1().Pods(a.namespace).Delete(ctx, a.pod.Name, *metav1.NewDeleteOptions(0))
	}
	return err
}

// copies writes what deployment i has and is not there yet.
func (f filler) copies(ctx context.Context, i int) error {
	r := rand.New(rand.NewPCG(2, uint64(i)))
	a := f.models[i%len(f.models)]
	namespace, name := namespaceName(i/perNamespace), appName(a.name[:len(a.name)-len("-000000")], i)
	texts := strings.NewReplacer()
	if i >= len(f.models) {
		texts = strings.NewReplacer(
			a.namespace, namespace, a.name, name, a.hash, hashOf(r),
			string(a.deployment.UID), string(uuid.NewUUID()), string(a.replicaSet.UID), string(uuid.NewUUID()), string(a.pod.UID), string(uuid.NewUUID()),
		)
		d, rs := a.deployment.DeepCopy(), a.replicaSet.DeepCopy()
		d.ResourceVersion, rs.ResourceVersion = "", ""
		d.Spec.Replicas, rs.Spec.Replicas = new(int32(f.replicas(i))), new(int32(f.replicas(i)))
		if err := errors.Join(
			f.store.Put(ctx, appsv1.SchemeGroupVersion, map[string]runtime.Object{"deployments/" + d.Namespace + "/" + d.Name: d}, texts),
			f.store.Put(ctx, appsv1.SchemeGroupVersion, map[string]runtime.Object{"replicasets/" + rs.Namespace + "/" + rs.Name: rs}, texts),
		); err != nil {
			return err
		}
	}
	pods := map[string]runtime.Object{}
	for n := btoi(i < len(f.models)); n < f.replicas(i); n++ {
		p := a.pod.DeepCopy()
		p.Name, p.ResourceVersion = p.GenerateName+suffix(n), ""
		if n > 0 {
			p.UID = uuid.NewUUID()
		}
		p.Spec.NodeName = nodeName(r.IntN(f.size.nodes))
		renameToken(&p.Spec, suffix(n))
		setRunning(p, r)
		pods["pods/"+p.Namespace+"/"+p.Name] = p
	}
	return f.store.Put(ctx, corev1.SchemeGroupVersion, pods, texts)
}

func kindOf(r *rand.Rand) string {
	return pick(r, "api", "web", "worker", "billing", "search", "ingest", "mailer", "auth")
}

// hashOf is a template's hash, always as long.
func hashOf(r *rand.Rand) string { return fmt.Sprintf("%010x", r.Uint64()&0xffffffffff) }

// suffix is the end of a pod's name.
func suffix(n int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	b := []byte("xxxxx")
	for i := range b {
		b[i] = letters[n%len(letters)]
		n /= len(letters)
	}
	return string(b)
}

func controller(kind, name string, uid types.UID) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "apps/v1", Kind: kind, Name: name, UID: uid, Controller: new(true), BlockOwnerDeletion: new(true)}
}

// podSpec is a pod of one to four containers. No two deployments have the same: each has its own names and images.
func podSpec(r *rand.Rand, name string) corev1.PodSpec {
	spec := corev1.PodSpec{
		ServiceAccountName: pick(r, "", "", name), TerminationGracePeriodSeconds: new(int64(30 + r.IntN(60))), PriorityClassName: "",
		NodeSelector: map[string]string{"kubernetes.io/os": "linux"},
		Tolerations: []corev1.Toleration{
			{Key: "node.kubernetes.io/not-ready", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(300))},
			{Key: "node.kubernetes.io/unreachable", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(300))},
		},
		Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname", LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": name}}},
		}}}},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
	}
	if r.IntN(2) == 0 {
		spec.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: new(true), FSGroup: new(int64(2000)), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	}
	if r.IntN(20) == 0 {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: "logs", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log"}}})
	}
	spec.HostNetwork, spec.HostPID = r.IntN(50) == 0, r.IntN(100) == 0
	if r.IntN(3) == 0 {
		spec.InitContainers = append(spec.InitContainers, container(r, name+"-migrate", name, 0))
	}
	spec.Containers = append(spec.Containers, container(r, name, name, 8080))
	for i, sidecar := range []string{"proxy", "metrics", "log-shipper"} {
		if r.IntN(3) == 0 {
			spec.Containers = append(spec.Containers, container(r, sidecar, sidecar, 9090+i))
		}
	}
	return spec
}

func container(r *rand.Rand, name, app string, port int) corev1.Container {
	c := corev1.Container{
		Name: name, Image: fmt.Sprintf("registry.example/%s/%s:%d.%d.%d", pick(r, "platform", "shop", "data"), app, r.IntN(4), r.IntN(30), r.IntN(10)),
		ImagePullPolicy: corev1.PullIfNotPresent,
		Command:         []string{"/app/" + name}, Args: []string{"--config=/etc/app/config.yaml", "--log-level=" + pick(r, "info", "warn", "debug")},
		Resources:    corev1.ResourceRequirements{Requests: quantities("100m", "128Mi")},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}},
	}
	for i := range r.IntN(15) {
		e := corev1.EnvVar{Name: fmt.Sprintf("%s_SETTING_%d", pick(r, "APP", "HTTP", "CACHE", "QUEUE"), i), Value: fmt.Sprintf("%s-%d", app, r.IntN(1000))}
		switch r.IntN(5) {
		case 0:
			e = corev1.EnvVar{Name: e.Name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: app}, Key: "key"}}}
		case 1:
			e = corev1.EnvVar{Name: e.Name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"}}}
		}
		c.Env = append(c.Env, e)
	}
	if r.IntN(3) > 0 {
		c.Resources.Limits = quantities("1", "512Mi")
	}
	if port != 0 {
		probe := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt(port)}}
		c.Ports = []corev1.ContainerPort{{Name: fmt.Sprintf("http-%d", port), ContainerPort: int32(port), Protocol: corev1.ProtocolTCP}}
		c.LivenessProbe = &corev1.Probe{ProbeHandler: probe, PeriodSeconds: 10, FailureThreshold: 3}
		c.ReadinessProbe = &corev1.Probe{ProbeHandler: probe, PeriodSeconds: 5, FailureThreshold: 2}
	}
	switch r.IntN(4) { // half say nothing, as in most clusters
	case 0:
		c.SecurityContext = &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), RunAsUser: new(int64(1000)),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
	case 1:
		c.SecurityContext = &corev1.SecurityContext{RunAsUser: new(int64(r.IntN(2) * 1000)), Capabilities: &corev1.Capabilities{Add: []corev1.Capability{corev1.Capability(pick(r, "NET_ADMIN", "CHOWN", "SYS_ADMIN"))}}}
	}
	if r.IntN(100) == 0 {
		c.SecurityContext = &corev1.SecurityContext{Privileged: new(true)}
	}
	if r.IntN(20) == 0 {
		c.Image = "registry.example/tools/" + app + ":latest"
	}
	return c
}

// addToken does what admission does where service accounts are there.
func addToken(spec *corev1.PodSpec, suffix string) {
	name := "kube-api-access-" + suffix
	spec.Volumes = append(spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: new(int64(3607)), Path: "token"}},
		{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}},
	}}}})
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			list[i].VolumeMounts = append(list[i].VolumeMounts, corev1.VolumeMount{Name: name, ReadOnly: true, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"})
		}
	}
	if spec.ServiceAccountName == "" {
		spec.ServiceAccountName = "default"
	}
}

// renameToken gives the token's volume, the last one, the name that admission would have given it in this pod.
func renameToken(spec *corev1.PodSpec, suffix string) {
	name := "kube-api-access-" + suffix
	spec.Volumes[len(spec.Volumes)-1].Name = name
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			list[i].VolumeMounts[len(list[i].VolumeMounts)-1].Name = name
		}
	}
}

// setRunning gives the pod the status of one that runs.
func setRunning(pod *corev1.Pod, r *rand.Rand) {
	started := metav1.NewTime(time.Now().Truncate(time.Second))
	ip := fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256))
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, HostIP: "192.168.1.1", HostIPs: []corev1.HostIP{{IP: "192.168.1.1"}}, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
		StartTime: &started, QOSClass: pod.Status.QOSClass,
	}
	for _, t := range []corev1.PodConditionType{"PodReadyToStartContainers", corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: started})
	}
	status := func(c corev1.Container) corev1.ContainerStatus {
		return corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: fmt.Sprintf("%s@sha256:%016x%048x", c.Image, r.Uint64(), 1), Ready: true, Started: new(true),
			ContainerID: fmt.Sprintf("containerd://%016x%016x%032x", r.Uint64(), r.Uint64(), 1), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}},
		}
	}
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, status(c))
	}
}

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
