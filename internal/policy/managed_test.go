package policy_test

import (
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// What the recorded clusters hold that their provider runs, and nothing else of them.
func TestManagedInRecordings(t *testing.T) {
	engine := newEngine(t)
	for provider, want := range map[string][]string{
		"eks": {
			"ClusterRoleBinding eks:addon-cluster-admin", "DaemonSet kube-system/aws-node", "DaemonSet kube-system/ebs-csi-node",
			"DaemonSet kube-system/kube-proxy", "Deployment kube-system/coredns", "MutatingWebhookConfiguration pod-identity-webhook",
			"Service kube-system/kube-dns", "ValidatingWebhookConfiguration vpc-resource-validating-webhook",
		},
		"gke": {
			"ClusterRoleBinding gke-metrics-agent", "DaemonSet kube-system/fluentbit-gke", "DaemonSet kube-system/gke-metrics-agent",
			"Deployment kube-system/kube-dns", "Namespace gmp-system", "Service kube-system/kube-dns",
			"ValidatingWebhookConfiguration gmp-operator.gmp-system.monitoring.googleapis.com",
		},
		"aks": {
			"DaemonSet kube-system/azure-cns", "DaemonSet kube-system/cloud-node-manager", "DaemonSet kube-system/kube-proxy",
			"Deployment kube-system/coredns", "MutatingWebhookConfiguration azure-wi-webhook-mutating-webhook-configuration", "Namespace gatekeeper-system",
			"Service kube-system/kube-dns",
		},
	} {
		var got []string
		_, objects := recording(t, provider)
		for _, o := range objects {
			id := identityOf(o)
			if engine.ManagedBy(policy.Cluster{Provider: provider}, id, o) != "" {
				got = append(got, id.String())
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", provider, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// recording is a recorded cluster of a provider.
func recording(t *testing.T, provider string) (header snapshot.Header, objects []snapshot.Object) {
	t.Helper()
	f, err := os.Open("../../testdata/snapshots/" + provider + ".ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := snapshot.NewReader(f, provider)
	if err != nil {
		t.Fatal(err)
	}
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Header(), objects
		}
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
}

// On what Kubernetes and the providers run themselves nothing weighs high that its owner could mend, but for one DaemonSet that
// people installed into kube-system.
func TestRecordingsAreQuiet(t *testing.T) {
	engine := newEngine(t)
	for _, provider := range []string{"eks", "gke", "aks"} {
		header, objects := recording(t, provider)
		about := policy.Cluster{Provider: provider, Version: header.ServerVersion, Time: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
		var index snapshot.Index
		var findings []finding.Finding
		managed := map[finding.Object]bool{}
		for _, o := range objects {
			index.Add(o)
			managed[identityOf(o)] = engine.ManagedBy(about, identityOf(o), o) != ""
			if len(o.Value.GetOwnerReferences()) == 0 { // others are judged at their owner
				findings = append(findings, engine.Object(t.Context(), o, about).Findings...)
			}
		}
		findings = append(findings, engine.Cluster(t.Context(), index.Inventory(), about, func(finding.Check) bool { return false }).Findings...)
		for _, f := range findings {
			ofSystem := strings.HasPrefix(f.Object.Namespace, "kube-") || strings.Contains(f.Object.Name, ":") || f.Object.Kind == "Cluster"
			if ofSystem && f.Severity >= finding.High && !managed[f.Object] && f.Object.Name != "nvidia-device-plugin" {
				t.Errorf("%s: %s %s %s: %s", provider, f.Severity, f.Check, f.Object, f.Message)
			}
		}
	}
}

func identityOf(o snapshot.Object) finding.Object {
	return finding.Object{Group: o.Kind.Group, Version: o.Kind.Version, Kind: o.Kind.Name, Resource: o.Kind.Resource, Namespace: o.Value.GetNamespace(), Name: o.Value.GetName()}
}

const ecr = "602401143452.dkr.ecr.us-east-1.amazonaws.com/"

// A name alone makes nothing the provider's.
func TestManaged(t *testing.T) {
	workload := func(namespace string, images ...string) *appsv1.DaemonSet {
		d := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "aws-node"}}
		for _, image := range images {
			d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Image: image})
		}
		return d
	}
	binding := func(name, role string, subjects ...rbacv1.Subject) *rbacv1.ClusterRoleBinding {
		return &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: role}, Subjects: subjects}
	}
	user := func(name string) rbacv1.Subject { return rbacv1.Subject{Kind: "User", Name: name} }
	webhook := func(name string, client admissionv1.WebhookClientConfig) *admissionv1.MutatingWebhookConfiguration {
		return &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionv1.MutatingWebhook{{ClientConfig: client}}}
	}
	url := func(u string) admissionv1.WebhookClientConfig { return admissionv1.WebhookClientConfig{URL: &u} }
	service := func(namespace, name string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: namespace, Name: name}}
	}
	engine, eks := newEngine(t), policy.Cluster{Provider: "eks"}
	for _, tt := range []struct {
		name    string
		cluster policy.Cluster
		object  metav1.Object
		want    bool
	}{
		{"a workload", eks, workload("kube-system", ecr+"amazon-k8s-cni:v1"), true},
		{"of a cluster reached by a kubeconfig", policy.Cluster{Provider: "kubeconfig", Version: "v1.37.1-eks-a1b2c3d"}, workload("kube-system", ecr+"amazon-k8s-cni:v1"), true},
		{"of another provider", policy.Cluster{Provider: "gke", Version: "v1.37.2-gke.100"}, workload("kube-system", ecr+"amazon-k8s-cni:v1"), false},
		{"in manifests", policy.Cluster{Provider: "manifests"}, workload("kube-system", ecr+"amazon-k8s-cni:v1"), false},
		{"in another namespace", eks, workload("shop", ecr+"amazon-k8s-cni:v1"), false},
		{"with an image from elsewhere", eks, workload("kube-system", ecr+"amazon-k8s-cni:v1", "registry.example/sidecar:1"), false},
		{"with another image of that registry", eks, workload("kube-system", ecr+"amazon-k8s-cni:v1", ecr+"eks/kubectl:v1"), false},
		{"with an image whose name ends so", eks, workload("kube-system", ecr+"not-amazon-k8s-cni:v1"), false},
		{"by its digest", eks, workload("kube-system", ecr+"amazon-k8s-cni@sha256:00", ecr+"amazon/aws-network-policy-agent:v1@sha256:00"), true},
		{"from a registry whose name begins so", eks, workload("kube-system", "602401143452.dkr.ecr.us-east-1.amazonaws.com.example/cni:v1"), false},
		{"from an account that is anybody's", eks, workload("kube-system", "111122223333.dkr.ecr.us-east-1.amazonaws.com/cni:v1"), false},
		{"a binding", eks, binding("eks:addon-manager", "eks:addon-manager", user("eks:addon-manager")), true},
		{"with another subject", eks, binding("eks:addon-manager", "eks:addon-manager", user("eks:addon-manager"), user("mallory")), false},
		{"to another role", eks, binding("eks:addon-manager", "cluster-admin", user("eks:addon-manager")), false},
		{"with a group of that name", eks, binding("eks:addon-manager", "eks:addon-manager", rbacv1.Subject{Kind: "Group", Name: "eks:addon-manager"}), false},
		{"of another name", eks, binding("eks:mine", "eks:mine", user("eks:addon-manager")), false},
		{"with the service account", eks, binding("eks:kube-proxy", "system:node-proxier", rbacv1.Subject{Kind: "ServiceAccount", Namespace: "kube-system", Name: "kube-proxy"}), true},
		{"with one of another namespace", eks, binding("eks:kube-proxy", "system:node-proxier", rbacv1.Subject{Kind: "ServiceAccount", Namespace: "shop", Name: "kube-proxy"}), false},
		{"a webhook", eks, webhook("pod-identity-webhook", url("https://127.0.0.1:23443/mutate")), true},
		{"that is asked elsewhere", eks, webhook("pod-identity-webhook", url("https://hooks.example/mutate")), false},
		{"that asks a service", eks, webhook("pod-identity-webhook", service("shop", "hook")), false},
		{"that asks its service", policy.Cluster{Provider: "aks"}, webhook("azure-wi-webhook-mutating-webhook-configuration", service("kube-system", "azure-wi-webhook-webhook-service")), true},
		{"a namespace of an add-on", policy.Cluster{Provider: "aks"}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gatekeeper-system", Labels: map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}}}, true},
		{"known by the API server's host", policy.Cluster{Provider: "kubeconfig", Version: "v1.37.2", Host: "shop-1a2b.hcp.westeurope.azmk8s.io"}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gatekeeper-system", Labels: map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}}}, true},
		{"at a host that begins so", policy.Cluster{Provider: "kubeconfig", Version: "v1.37.2", Host: "shop.azmk8s.io.example"}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gatekeeper-system", Labels: map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}}}, false},
		{"at a host that ends so", policy.Cluster{Provider: "kubeconfig", Version: "v1.37.2", Host: "shop.evilazmk8s.io"}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gatekeeper-system", Labels: map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}}}, false},
		{"a namespace of one's own", policy.Cluster{Provider: "aks"}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gatekeeper-system"}}, false},
		{"a service", policy.Cluster{Provider: "gke"}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "metrics-server"}}, true},
		{"a service that is reached from outside", policy.Cluster{Provider: "gke"}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "metrics-server"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}}, false},
		{"a service at a port of every node", policy.Cluster{Provider: "gke"}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-dns"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort}}, false},
		{"a service that has one always", policy.Cluster{Provider: "gke"}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "default-http-backend"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort}}, true},
		{"a service that takes an address", policy.Cluster{Provider: "gke"}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "metrics-server"}, Spec: corev1.ServiceSpec{ExternalIPs: []string{"192.0.2.1"}}}, false},
		{"without any way", eks, webhook("pod-identity-webhook", admissionv1.WebhookClientConfig{}), false},
	} {
		kind, _ := snapshot.KindNamed(reflect.TypeOf(tt.object).Elem().Name())
		o := snapshot.Object{Kind: kind, Value: tt.object}
		if got := engine.ManagedBy(tt.cluster, identityOf(o), o); (got == policy.ByProvider) != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
	// A container that somebody added to one of its pods is not the provider's.
	kind, _ := snapshot.KindNamed("Pod")
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		InitContainers:      []corev1.Container{{Image: ecr + "amazon-k8s-cni-init:v1"}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Image: "busybox"}}},
	}}
	owner := finding.Object{Group: "apps", Version: "v1", Kind: "DaemonSet", Resource: "daemonsets", Namespace: "kube-system", Name: "aws-node"}
	if got := engine.ManagedBy(eks, owner, snapshot.Object{Kind: kind, Value: pod}); got != "" {
		t.Errorf("a debug container is managed by %s", got)
	}
	pod.Spec.EphemeralContainers = nil
	if got := engine.ManagedBy(eks, owner, snapshot.Object{Kind: kind, Value: pod}); got != policy.ByProvider {
		t.Errorf("its own pod is managed by %q", got)
	}
}

