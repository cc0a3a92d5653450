package snapshot_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// policy is a policy of an add-on; the spec is in YAML.
func policy(t *testing.T, apiVersion, kind, namespace, spec string) snapshot.Object {
	t.Helper()
	k, ok := snapshot.KindOf(apiVersion, kind)
	if !ok {
		t.Fatalf("%s of %s is no kind that is read", kind, apiVersion)
	}
	u := &unstructured.Unstructured{Object: map[string]any{}}
	if err := yaml.Unmarshal([]byte(spec), &u.Object); err != nil {
		t.Fatal(err)
	}
	u.SetNamespace(namespace)
	u.SetName("p")
	return snapshot.Object{Kind: k, Value: u}
}

// isolated says how the pods app=web, in namespace shop with the label team=a and as service account till, are isolated under the
// policy: in, out, both, or nothing at all; and whether the policy is unclear.
func isolated(policies ...snapshot.Object) string {
	var x snapshot.Index
	add(&x, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "a"}}}, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Labels: map[string]string{"app": "web", "tier": "front-end"}},
		Spec:       corev1.PodSpec{ServiceAccountName: "till"},
	})
	for _, policy := range policies {
		x.Add(policy)
	}
	inv := x.Inventory()
	var says []string
	if inv.Workloads[0].IngressPolicy {
		says = append(says, "in")
	}
	if inv.Workloads[0].EgressPolicy {
		says = append(says, "out")
	}
	for _, name := range inv.Unclear {
		says = append(says, "unclear: "+name)
	}
	return strings.Join(says, " ")
}

func TestPoliciesOfCilium(t *testing.T) {
	const rules = ", ingress: [{}]"
	for _, tt := range []struct{ spec, want string }{
		{"{endpointSelector: {}, ingress: [{}]}", "in"},
		{"{endpointSelector: {}, egress: [{toEntities: [world]}], ingressDeny: [{fromEntities: [world]}]}", "in out"},
		{"{endpointSelector: {}, egressDeny: [{toEntities: [world]}]}", "out"},
		{"{endpointSelector: {}, ingress: [], egress: []}", ""},
		{"{endpointSelector: {}}", ""},
		{"{endpointSelector: {}, ingress: [{}], enableDefaultDeny: {ingress: false}}", ""},
		{"{endpointSelector: {}, enableDefaultDeny: {ingress: true, egress: true}}", "in out"},
		{"{nodeSelector: {}, ingress: [{}]}", ""},
		{"{endpointSelector: {matchLabels: {app: web}}" + rules + "}", "in"},
		{"{endpointSelector: {matchLabels: {'k8s:app': web, 'any:tier': front-end}}" + rules + "}", "in"},
		{"{endpointSelector: {matchLabels: {'reserved:host': ''}}" + rules + "}", ""},
		{"{endpointSelector: {matchLabels: {app: db}}" + rules + "}", ""},
		{"{endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': shop}}" + rules + "}", "in"},
		{"{endpointSelector: {matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [kube-system]}]}" + rules + "}", "in"},
		{"{endpointSelector: {matchExpressions: [{key: io.kubernetes.pod.namespace, operator: In, values: [bank]}]}" + rules + "}", ""},
		{"{endpointSelector: {matchExpressions: [{key: 'k8s:app', operator: Exists}, {key: role, operator: DoesNotExist}]}" + rules + "}", "in"},
		{"{endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: till}}" + rules + "}", "in"},
		{"{endpointSelector: {matchLabels: {io.cilium.k8s.namespace.labels.team: a}}" + rules + "}", "in"},
		{"{endpointSelector: {matchLabels: {'k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': bank}}" + rules + "}", ""},
		{"{endpointSelector: {matchLabels: {io.cilium.k8s.policy.cluster: one}}" + rules + "}", "in unclear: CiliumClusterwideNetworkPolicy.cilium.io p"},
		{"{endpointSelector: {matchExpressions: [{key: app, operator: Like, values: [w]}]}" + rules + "}", "in unclear: CiliumClusterwideNetworkPolicy.cilium.io p"},
		// what is unclear and what does not hold do not hold together
		{"{endpointSelector: {matchLabels: {io.cilium.k8s.policy.cluster: one, app: db}}" + rules + "}", ""},
	} {
		if got := isolated(policy(t, "cilium.io/v2", "CiliumClusterwideNetworkPolicy", "", "spec: "+tt.spec)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.spec, got, tt.want)
		}
	}
	several := policy(t, "cilium.io/v2", "CiliumNetworkPolicy", "shop", "specs: [{endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}, {endpointSelector: {}, egress: [{}]}]")
	if got := isolated(several); got != "out" {
		t.Errorf("several rules: %q", got)
	}
	if got := isolated(policy(t, "cilium.io/v2", "CiliumNetworkPolicy", "bank", "spec: {endpointSelector: {}, ingress: [{}]}")); got != "" {
		t.Errorf("of another namespace: %q", got)
	}
}

