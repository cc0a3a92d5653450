package e2e

import (
	"slices"
	"strings"
	"testing"
)

// What the scan of each cluster must find, among more: things that are in no other cluster.
var (
	prodFindings = []string{
		"KM1005 shop/deployments.apps/till/containers/till",
		"KM2001 _cluster/clusterrolebindings.rbac.authorization.k8s.io/shop-owners",
		"KM5001 _cluster/namespaces/shop",
		"KM6001 _cluster/nodes/prod-node-1",
	}
	stagingFindings = []string{
		"KM1004 bank/statefulsets.apps/ledger",
		"KM1007 bank/statefulsets.apps/ledger/volumes/etc",
		"KM2001 _cluster/clusterrolebindings.rbac.authorization.k8s.io/bank-auditors",
		"KM5001 _cluster/namespaces/bank",
	}
)

func TestScan(t *testing.T) {
	for _, c := range clouds() {
		t.Run(c.provider(), func(t *testing.T) {
			t.Parallel()
			s := scan(t, c.env(reader), c.target("prod", reader))
			s.checkComplete(t)
			r := s.only(t)
			found := r.findings(t)
			checkHolds(t, found, prodFindings)
			for _, f := range found {
				if strings.Contains(f, "/replicasets.apps/") || strings.Contains(f, "/pods/") {
					t.Errorf("what a Deployment owns is judged once more: %s", f)
				}
			}
			if r.Properties.Provider != c.provider() || r.Properties.Name != "prod" || r.Properties.ServerVersion != "v1.37.2" {
				t.Errorf("the report is of %+v", r.Properties)
			}
			if len(r.Tool.Extensions) != 1 || r.Tool.Extensions[0].Name != c.provider() {
				t.Errorf("the report names the plugins %v", r.Tool.Extensions)
			}
			checkAudit(t, c)
		})
	}
}

// checkAudit checks in the API server's own log whom it took the scanner for, and that the scanner asked to read only.
func checkAudit(t *testing.T, c cloud) {
	t.Helper()
	events, err := world.prod.Audit()
	if err != nil {
		t.Fatal(err)
	}
	if err := onlyReads(events); err != nil {
		t.Error(err)
	}
	lists := 0
	for _, e := range ofScanner(events) {
		if e.User.Username == c.user(reader) && e.Verb == "list" && e.ResponseStatus.Code == 200 {
			lists++
		}
		if o := e.ObjectRef; o != nil && (o.Resource == "secrets" || o.Resource == "configmaps") {
			t.Errorf("the scanner asked for %s", e.RequestURI)
		}
	}
	if lists == 0 {
		t.Errorf("the audit log holds no list of %s", c.user(reader))
	}
}

func TestFailOn(t *testing.T) {
	t.Parallel()
	c := world.gke
	s := scan(t, c.env(reader), c.target("prod", reader), "--fail-on", "critical")
	if s.code != exitFindings || !strings.Contains(s.stderr, "at or above critical") {
		t.Errorf("the exit code is %d, not %d\n%s", s.code, exitFindings, s.tail())
	}
	if r := s.only(t); !r.Invocations[0].ExecutionSuccessful || r.Invocations[0].ExitCode != exitFindings {
		t.Errorf("the report's invocation is %+v", r.Invocations[0])
	}
}

func checkHolds(t *testing.T, found, want []string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(found, w) {
			t.Errorf("not found: %s\nfound: %s", w, strings.Join(found, "\n       "))
		}
	}
}
