package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
)

// What is read on request alone is not read without it, and its checks say so.
func TestOptIn(t *testing.T) {
	check := managedCheck("a", "XX3001", "object", `violation := {"path": "metadata", "message": input.object.metadata.name}`)
	check.Data = []byte(strings.ReplaceAll(string(check.Data), "[Pod]", "[Secret]"))
	engine, err := policy.New(t.Context(), policy.Pack{Name: "test", FS: fstest.MapFS{"checks/workload/a/a.rego": check}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(file, []byte("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {token: Y2FuYXJ5}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	scan := func(optIn ...string) report.Cluster {
		return (&Scanner{Engine: engine, Host: host, Opts: Options{OptIn: optIn}}).Run(t.Context(), []Target{{Raw: "manifests://" + file}}).Clusters[0]
	}
	without := scan()
	if len(without.Findings) > 0 || without.Status != report.Complete || tallies(without)["XX3001"] != "not_applicable=1" ||
		reason(without, "XX3001") != "it is opt-in: --secret-metadata lets the scan read what it looks at" {
		t.Errorf("without: %+v", without)
	}
	with := scan("secret-metadata")
	if len(with.Findings) != 1 || with.Findings[0].Verdict != finding.Fail || with.Status != report.Complete {
		t.Errorf("with: %+v", with)
	}
}