// What runs something else in a provider's images, or has powers that the provider's has not, is not the provider's.
func TestManagedRunsNothingElse(t *testing.T) {
	engine, eks := newEngine(t), policy.Cluster{Provider: "eks", Version: "v1.37.2-eks-a1b2c3d"}
	exec := func(words ...string) *corev1.ExecAction { return &corev1.ExecAction{Command: words} }
	for _, tt := range []struct {
		name   string
		change func(*corev1.PodSpec, *corev1.Container)
		want   bool
	}{
		{"as it is", func(_ *corev1.PodSpec, c *corev1.Container) { c.Args = []string{"-conf", "/etc/coredns/Corefile"} }, true},
		{"with its own command", func(_ *corev1.PodSpec, c *corev1.Container) { c.Command = []string{"/coredns"} }, true},
		{"with another command", func(_ *corev1.PodSpec, c *corev1.Container) { c.Command = []string{"/bin/sh", "-c", "nsenter -t 1"} }, false},
		{"with a hook", func(_ *corev1.PodSpec, c *corev1.Container) {
			c.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: exec("/x/bin/sh")}}
		}, false},
		{"with a probe", func(_ *corev1.PodSpec, c *corev1.Container) {
			c.StartupProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: exec("/x/bin/sh")}}
		}, false},
		{"with a library before all others", func(_ *corev1.PodSpec, c *corev1.Container) {
			c.Env = []corev1.EnvVar{{Name: "LD_PRELOAD", Value: "/x/evil.so"}}
		}, false},
		{"with a debug container", func(s *corev1.PodSpec, c *corev1.Container) {
			s.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Image: c.Image, Command: []string{"sh"}}}}
		}, false},
		{"in the node's network", func(s *corev1.PodSpec, _ *corev1.Container) { s.HostNetwork = true }, false},
		{"among the node's processes", func(s *corev1.PodSpec, _ *corev1.Container) { s.HostPID = true }, false},
		{"with the node's files", func(s *corev1.PodSpec, _ *corev1.Container) {
			s.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
		}, false},
		{"with a usual capability", func(_ *corev1.PodSpec, c *corev1.Container) {
			c.SecurityContext = &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_BIND_SERVICE"}}}
		}, true},
		{"with a capability of the node", func(_ *corev1.PodSpec, c *corev1.Container) {
			c.SecurityContext = &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_ADMIN"}}}
		}, false},
		{"privileged", func(_ *corev1.PodSpec, c *corev1.Container) {
			yes := true
			c.SecurityContext = &corev1.SecurityContext{Privileged: &yes}
		}, false},
	} {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "coredns"}}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Image: ecr + "eks/coredns:v1.12.1-eksbuild.2"}}
		tt.change(&d.Spec.Template.Spec, &d.Spec.Template.Spec.Containers[0])
		kind, _ := snapshot.KindNamed("Deployment")
		o := snapshot.Object{Kind: kind, Value: d}
		if got := engine.ManagedBy(eks, identityOf(o), o); (got == policy.ByProvider) != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// A grant is the provider's while its role allows no more than Kubernetes gives that role. Of the provider's own roles it is not
