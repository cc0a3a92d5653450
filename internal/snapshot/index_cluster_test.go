package snapshot_test

import (
	"reflect"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func ptr[T any](v T) *T { return &v }

func meta(namespace, name string, labels map[string]string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID("uid-" + namespace + "-" + name), Labels: labels}
}

func ownedBy(m metav1.ObjectMeta, kind, name string, uid types.UID) metav1.ObjectMeta {
	m.OwnerReferences = []metav1.OwnerReference{{APIVersion: map[string]string{"CloneSet": "apps.kruise.io/v1", "Node": "v1", "StatefulSet": "evil.example/v1"}[kind], Kind: kind, Name: name, UID: uid, Controller: ptr(true)}}
	return m
}

func pod(m metav1.ObjectMeta, spec corev1.PodSpec) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: m, Spec: spec}
}

// A workload stands once, however many pods it has.
func TestWorkloads(t *testing.T) {
	app := map[string]string{"app": "web"}
	on := func(node string) corev1.PodSpec { return corev1.PodSpec{ServiceAccountName: "web", NodeName: node} }
	done := pod(ownedBy(meta("shop", "done", nil), "Workflow", "build", "w"), corev1.PodSpec{})
	done.Status.Phase = corev1.PodSucceeded
	mirror := pod(ownedBy(meta("kube-system", "proxy-node-1", nil), "Node", "node-1", "n"), corev1.PodSpec{NodeName: "node-1"})
	mirror.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
	var x snapshot.Index
	add(
		&x,
		&appsv1.Deployment{ObjectMeta: meta("shop", "web", nil), Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: app}, Spec: corev1.PodSpec{ServiceAccountName: "web"},
		}}},
		&appsv1.ReplicaSet{ObjectMeta: ownedBy(meta("shop", "web-1", nil), "Deployment", "web", "uid-shop-web")},
		pod(ownedBy(meta("shop", "web-1-a", app), "ReplicaSet", "web-1", "uid-shop-web-1"), on("node-2")),
		pod(ownedBy(meta("shop", "web-1-b", app), "ReplicaSet", "web-1", "uid-shop-web-1"), on("node-1")),
		pod(ownedBy(meta("shop", "web-1-c", app), "ReplicaSet", "web-1", "uid-shop-web-1"), on("node-1")),
		// Who may write pods may claim any owner.
		pod(ownedBy(meta("shop", "claims", app), "ReplicaSet", "web-1", "uid-shop-web-1"), corev1.PodSpec{ServiceAccountName: "operator"}),
		pod(ownedBy(meta("bank", "claims", app), "ReplicaSet", "web-1", "uid-shop-web-1"), on("node-1")),
		// The controller is of a kind that is not read.
		pod(ownedBy(meta("shop", "set-1", nil), "CloneSet", "set", "c"), corev1.PodSpec{}),
		pod(ownedBy(meta("shop", "set-0", nil), "CloneSet", "set", "c"), corev1.PodSpec{}),
		pod(ownedBy(meta("shop", "orphan", nil), "ReplicaSet", "gone", "g"), corev1.PodSpec{}),
		mirror,
		// What says it is a static pod and is not, and what claims a kind's name from another group, or an owner under another name.
		pod(ownedBy(meta("kube-system", "static", nil), "Node", "node-1", "n"), corev1.PodSpec{ServiceAccountName: "admin"}),
		pod(ownedBy(meta("shop", "lent", nil), "StatefulSet", "web", "e"), corev1.PodSpec{}),
		pod(ownedBy(meta("shop", "named", app), "ReplicaSet", "other", "uid-shop-web-1"), corev1.PodSpec{ServiceAccountName: "web"}),
		pod(meta("shop", "alone", nil), corev1.PodSpec{DeprecatedServiceAccount: "old", AutomountServiceAccountToken: ptr(false)}),
		done,
	)
	want := []snapshot.InventoryWorkload{
		{Kind: "Pod", Namespace: "bank", Name: "claims", Path: "spec", ServiceAccount: "web", Token: true, Nodes: []string{"node-1"}},
		{Kind: "Pod", Namespace: "kube-system", Name: "static", Path: "spec", ServiceAccount: "admin", Token: true},
		{Kind: "CloneSet", Namespace: "shop", Name: "set", Path: "spec", ServiceAccount: "default", Token: true},
		{Kind: "Deployment", Namespace: "shop", Name: "web", Path: "spec.template.spec", ServiceAccount: "web", Token: true, Nodes: []string{"node-1", "node-2"}},
		{Kind: "Pod", Namespace: "shop", Name: "alone", Path: "spec", ServiceAccount: "old"},
		{Kind: "Pod", Namespace: "shop", Name: "claims", Path: "spec", ServiceAccount: "operator", Token: true},
		{Kind: "Pod", Namespace: "shop", Name: "lent", Path: "spec", ServiceAccount: "default", Token: true},
		{Kind: "Pod", Namespace: "shop", Name: "named", Path: "spec", ServiceAccount: "web", Token: true},
		{Kind: "Pod", Namespace: "shop", Name: "orphan", Path: "spec", ServiceAccount: "default", Token: true},
	}
	if got := x.Inventory().Workloads; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting
