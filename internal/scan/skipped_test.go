package scan

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
)

// A check is skipped where it did not look at all. One that looked and lacked something, or found nothing to look at, is not:
// a baseline takes findings of skipped checks for carried, and waivers of them for used.
func TestSkipped(t *testing.T) {
	skipped := func(c report.Cluster) []string {
		var out []string
		for _, tally := range c.Tallies {
			if tally.Skipped {
				out = append(out, tally.Check)
			}
		}
		return out
	}
	for name, tt := range map[string]struct {
		opts   Options
		broken func(request) bool
		want   []string
	}{
		"all is read":             {},
		"nothing to look at":      {opts: Options{ExcludeNamespaces: []string{"a", "b"}}},
		"unread":                  {broken: func(r request) bool { return r.resource == "networkpolicies" && r.forbid() }},
		"not served":              {broken: func(r request) bool { return r.resource == "mutatingadmissionpolicies" && r.fail(404, "NotFound") }},
		"cluster is out of scope": {opts: Options{Namespaces: []string{"a"}}, want: []string{"XX2001", "XX4001", "XX5001"}},
		"in a namespace, unread":  {opts: Options{Namespaces: []string{"a"}}, broken: func(r request) bool { return r.resource == "pods" && r.forbid() }, want: []string{"XX2001", "XX4001", "XX5001"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := skipped(scanAll(t, tt.opts, apiServer(t, "shop", shop(), tt.broken))[0]); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}

	// What is opt-in, what only a cluster shows, and what has no value for its parameter.
	check := func(id, scope string, change ...string) *fstest.MapFile {
		file := managedCheck(strings.ToLower(id), id, scope, `violation := {"path": "", "message": "x", "object": {"kind": "Pod", "namespace": "", "name": "x"}}`)
		file.Data = []byte(strings.NewReplacer(change...).Replace(string(file.Data)))
		return file
	}
	engine, err := policy.New(t.Context(), policy.Pack{Name: "test", FS: fstest.MapFS{
		"checks/workload/xx1001/a.rego": check("XX1001", "object"),
		"checks/workload/xx1002/a.rego": check("XX1002", "object", "[Pod]", "[Secret]"),
		"checks/workload/xx1003/a.rego": check("XX1003", "cluster", "#   kinds:", "#   needs: [version]\n#   kinds:"),
		"checks/workload/xx1005/a.rego": check("XX1005", "object", "#   kinds:", "#   needs: [version]\n#   kinds:"),
		"checks/workload/xx1004/a.rego": check("XX1004", "object", "#   kinds:", "#   parameters: [{name: registries, type: strings, help: those that are known}]\n#   kinds:"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pod.yaml")
	if err := os.WriteFile(file, []byte("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c}]}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := (&Scanner{Engine: engine, Host: host}).Run(t.Context(), []Target{{Raw: "manifests://" + file}}).Clusters[0]
	reasons := map[string]string{}
	for _, tally := range c.Tallies {
		if tally.Skipped {
			reasons[tally.Check] = tally.Reason
		}
	}
	want := map[string]string{
		"XX1002": "it is opt-in: --secret-metadata lets the scan read what it looks at", "XX1003": "only a cluster shows it, and manifests do not",
		"XX1004": engine.Lacks("XX1004"), "XX1005": "only a cluster shows it, and manifests do not",
	}
	if !maps.Equal(reasons, want) || want["XX1004"] == "" {
		t.Errorf("got %v, want %v", reasons, want)
	}
}