func TestPoliciesOfCalico(t *testing.T) {
	for _, tt := range []struct{ spec, want string }{
		{"{}", "in"},
		{"{egress: [{action: Allow, protocol: TCP}]}", "out"},
		{"{ingress: [{action: Allow, protocol: TCP}], egress: [{action: Deny}]}", "in out"},
		{"{types: [Egress]}", "out"},
		{"{types: [Ingress, Egress], ingress: [{action: Log}, {action: Pass, source: {}}]}", "out"},
		{"{types: [Ingress], ingress: [{action: Pass, source: {nets: [10.0.0.0/8]}}]}", "in"},
		{"{doNotTrack: true}", ""},
		{"{preDNAT: true, applyOnForward: true}", ""},
		{"{namespaceSelector: global()}", ""},
		{"{namespaceSelector: all()}", "in"},
		{`{namespaceSelector: 'team in {"a", "b"}'}`, "in"},
		{`{namespaceSelector: 'projectcalico.org/name not in {"kube-system"}'}`, "in"},
		{"{namespaceSelector: kubernetes.io/metadata.name == 'bank'}", ""},
		{"{serviceAccountSelector: projectcalico.org/name == 'till'}", "in"},
		{"{serviceAccountSelector: role == 'x'}", "in unclear: GlobalNetworkPolicy.projectcalico.org p"},
		{"{selector: app = 'web'}", "in unclear: GlobalNetworkPolicy.projectcalico.org p"},
	} {
		for _, version := range []string{"projectcalico.org/v3", "crd.projectcalico.org/v1"} {
			if got := isolated(policy(t, version, "GlobalNetworkPolicy", "", "spec: "+tt.spec)); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.spec, got, tt.want)
			}
		}
	}
	for selector, want := range map[string]string{
		"":                                   "in",
		"all()":                              "in",
		"app == 'web'":                       "in",
		`app=="web"&&tier=="front-end"`:      "in",
		"app == 'db' || tier == 'front-end'": "in",
		"app == 'db' || tier == 'front-end' && has(role)": "",
		"(app == 'web' || app == 'db') && has( tier )":    "in",
		"!has(role)":                                  "in",
		"! ! has(app)":                                "in",
		"!(app == 'web')":                             "",
		"role != 'x'":                                 "in",
		"app != 'web'":                                "",
		"app in {'web', 'db'}":                        "in",
		"app in {'db',}":                              "",
		"app in {}":                                   "",
		"app not in { 'db' }":                         "in",
		"role not in {'db'}":                          "in",
		"tier contains 'end'":                         "in",
		"tier starts with 'front'":                    "in",
		"tier ends  with 'front'":                     "",
		"role contains ''":                            "",
		"projectcalico.org/namespace == 'shop'":       "in",
		"projectcalico.org/orchestrator == 'k8s'":     "in",
		"projectcalico.org/serviceaccount == 'other'": "",
		"pcns.team == 'a' && pcsa.projectcalico.org/name == 'till'": "in",
		"has(host-endpoint)":            "",
		"app == 'web' && pcsa.x == 'y'": "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"app == 'db' && pcsa.x == 'y'":  "",
		"app == 'web' || pcsa.x == 'y'": "in",
		"app":                           "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"app == 'web":                   "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"app == 'web')":                 "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"(app == 'web'":                 "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"app == web":                    "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"app in {'web' 'db'}":           "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"some(app)":                     "in unclear: NetworkPolicy.projectcalico.org shop/p",
		"has()":                         "in unclear: NetworkPolicy.projectcalico.org shop/p",
		strings.Repeat("(", 100_000):    "in unclear: NetworkPolicy.projectcalico.org shop/p",
	} {
		if got := isolated(policy(t, "projectcalico.org/v3", "NetworkPolicy", "shop", fmt.Sprintf("spec: {selector: %q}", selector))); got != want {
			t.Errorf("%.60s: %q, want %q", selector, got, want)
		}
	}
}

