package scan

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/policies"
)

// What cannot be read takes no finding of who may do what away: there is no less of it. That there is no more is not told.
func TestFindingsOfGrantsStand(t *testing.T) {
	const binding = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {serviceAccountName: web, containers: [{name: web, image: nginx}]}
`
	dir := t.TempDir()
	for name, text := range map[string]string{"good.yaml": binding, "bad.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: [}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := policy.New(t.Context(), policy.Pack{Name: finding.BuiltInPack, FS: policies.FS})
	if err != nil {
		t.Fatal(err)
	}
	c := (&Scanner{Engine: engine, Host: host}).Run(t.Context(), []Target{{Raw: "manifests://" + dir}}).Clusters[0]
	var got []string
	for _, f := range c.Findings {
		if f.Check == "KM2001" || f.Check == "KM3004" {
			got = append(got, f.Check+" "+f.Object.String())
		}
	}
	if want := []string{"KM2001 ClusterRoleBinding ops", "KM3004 Pod shop/web"}; c.Status != report.Partial || !slices.Equal(got, want) {
		t.Errorf("status %s, found %v, want %v", c.Status, got, want)
	}
	for _, tally := range c.Tallies {
		if slices.Contains([]string{"KM2001", "KM2008", "KM3004"}, tally.Check) && (tally.Counts[finding.Pass] > 0 || tally.Counts[finding.NotEvaluated] != 1) {
			t.Errorf("%s counts %v", tally.Check, tally.Counts)
		}
	}
}