func TestToken(t *testing.T) {
	for _, tt := range []struct {
		account, pod *bool
		want         bool
	}{
		{nil, nil, true},
		{ptr(false), nil, false},
		{ptr(true), nil, true},
		{ptr(false), ptr(true), true},
		{ptr(true), ptr(false), false},
		{nil, ptr(false), false},
	} {
		var x snapshot.Index
		add(
			&x,
			pod(meta("shop", "web", nil), corev1.PodSpec{ServiceAccountName: "web", AutomountServiceAccountToken: tt.pod}),
			&corev1.ServiceAccount{ObjectMeta: meta("shop", "web", nil), AutomountServiceAccountToken: tt.account},
			&corev1.ServiceAccount{ObjectMeta: meta("bank", "web", nil), AutomountServiceAccountToken: ptr(!tt.want)},
		)
		if got := x.Inventory().Workloads[0].Token; got != tt.want {
			t.Errorf("account %v, pod %v: %t", tt.account, tt.pod, got)
		}
	}
}

func TestIsolation(t *testing.T) {
	in, out := networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress
	expression := func(op metav1.LabelSelectorOperator, values ...string) metav1.LabelSelector {
		return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: op, Values: values}}}
	}
	for _, tt := range []struct {
		name            string
		namespace       string
		pods            metav1.LabelSelector
		types           []networkingv1.PolicyType
		ingress, egress bool
	}{
		{"all pods", "shop", metav1.LabelSelector{}, []networkingv1.PolicyType{in, out}, true, true},
		{"default type", "shop", metav1.LabelSelector{}, nil, true, false},
		{"egress alone", "shop", metav1.LabelSelector{}, []networkingv1.PolicyType{out}, false, true},
		{"another namespace", "bank", metav1.LabelSelector{}, nil, false, false},
		{"label", "shop", metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}, nil, true, false},
		{"another label", "shop", metav1.LabelSelector{MatchLabels: map[string]string{"app": "web", "tier": "x"}}, nil, false, false},
		{"in", "shop", expression(metav1.LabelSelectorOpIn, "db", "web"), nil, true, false},
		{"not in", "shop", expression(metav1.LabelSelectorOpNotIn, "db", "web"), nil, false, false},
		{"exists", "shop", expression(metav1.LabelSelectorOpExists), nil, true, false},
		{"does not exist", "shop", expression(metav1.LabelSelectorOpDoesNotExist), nil, false, false},
		{"not valid", "shop", expression("Like", "web"), nil, false, false},
	} {
		var x snapshot.Index
		add(
			&x,
			pod(meta("shop", "web", map[string]string{"app": "web"}), corev1.PodSpec{}),
			&networkingv1.NetworkPolicy{ObjectMeta: meta(tt.namespace, "p", nil), Spec: networkingv1.NetworkPolicySpec{PodSelector: tt.pods, PolicyTypes: tt.types}},
		)
		if w := x.Inventory().Workloads[0]; w.IngressPolicy != tt.ingress || w.EgressPolicy != tt.egress {
			t.Errorf("%s: ingress %t, egress %t", tt.name, w.IngressPolicy, w.EgressPolicy)
		}
	}
}