// The policies of admins isolate by what they deny alone.
func TestPoliciesOfAdmins(t *testing.T) {
	const all = "subject: {namespaces: {}}, "
	for _, tt := range []struct{ spec, want string }{
		{all + "ingress: [{action: Deny, from: [{namespaces: {}}]}]", "in"},
		{all + "ingress: [{action: Allow, from: [{namespaces: {matchLabels: {team: a}}}]}, {action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {}}}]}]", "in"},
		{all + "egress: [{action: Deny, to: [{namespaces: {}}]}]", ""}, // the internet stays open
		{all + "egress: [{action: Deny, to: [{networks: ['::/0']}]}]", ""},
		{all + "egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]", ""},
		{all + "egress: [{action: Deny, to: [{namespaces: {}}, {networks: [0.0.0.0/0]}]}]", "out"},
		{all + "egress: [{action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}]", "out"},
		{all + "egress: [{action: Deny, to: [{networks: [0.0.0.0/1, 128.0.0.0/1, '::/0']}]}]", "out"},
		{all + "egress: [{action: Deny, to: [{networks: [0.0.0.0/1, '::/0']}]}, {action: Deny, to: [{networks: [128.0.0.0/2, 192.0.0.0/2]}]}]", "out"},
		{all + "egress: [{action: Deny, to: [{networks: [0.0.0.0/1, 128.0.0.0/2, '::/0']}]}]", ""},
		{all + "egress: [{action: Pass, to: [{networks: [0.0.0.0/0]}]}, {action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}]", ""},
		{all + "ingress: [{action: Pass, from: [{namespaces: {}}]}, {action: Deny, from: [{namespaces: {}}]}]", ""},
		{all + "ingress: [{action: Allow, from: [{namespaces: {}}]}, {action: Deny, from: [{namespaces: {}}]}]", ""},
		{all + "ingress: [{action: Accept, from: [{pods: {}}]}, {action: Deny, from: [{namespaces: {}}]}]", ""},
		{all + "ingress: [{action: Deny, from: [{namespaces: {matchLabels: {}}}]}, {action: Allow, from: [{namespaces: {}}]}]", "in"},
		{all + "egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}]}]", ""},
		{all + "ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: a}}}]}]", ""},
		{all + "ingress: [{action: Deny, ports: [{portNumber: {port: 22}}], from: [{namespaces: {}}]}]", ""},
		{all + "ingress: [{action: Deny, protocols: [{tcp: {}}], from: [{namespaces: {}}]}]", ""},
		{all + "ingress: [{action: Allow, from: [{namespaces: {}}]}]", ""},
		{all + "ingress: [{action: Pass, from: [{namespaces: {}}]}]", ""},
		{"subject: {namespaces: {matchLabels: {team: a}}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]", "in"},
		{"subject: {namespaces: {matchLabels: {team: b}}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]", ""},
		{"subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]", "in"},
		{"subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]", ""},
		{"ingress: [{action: Deny, from: [{namespaces: {}}]}]", ""},
	} {
		for kind, version := range map[string]string{"AdminNetworkPolicy": "v1alpha1", "BaselineAdminNetworkPolicy": "v1alpha1", "ClusterNetworkPolicy": "v1beta1"} {
			if got := isolated(policy(t, "policy.networking.k8s.io/"+version, kind, "", "spec: {"+tt.spec+"}")); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.spec, got, tt.want)
			}
		}
	}
}