// known what they hold, which none but its users can use.
func TestManagedGrants(t *testing.T) {
	engine := newEngine(t)
	star := []snapshot.InventoryRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}
	proxy := snapshot.InventorySubject{Kind: "ServiceAccount", Namespace: "kube-system", Name: "kube-proxy"}
	manager := snapshot.InventorySubject{Kind: "User", Name: "eks:addon-manager"}
	for _, tt := range []struct {
		name, binding, role string
		subject             snapshot.InventorySubject
		want                string
	}{
		{"a user of the control plane", "eks:addon-manager", "eks:addon-manager", manager, policy.ByProvider},
		{"as its documentation says", "eks:addon-cluster-admin", "cluster-admin", manager, policy.ByProvider},
		{"more added to a default role", "eks:kube-proxy", "system:node-proxier", proxy, ""},
		{"of another name", "mine", "eks:addon-manager", manager, ""},
		{"to another role", "eks:addon-manager", "cluster-admin", manager, ""},
	} {
		found := engine.Cluster(t.Context(), snapshot.Inventory{
			Roles: []snapshot.InventoryRole{{Kind: "ClusterRole", Name: tt.role, Rules: star}},
			Bindings: []snapshot.InventoryBinding{{
				Kind: "ClusterRoleBinding", Name: tt.binding, Role: snapshot.InventoryRoleRef{Kind: "ClusterRole", Name: tt.role}, Subjects: []snapshot.InventorySubject{tt.subject},
			}},
		}, policy.Cluster{Provider: "eks"}, func(c finding.Check) bool { return c.ID != "KM2001" && c.ID != "KM2002" }).Findings
		if len(found) != 1 || found[0].ManagedBy != tt.want {
			t.Errorf("%s: found %+v", tt.name, found)
		}
	}
}