func TestServices(t *testing.T) {
	app := map[string]string{"app": "web"}
	deployment := func(namespace, name string) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: meta(namespace, name, nil), Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: app},
			Spec: corev1.PodSpec{
				InitContainers: []corev1.Container{{Image: "setup"}, {Image: "proxy", RestartPolicy: ptr(corev1.ContainerRestartPolicyAlways)}},
				Containers:     []corev1.Container{{Image: "web", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}}},
			},
		}}}
	}
	service := func(name string, spec corev1.ServiceSpec) *corev1.Service {
		return &corev1.Service{ObjectMeta: meta("shop", name, nil), Spec: spec}
	}
	port := func(port int32, target intstr.IntOrString) []corev1.ServicePort {
		return []corev1.ServicePort{{Port: port, TargetPort: target}}
	}
	balanced := service("lb", corev1.ServiceSpec{
		Type: corev1.ServiceTypeLoadBalancer, Selector: app, Ports: port(80, intstr.FromString("http")),
		LoadBalancerClass: ptr("cloud/nlb"), LoadBalancerSourceRanges: []string{"192.0.2.0/24"},
	})
	balanced.Annotations = map[string]string{"internal": "true"}
	balanced.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{Hostname: "lb.example"}, {IP: "192.0.2.1"}}
	var x snapshot.Index
	add(
		&x, deployment("shop", "web"), deployment("bank", "web"), balanced,
		service("inner", corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: app, Ports: port(80, intstr.FromInt32(8080))}),
		service("number", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Selector: app, Ports: port(80, intstr.FromInt32(8080))}),
		service("undeclared", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Selector: app, Ports: port(9090, intstr.IntOrString{})}),
		service("wrong-name", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Selector: app, Ports: port(80, intstr.FromString("metrics"))}),
		service("no-selector", corev1.ServiceSpec{ExternalIPs: []string{"192.0.2.9"}, Ports: port(80, intstr.FromInt32(8080))}),
	)
	backend := func(image string, port int) snapshot.InventoryBackend {
		return snapshot.InventoryBackend{Kind: "Deployment", Name: "web", Image: image, Port: port}
	}
	want := []snapshot.InventoryService{
		{Namespace: "shop", Name: "inner"},
		{
			Namespace: "shop", Name: "lb", Type: "LoadBalancer", Class: "cloud/nlb", Annotations: map[string]string{"internal": "true"},
			SourceRanges: []string{"192.0.2.0/24"}, Addresses: []string{"192.0.2.1"}, Backends: []snapshot.InventoryBackend{backend("web", 8080)},
		},
		{Namespace: "shop", Name: "no-selector", Type: "ClusterIP", ExternalIPs: []string{"192.0.2.9"}},
		{Namespace: "shop", Name: "number", Type: "NodePort", Backends: []snapshot.InventoryBackend{backend("web", 8080)}},
		{Namespace: "shop", Name: "undeclared", Type: "NodePort", Backends: []snapshot.InventoryBackend{backend("proxy", 9090), backend("web", 9090)}},
		{Namespace: "shop", Name: "wrong-name", Type: "NodePort"},
	}
	if got := x.Inventory().Services; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAdmission(t *testing.T) {
	rule := func(group, resource string, scope *admissionv1.ScopeType, operations ...admissionv1.OperationType) admissionv1.RuleWithOperations {
		return admissionv1.RuleWithOperations{Operations: operations, Rule: admissionv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}, Scope: scope}}
	}
	pods := rule("", "pods", nil, admissionv1.Create)
	hook := func(name string, rules ...admissionv1.RuleWithOperations) admissionv1.ValidatingWebhook {
		return admissionv1.ValidatingWebhook{Name: name, Rules: rules, ClientConfig: admissionv1.WebhookClientConfig{URL: ptr("https://x.example/")}}
	}
	matching := func(r admissionv1.RuleWithOperations, names ...string) *admissionv1.MatchResources {
		return &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: r, ResourceNames: names}}}
	}
	var x snapshot.Index
	add(
		&x,
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: named("", "v"), Webhooks: []admissionv1.ValidatingWebhook{
			hook("pods", pods),
			hook("all", rule("*", "*/*", ptr(admissionv1.AllScopes), admissionv1.OperationAll)),
			hook("updates", rule("", "pods", nil, admissionv1.Update)),
			hook("cluster", rule("*", "*", ptr(admissionv1.ClusterScope), admissionv1.Create)),
			hook("deployments", rule("apps", "deployments", nil, admissionv1.Create)),
			hook("exec", rule("", "pods/exec", nil, admissionv1.OperationAll)),
		}},
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: named("", "m"), Webhooks: []admissionv1.MutatingWebhook{{
			Name: "inject", Rules: []admissionv1.RuleWithOperations{pods},
			ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "mesh", Name: "injector"}},
		}}},
		&admissionv1.ValidatingAdmissionPolicy{ObjectMeta: named("", "bound"), Spec: admissionv1.ValidatingAdmissionPolicySpec{MatchConstraints: matching(pods)}},
		&admissionv1.ValidatingAdmissionPolicy{ObjectMeta: named("", "loose"), Spec: admissionv1.ValidatingAdmissionPolicySpec{MatchConstraints: matching(pods, "one")}},
		&admissionv1.MutatingAdmissionPolicy{ObjectMeta: named("", "bound")},
		&admissionv1.ValidatingAdmissionPolicyBinding{Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: "bound", ValidationActions: []admissionv1.ValidationAction{admissionv1.Warn}}},
		&admissionv1.ValidatingAdmissionPolicyBinding{Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: "bound", ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}}},
		&admissionv1.MutatingAdmissionPolicyBinding{Spec: admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: "bound"}},
	)
	validating := func(index int, name string, pods bool) snapshot.InventoryWebhook {
		return snapshot.InventoryWebhook{Kind: "ValidatingWebhookConfiguration", Configuration: "v", Name: name, Index: index, Pods: pods}
	}
	got := x.Inventory()
	if want := []snapshot.InventoryWebhook{
		{Kind: "MutatingWebhookConfiguration", Configuration: "m", Name: "inject", ServiceNamespace: "mesh", ServiceName: "injector", Pods: true},
		validating(0, "pods", true), validating(1, "all", true), validating(2, "updates", false),
		validating(3, "cluster", false), validating(4, "deployments", false), validating(5, "exec", false),
	}; !reflect.DeepEqual(got.Webhooks, want) {
		t.Errorf("got  %+v\nwant %+v", got.Webhooks, want)
	}
	if want := []snapshot.InventoryAdmissionPolicy{
		{Kind: "MutatingAdmissionPolicy", Name: "bound", Bindings: 1},
		{Kind: "ValidatingAdmissionPolicy", Name: "bound", Bindings: 2, Denies: true, Pods: true},
		{Kind: "ValidatingAdmissionPolicy", Name: "loose"},
	}; !reflect.DeepEqual(got.AdmissionPolicies, want) {
		t.Errorf("got  %+v\nwant %+v", got.AdmissionPolicies, want)
	}
}

