package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

const (
	shops = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bank}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: bank}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: "registry.example/prometheus/prometheus:1", ports: [{containerPort: 9090}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 9090}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: "registry.example/db:1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: till, namespace: bank, labels: {app: till}}
spec: {containers: [{name: till, image: "registry.example/till:1"}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: without-add-ons}
rules: [{apiGroups: ["", apps, batch, networking.k8s.io], resources: ["*"], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: without-add-ons}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: without-add-ons}
subjects: [{kind: User, name: no-add-ons, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kubemuster-reader}
subjects: [{kind: User, name: all, apiGroup: rbac.authorization.k8s.io}]
`
	policiesOfAddOns = `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {"k8s:app": web}}
  ingress: [{fromEntities: [all]}]
---
apiVersion: crd.projectcalico.org/v1
kind: GlobalNetworkPolicy
metadata: {name: till}
spec: {selector: projectcalico.org/namespace == 'bank', types: [Ingress]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: till}
spec: {selector: projectcalico.org/namespace == 'bank', types: [Ingress]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec: {gatewayClassName: public, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: web}], rules: [{backendRefs: [{name: web, port: 9090}]}]}
`
)

// Policies of add-ons count where the server serves them: they are absent where it does not, even for an identity that might
// not read them, and leave the checks without a verdict where it may not.
func TestPoliciesOfAddOns(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca, Tokens: map[string]cluster.User{"all-token": {Name: "all"}, "no-add-ons-token": {Name: "no-add-ons"}}})
	if err := c.ApplyPath(t.Context(), "../../deploy/kubernetes/clusterrole.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(t.Context(), []byte(shops)); err != nil {
		t.Fatal(err)
	}
	target := func(token string) string {
		path := filepath.Join(t.TempDir(), "config")
		writeKubeconfig(t, path, map[string]any{"server": c.URL(), "certificate-authority": world.caFile}, map[string]any{"token": token})
		return "kubeconfig://dev?kubeconfig=" + path
	}
	const checks = "KM4001,KM4002,KM4007,KM4009,KM4011"
	scanAs := func(token string, more ...string) scanned {
		return scan(t, nil, append([]string{target(token), "--check", checks}, more...)...)
	}
	expect := func(s scanned, want ...string) {
		t.Helper()
		s.checkComplete(t)
		if got := s.only(t).findings(t); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	without := []string{"KM4001 _cluster/namespaces/bank", "KM4001 _cluster/namespaces/shop"}
	for _, token := range []string{"all-token", "no-add-ons-token"} {
		expect(scanAs(token), without...)
	}

	var kinds []snapshot.Kind
	for _, k := range snapshot.Kinds {
		if k.Custom() {
			kinds = append(kinds, k)
		}
	}
	if err := c.Apply(t.Context(), cluster.Definitions(kinds...)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the add-ons are served", func() bool { return c.Apply(t.Context(), []byte(policiesOfAddOns)) == nil })
	with := []string{"KM4002 shop/pods/db", "KM4007 shop/gateways.gateway.networking.k8s.io/web", "KM4009 shop/ciliumnetworkpolicies.cilium.io/web", "KM4011 shop/services/web"}
	live := scanAs("all-token")
	expect(live, with...)
	if o := live.only(t).Properties.Objects; o["CiliumNetworkPolicy.cilium.io"] != 1 || o["GlobalNetworkPolicy.projectcalico.org"] != 1 {
		t.Errorf("the report counts %v", o)
	}

	// A recording holds them, and a replay serves them.
	file := filepath.Join(t.TempDir(), "add-ons.snapshot")
	if o := runCommand(t, nil, "collect", target("all-token"), "-o", file, "--plugin-dir", world.plugins); o.code != exitOK {
		t.Fatal(o.tail())
	}
	recorded := scan(t, nil, "snapshot://"+file, "--check", checks)
	compare(t, live, recorded, "target")

	s := scanAs("no-add-ons-token")
	if s.code != exitIncomplete || !strings.Contains(s.stdout+s.stderr, "the identity may not list ciliumnetworkpolicies.cilium.io") {
		t.Errorf("the exit code is %d\n%s", s.code, s.tail())
	}
	for _, f := range s.only(t).findings(t) {
		if strings.HasPrefix(f, "KM4001") || strings.HasPrefix(f, "KM4002") {
			t.Errorf("there is a verdict without what was not read: %s", f)
		}
	}

	// Who looks at a namespace alone does not read the policies of the whole cluster.
	expect(scanAs("all-token", "--namespace", "shop"), with[1:]...)
}
