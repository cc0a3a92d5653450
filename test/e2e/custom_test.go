package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

const (
	certificateCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: certificates.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Namespaced
  names: {kind: Certificate, plural: certificates}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`
	certificates = `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: internal, namespace: default}
spec: {secretName: internal, isCA: true}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: default}
spec: {secretName: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: may-list}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kubemuster-reader}
subjects: [{kind: User, name: may-list, apiGroup: rbac.authorization.k8s.io}]
`
)

// A pack's custom resources are judged where the server serves them and the identity may list them: with the rules that policy
// rbac prints, and no more.
func TestCustomResources(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca, Tokens: map[string]cluster.User{"may-list-token": {Name: "may-list"}, "may-not-token": {Name: "may-not"}}})
	pack, err := filepath.Abs("../../examples/acme")
	if err != nil {
		t.Fatal(err)
	}
	scanAs := func(token string) scanned {
		path := filepath.Join(t.TempDir(), "config")
		writeKubeconfig(t, path, map[string]any{"server": c.URL(), "certificate-authority": world.caFile}, map[string]any{"token": token})
		return scan(t, nil, "kubeconfig://dev?kubeconfig="+path, "--policy", pack, "--check", "ACME9001")
	}

	s := scanAs("may-not-token")
	s.checkComplete(t) // the server does not serve the kind
	if got := s.only(t).findings(t); len(got) > 0 {
		t.Errorf("got %q", got)
	}

	if err := c.Apply(t.Context(), []byte(certificateCRD)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the custom resource is served", func() bool { return c.Apply(t.Context(), []byte(certificates)) == nil })
	rules := runCommand(t, nil, "policy", "rbac", pack, "--check", "ACME9001")
	if err := c.Apply(t.Context(), []byte(rules.stdout)); err != nil {
		t.Fatal(err)
	}
	s = scanAs("may-list-token")
	s.checkComplete(t)
	if got := s.only(t).findings(t); len(got) != 1 || !strings.Contains(got[0], "ACME9001") || s.only(t).Properties.Objects["Certificate.cert-manager.io"] != 2 {
		t.Errorf("got %q of %v", got, s.only(t).Properties.Objects)
	}

	// A recording for the pack is judged as the cluster is.
	target := func(token string) string {
		path := filepath.Join(t.TempDir(), "config")
		writeKubeconfig(t, path, map[string]any{"server": c.URL(), "certificate-authority": world.caFile}, map[string]any{"token": token})
		return "kubeconfig://dev?kubeconfig=" + path
	}
	file := filepath.Join(t.TempDir(), "custom.snapshot")
	if o := runCommand(t, nil, "collect", target("may-list-token"), "-o", file, "--plugin-dir", world.plugins, "--allow-incomplete", "--policy", pack); o.code != exitOK {
		t.Fatal(o.tail())
	}
	compare(t, s, scan(t, nil, "snapshot://"+file, "--policy", pack, "--check", "ACME9001"), "target")

	s = scanAs("may-not-token")
	s.checkNotScanned(t, "read", "the identity may not list certificates.cert-manager.io")
}