func TestNamespacesAndNodes(t *testing.T) {
	var x snapshot.Index
	x.Exclude([]string{"dev"})
	add(
		&x,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
		&corev1.ResourceQuota{ObjectMeta: meta("shop", "q", nil)},
		&corev1.LimitRange{ObjectMeta: meta("shop", "a", nil)}, &corev1.LimitRange{ObjectMeta: meta("shop", "b", nil)},
		&corev1.Node{ObjectMeta: named("", "m"), Spec: corev1.NodeSpec{ProviderID: "azure:///subscriptions/x"}},
		&corev1.Node{ObjectMeta: named("", "n"), Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.37.2"}}},
	)
	for _, node := range []string{"m", "n"} {
		for _, name := range []string{"kube-apiserver", "etcd"} {
			pod := &corev1.Pod{ObjectMeta: meta("kube-system", name+"-"+node, nil), Spec: corev1.PodSpec{NodeName: node}}
			pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
			pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node, Controller: new(true)}}
			elsewhere := pod.DeepCopy()
			elsewhere.Name, elsewhere.Namespace = "agent-"+node, "shop"
			add(&x, pod, elsewhere)
		}
	}
	want := snapshot.Inventory{
		StaticPods: []string{"etcd", "kube-apiserver"},
		Namespaces: []snapshot.InventoryNamespace{{Name: "shop", Workloads: 4, Quotas: 1, LimitRanges: 2}},
		Nodes:      []snapshot.InventoryNode{{Name: "m", Cloud: "azure"}, {Name: "n", KubeletVersion: "v1.37.2"}}, Excluded: []string{"dev"},
	}
	if got := x.Inventory(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Secrets with a token that does not end are those that Kubernetes lists at its service account, and those whose metadata says so.
func TestTokensOfAccounts(t *testing.T) {
	var x snapshot.Index
	account := func(name string, secrets ...string) *corev1.ServiceAccount {
		a := &corev1.ServiceAccount{ObjectMeta: named("shop", name)}
		for _, s := range secrets {
			a.Secrets = append(a.Secrets, corev1.ObjectReference{Name: s})
		}
		return a
	}
	secret := func(name, account string, labels map[string]string) {
		kind, _ := snapshot.KindNamed("Secret")
		v := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: labels, Annotations: map[string]string{corev1.ServiceAccountNameKey: account}}}
		x.Add(snapshot.Object{Kind: kind, Value: v})
	}
	add(&x, account("web", "web-token-b", "web-dockercfg-c", "mine"), account("idle"))
	secret("hand-made", "web", nil)
	secret("web-token-b", "web", nil)
	secret("refused", "web", map[string]string{"kubernetes.io/legacy-token-invalid-since": "2026-11-01"})
	secret("orphan", "gone", nil)
	secret("plain", "", nil)
	want := []snapshot.InventoryAccount{
		{Namespace: "shop", Name: "idle"}, {Namespace: "shop", Name: "web", Tokens: []string{"hand-made", "web-dockercfg-c", "web-token-b"}},
	}
	if got := x.Inventory().Accounts; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A token for an audience that the API server takes is one like that which pods get by themselves.