func TestManagedRefused(t *testing.T) {
	const head = "x:\n  references: [https://x.example]\n  registries: [x]\n"
	for name, tt := range map[string]struct{ file, want string }{
		"a key that is none":     {"x: {versin: x}", "test/managed/x.yaml: unmarshal errors:\n  line 1: field versin not found in type policy.managed"},
		"nothing under a name":   {"x:", "test/managed/x.yaml: registries and references must be set"},
		"nothing":                {"x: {version: x}", "test/managed/x.yaml: registries and references must be set"},
		"an unknown kind":        {head + "  objects: [{kind: Gadget, names: [x]}]", `test/managed/x.yaml: objects: "Gadget" is no kind that is read`},
		"no namespace":           {head + "  objects: [{kind: Service, names: [x]}]", "test/managed/x.yaml: objects: Service x needs a namespace if its kind has one, and only then"},
		"no subjects":            {head + "  objects: [{kind: ClusterRoleBinding, names: [x]}]", "test/managed/x.yaml: objects: ClusterRoleBinding x needs subjects and roles if it is a binding, and only then"},
		"no images":              {head + "  objects: [{kind: DaemonSet, namespace: y, names: [x]}]", "test/managed/x.yaml: objects: DaemonSet x needs images if it runs pods, and only then"},
		"images of no workload":  {head + "  objects: [{kind: Namespace, names: [x], images: [x]}]", "test/managed/x.yaml: objects: Namespace x needs images if it runs pods, and only then"},
		"a broken expression":    {"x: {references: [x], registries: ['(']}", "test/managed/x.yaml: registries: error parsing regexp: missing closing ): `^(?:()/`"},
		"no roles":               {head + "  objects: [{kind: ClusterRoleBinding, names: [x], subjects: [User x]}]", "test/managed/x.yaml: objects: ClusterRoleBinding x needs subjects and roles if it is a binding, and only then"},
		"roles of no binding":    {head + "  objects: [{kind: Namespace, names: [x], roles: [x]}]", "test/managed/x.yaml: objects: Namespace x needs subjects and roles if it is a binding, and only then"},
		"subjects of no binding": {head + "  objects: [{kind: Namespace, names: [x], subjects: [User x]}]", "test/managed/x.yaml: objects: Namespace x needs subjects and roles if it is a binding, and only then"},
	} {
		_, err := policy.New(t.Context(), policy.Pack{Name: "test", FS: fstest.MapFS{"managed/x.yaml": {Data: []byte(tt.file)}}})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v\nwant %s", name, err, tt.want)
		}
	}
}