// The first rule decides, in the order of priorities: those of admins, then NetworkPolicies, then the baseline.
func TestOrderOfPolicies(t *testing.T) {
	rule := func(tier string, priority int, action string) snapshot.Object {
		kind, version := tier+"AdminNetworkPolicy", "v1alpha1"
		if strings.HasPrefix(tier, "tier") {
			kind, version = "ClusterNetworkPolicy", "v1beta1"
		} else {
			tier = "name: none"
		}
		return policy(t, "policy.networking.k8s.io/"+version, kind, "", fmt.Sprintf(
			"spec: {priority: %d, %s, subject: {namespaces: {}}, ingress: [{action: %s, from: [{namespaces: {}}]}]}", priority, tier, action,
		))
	}
	from := func(priority int, action, selector string) snapshot.Object {
		return policy(t, "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "", fmt.Sprintf(
			"spec: {priority: %d, subject: {namespaces: {}}, ingress: [{action: %s, from: [{namespaces: {matchExpressions: [%s]}}]}]}", priority, action, selector,
		))
	}
	const every, most, few = "{key: kubernetes.io/metadata.name, operator: Exists}", "{key: team, operator: NotIn, values: [a]}", "{key: team, operator: In, values: [a]}"
	both := policy(t, "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "", "spec: {priority: 9, subject: {namespaces: {}}, "+
		"ingress: [{action: Deny, from: [{namespaces: {}}]}, {action: Allow, from: [{namespaces: {matchLabels: {team: a}}}]}]}")
	perhaps := policy(t, "projectcalico.org/v3", "GlobalNetworkPolicy", "", "spec: {selector: 'pcsa.x == 1', types: [Ingress]}")
	isolates := policy(t, "projectcalico.org/v3", "GlobalNetworkPolicy", "", "spec: {types: [Ingress]}")
	tiered := func(tier string) snapshot.Object {
		return policy(t, "projectcalico.org/v3", "GlobalNetworkPolicy", "", "spec: {tier: "+tier+", types: [Ingress]}")
	}
	for name, tt := range map[string]struct {
		policies []snapshot.Object
		want     string
	}{
		"allow before deny":             {[]snapshot.Object{rule("", 50, "Deny"), rule("", 1, "Allow")}, ""},
		"deny before allow":             {[]snapshot.Object{rule("", 50, "Allow"), rule("", 1, "Deny")}, "in"},
		"allow every namespace":         {[]snapshot.Object{from(1, "Allow", every), rule("", 9, "Deny")}, ""},
		"allow most namespaces":         {[]snapshot.Object{from(1, "Allow", most), rule("", 9, "Deny")}, ""},
		"allow a few namespaces":        {[]snapshot.Object{from(1, "Allow", few), rule("", 9, "Deny")}, "in"},
		"deny every namespace":          {[]snapshot.Object{from(1, "Deny", every)}, "in"},
		"deny most namespaces":          {[]snapshot.Object{from(1, "Deny", most)}, ""},
		"deny and allow beside allow":   {[]snapshot.Object{both, rule("", 9, "Allow")}, ""},
		"allow beside deny and allow":   {[]snapshot.Object{rule("", 9, "Allow"), both}, ""},
		"deny and allow":                {[]snapshot.Object{both}, "in"},
		"deny and allow before allow":   {[]snapshot.Object{rule("", 10, "Allow"), both}, "in"},
		"allow beside deny":             {[]snapshot.Object{rule("", 9, "Allow"), rule("", 9, "Deny")}, ""},
		"deny beside allow":             {[]snapshot.Object{rule("", 9, "Deny"), rule("", 9, "Allow")}, ""},
		"pass beside deny":              {[]snapshot.Object{rule("", 9, "Deny"), rule("", 9, "Pass")}, ""},
		"deny beside deny":              {[]snapshot.Object{rule("", 9, "Deny"), rule("", 9, "Deny")}, "in"},
		"pass before deny":              {[]snapshot.Object{rule("", 50, "Deny"), rule("", 1, "Pass")}, ""},
		"allow before the baseline":     {[]snapshot.Object{rule("Baseline", 0, "Deny"), rule("", 9, "Allow")}, ""},
		"pass to the baseline":          {[]snapshot.Object{rule("Baseline", 0, "Deny"), rule("", 9, "Pass")}, "in"},
		"pass to another policy":        {[]snapshot.Object{isolates, rule("", 9, "Pass"), rule("Baseline", 0, "Allow")}, "in"},
		"allow before another policy":   {[]snapshot.Object{isolates, rule("", 9, "Allow")}, ""},
		"another before the baseline":   {[]snapshot.Object{rule("Baseline", 0, "Allow"), isolates}, "in"},
		"the tier of a cluster policy":  {[]snapshot.Object{rule("tier: Baseline", 0, "Allow"), rule("tier: Admin", 9, "Deny")}, "in"},
		"the baseline of such policies": {[]snapshot.Object{rule("tier: Baseline", 0, "Deny"), rule("tier: Admin", 9, "Allow")}, ""},
		"the default tier of Calico":    {[]snapshot.Object{tiered("default")}, "in"},
		"another tier of Calico":        {[]snapshot.Object{tiered("platform")}, "in unclear: GlobalNetworkPolicy.projectcalico.org p"},
		"unclear and denied":            {[]snapshot.Object{perhaps, rule("", 9, "Deny")}, "in unclear: GlobalNetworkPolicy.projectcalico.org p"},
	} {
		if got := isolated(tt.policies...); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// The labels of a namespace that was not read are not known, but for its name.
func TestPoliciesInNamespacesThatWereNotRead(t *testing.T) {
	const deny = "types: [Ingress]"
	for selector, want := range map[string][]string{
		"team == 'a'": {"GlobalNetworkPolicy.projectcalico.org p"}, "kubernetes.io/metadata.name == 'shop'": nil, "all()": nil,
	} {
		var x snapshot.Index
		add(&x, &corev1.Pod{ObjectMeta: named("shop", "web")})
		x.Add(policy(t, "projectcalico.org/v3", "GlobalNetworkPolicy", "", fmt.Sprintf("spec: {namespaceSelector: %q, %s}", selector, deny)))
		inv := x.Inventory()
		if !inv.Workloads[0].IngressPolicy || !reflect.DeepEqual(inv.Unclear, want) {
			t.Errorf("%s: %t, %q", selector, inv.Workloads[0].IngressPolicy, inv.Unclear)
		}
	}
}

// What others write into their own objects breaks nothing.
func FuzzPolicies(f *testing.F) {
	f.Add(`{"selector":"app == 'web' && (has(x) || !all())","endpointSelector":{"matchExpressions":[{"key":"k8s:a","operator":"In","values":[1]}]},"subject":{"pods":null}}`)
	f.Add(`{"selector":7,"types":"Ingress","ingress":{"a":1},"specs":[1],"enableDefaultDeny":[]}`)
	f.Fuzz(func(_ *testing.T, spec string) {
		var value any
		if yaml.Unmarshal([]byte(spec), &value) != nil {
			return
		}
		for _, k := range snapshot.Kinds {
			if k.Custom() {
				isolated(snapshot.Object{Kind: k, Value: &unstructured.Unstructured{Object: map[string]any{"spec": value, "specs": []any{value}}}})
			}
		}
	})
}

// A route leads to a service of its own namespace, if a Gateway has it and no extension stands before it.
func TestRoutes(t *testing.T) {
	const refs = "parentRefs: [{name: public}], "
	for spec, want := range map[string][]string{
		refs + "rules: [{backendRefs: [{name: web, port: 80}]}]":                                                               {"p"},
		refs + "rules: [{backendRefs: [{name: other}, {name: web, kind: Service, group: ''}]}]":                                {"p"},
		refs + "rules: [{}, {backendRefs: [{name: web, namespace: shop}]}]":                                                    {"p"},
		refs + "rules: [{filters: [{type: RequestHeaderModifier}], backendRefs: [{name: web}]}]":                               {"p"},
		refs + "rules: [{filters: [{type: ExtensionRef}], backendRefs: [{name: web}]}]":                                        nil,
		refs + "rules: [{backendRefs: [{name: web, filters: [{type: ExtensionRef}]}]}]":                                        nil,
		refs + "rules: [{backendRefs: [{name: web, namespace: other}]}]":                                                       nil,
		refs + "rules: [{backendRefs: [{name: web, kind: ServiceImport, group: multicluster.x-k8s.io}]}]":                      nil,
		"parentRefs: [{kind: Service, group: '', name: web}], rules: [{backendRefs: [{name: web}]}]":                           nil,
		"parentRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: public}], rules: [{backendRefs: [{name: web}]}]": {"p"},
		"rules: [{backendRefs: [{name: web}]}]":                                                                                nil,
		"rules: web":                                                                                                           nil,
	} {
		var x snapshot.Index
		add(&x, &corev1.Service{ObjectMeta: named("shop", "web")})
		x.Add(policy(t, "gateway.networking.k8s.io/v1", "HTTPRoute", "shop", "spec: {"+spec+"}"))
		if got := x.Inventory().Services[0].HTTPRoutes; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

// What Gateways answer decides over a route, and over what it refers to in another namespace.
func TestRoutesAreAnswered(t *testing.T) {
	const here, there = "backendRefs: [{name: web}]", "backendRefs: [{name: web, namespace: shop}]"
	says := func(kind, accepted, resolved string) string {
		return "{parentRef: {kind: " + kind + ", name: a}, conditions: [{type: Accepted, status: '" + accepted + "'}, {type: ResolvedRefs, status: '" + resolved + "'}]}"
	}
	for _, tt := range []struct {
		namespace, refs, parents string
		want                     []string
	}{
		{"shop", here, "", []string{"p"}},
		{"shop", here, says("Gateway", "True", "False"), []string{"p"}},
		{"shop", here, says("Gateway", "Unknown", "Unknown"), []string{"p"}},
		{"shop", here, says("Gateway", "False", "True"), nil},
		{"shop", here, says("Gateway", "False", "True") + ", " + says("Gateway", "True", "True"), []string{"p"}},
		{"shop", here, says("Gateway", "False", "True") + ", " + says("Service", "True", "True"), nil},
		{"edge", here, says("Gateway", "True", "True"), nil},
		{"edge", there, "", nil},
		{"edge", there, says("Gateway", "True", "True"), []string{"edge/p"}},
		{"edge", there, says("Gateway", "True", "False"), nil},
		{"edge", there, says("Gateway", "False", "True"), nil},
		{"edge", there, says("Gateway", "True", "False") + ", " + says("Gateway", "True", "True"), []string{"edge/p"}},
		{"edge", there, "1, {conditions: [1]}", nil},
	} {
		var x snapshot.Index
		add(&x, &corev1.Service{ObjectMeta: named("shop", "web")})
		x.Add(policy(t, "gateway.networking.k8s.io/v1", "HTTPRoute", tt.namespace, "spec: {parentRefs: [{name: a}], rules: [{"+tt.refs+"}]}\nstatus: {parents: ["+tt.parents+"]}"))
		if got := x.Inventory().Services[0].HTTPRoutes; !slices.Equal(got, tt.want) {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}