func TestTokensForTheServer(t *testing.T) {
	for audience, want := range map[string]bool{
		"": true, "https://kubernetes.default.svc.cluster.local": true, "https://kubernetes.default.svc": true, "kubernetes": true,
		"https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE": true,
		"https://container.googleapis.com/v1/projects/p/locations/l/clusters/c":        true,
		"https://westeurope.oic.prod-aks.azure.com/t/i/":                               true,
		"sts.amazonaws.com": false, "vault": false, "https://kubernetes.example": false, "api://AzureADTokenExchange": false, "https://oic.prod-aks.azure.com.example": false,
	} {
		var x snapshot.Index
		kind, _ := snapshot.KindNamed("Pod")
		x.Add(snapshot.Object{Kind: kind, Value: &corev1.Pod{ObjectMeta: named("shop", "web"), Spec: corev1.PodSpec{
			AutomountServiceAccountToken: ptr(false),
			Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: audience}},
			}}}}},
		}}})
		if got := x.Inventory().Workloads[0].Token; got != want {
			t.Errorf("%q: got %t", audience, got)
		}
	}
}

// An Ingress that asks who one is leads nobody to what lies behind it; an annotation that only shapes the asking does not ask.
func TestIngressesThatAsk(t *testing.T) {
	for annotation, asks := range map[string]bool{
		"nginx.ingress.kubernetes.io/auth-url: https://auth.example":                       true,
		"nginx.ingress.kubernetes.io/auth-type: basic":                                     true,
		"nginx.ingress.kubernetes.io/auth-type: none":                                      false,
		"nginx.ingress.kubernetes.io/auth-realm: x":                                        false,
		"nginx.ingress.kubernetes.io/enable-global-auth: true":                             false,
		"alb.ingress.kubernetes.io/auth-type: oidc":                                        true,
		"traefik.ingress.kubernetes.io/router.middlewares: shop-strip@kubernetescrd":       false,
		"traefik.ingress.kubernetes.io/router.middlewares: shop-basic-auth@kubernetescrd":  true,
		"traefik.ingress.kubernetes.io/router.middlewares: edge-ForwardAuth@kubernetescrd": true,
		"example.com/x: y": false,
	} {
		key, value, _ := strings.Cut(annotation, ": ")
		var x snapshot.Index
		add(&x, &corev1.Service{ObjectMeta: named("shop", "web")})
		ingress := &networkingv1.Ingress{ObjectMeta: named("shop", "web")}
		ingress.Annotations = map[string]string{key: value}
		ingress.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web"}}
		add(&x, ingress)
		if got := x.Inventory().Services[0].Ingresses; (len(got) == 0) != asks {
			t.Errorf("%s: leads %q", annotation, got)
		}
	}
}

// A role is gathered where the selectors of another match its labels, and not by its labels alone.
func TestGatheredRoles(t *testing.T) {
	var x snapshot.Index
	part := func(name string, labels map[string]string) *rbacv1.ClusterRole {
		return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	}
	whole := part("whole", nil)
	whole.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"example.com/part": "yes"}}}}
	add(&x, whole, part("gathered", map[string]string{"example.com/part": "yes"}), part("other", map[string]string{"example.com/part": "no"}))
	if got := x.Inventory().Gathered; !reflect.DeepEqual(got, []string{"gathered"}) {
		t.Errorf("got %v", got)
	}
}
