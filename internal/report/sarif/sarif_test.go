package sarif_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
	"github.com/kubemuster/kubemuster/internal/report/sarif/sariftest"
)

// log is what these tests read back.
type log struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID         string
					HelpURI    string
					Properties struct{ Tags []string }
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful                                        bool
			ToolConfigurationNotifications, ToolExecutionNotifications []struct {
				Descriptor struct{ ID string }
				Message    struct{ Text string }
			}
		}
		Results []result
	}
}

type result struct {
	RuleID, Kind, Level               string
	Message                           struct{ Text string }
	Fingerprints, PartialFingerprints map[string]string
	OccurrenceCount                   int
	Locations                         []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine int }
		}
		LogicalLocations []struct{ FullyQualifiedName, Kind string }
	}
}

func write(t *testing.T, w sarif.Writer, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := w.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	sariftest.Check(t, b.Bytes())
	return b.Bytes()
}

func read(t *testing.T, document []byte) log {
	t.Helper()
	var l log
	if err := json.Unmarshal(document, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// one returns the result of a report with this finding alone.
func one(t *testing.T, r *report.Report, f finding.Finding) result {
	t.Helper()
	r.Clusters = r.Clusters[:1]
	r.Clusters[0].Findings = []finding.Finding{f}
	results := read(t, write(t, sarif.Writer{}, r)).Runs[0].Results
	if len(results) != 1 {
		t.Fatalf("want one result, got %d", len(results))
	}
	return results[0]
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "sample.sarif", write(t, sarif.Writer{}, reporttest.Sample()))
	reporttest.Golden(t, "sample-passes.sarif", write(t, sarif.Writer{Passes: true}, reporttest.Sample()))
}

func TestEmpty(t *testing.T) {
	write(t, sarif.Writer{}, &report.Report{})
	write(t, sarif.Writer{}, &report.Report{Clusters: []report.Cluster{{Alias: "a", Status: report.Complete}}})
}

// TestOrder: findings arrive as checks run in parallel.
func TestOrder(t *testing.T) {
	want := write(t, sarif.Writer{}, reporttest.Sample())
	shuffled := reporttest.Sample()
	for i := range shuffled.Clusters {
		fs := shuffled.Clusters[i].Findings
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(fs), func(a, b int) { fs[a], fs[b] = fs[b], fs[a] })
	}
	before := slices.Clone(shuffled.Clusters[0].Findings)
	if !bytes.Equal(write(t, sarif.Writer{}, shuffled), want) {
		t.Error("the order of findings changes the report")
	}
	if !reflect.DeepEqual(shuffled.Clusters[0].Findings, before) {
		t.Error("writing reordered the report's findings")
	}
}

// TestNotScanned: nothing found and nothing read must not look alike.
func TestNotScanned(t *testing.T) {
	for stage, configuration := range map[string]bool{"target": true, "plugin": true, "access": true, "token": true, "connect": false, "read": false} {
		r := reporttest.Sample()
		r.Clusters = r.Clusters[2:]
		r.Clusters[0].Problem.Stage = stage
		r.Clusters[0].Tallies = []finding.Tally{{Check: "KM1005", Counts: map[finding.Verdict]int{finding.NotEvaluated: 1}}}
		run := read(t, write(t, sarif.Writer{Passes: true}, r)).Runs[0]
		invocation := run.Invocations[0]
		notifications := invocation.ToolExecutionNotifications
		if configuration {
			notifications = invocation.ToolConfigurationNotifications
		}
		if invocation.ExecutionSuccessful || len(notifications) != 1 || notifications[0].Descriptor.ID != "scan/"+stage {
			t.Errorf("%s: got %+v", stage, invocation)
		}
		if len(run.Results) > 0 {
			t.Errorf("%s: a cluster that was not scanned has results", stage)
		}
	}
}

// TestNotEvaluated: the reason is always told, and the result only on request.
func TestNotEvaluated(t *testing.T) {
	const reason = "KM2001 was not evaluated: RoleBinding could not be read: forbidden"
	for _, passes := range []bool{false, true} {
		run := read(t, write(t, sarif.Writer{Passes: passes}, reporttest.Sample())).Runs[1]
		told := false
		for _, n := range run.Invocations[0].ToolExecutionNotifications {
			told = told || n.Message.Text == reason
		}
		if !told || !run.Invocations[0].ExecutionSuccessful {
			t.Errorf("passes %v: the reason is not told, or the partial scan counts as failed: %+v", passes, run.Invocations[0])
		}
		open := slices.IndexFunc(run.Results, func(r result) bool {
			return r.RuleID == "KM2001" && r.Kind == "open" && r.Level == "none" && r.Message.Text == reason
		})
		if (open >= 0) != passes {
			t.Errorf("passes %v: open result at %d", passes, open)
		}
		for _, r := range run.Results {
			if r.RuleID == "KM2001" && r.Kind == "pass" {
				t.Error("a check that was not evaluated passed")
			}
		}
	}
}

func TestIdentity(t *testing.T) {
	base := finding.Finding{
		Check: "KM2001", Severity: finding.High, Verdict: finding.Fail,
		Object: finding.Object{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding", Resource: "rolebindings", Namespace: "shop", Name: "ops"},
		Sub:    "subjects/0", Key: "Group/ops", Path: "subjects[0]", Message: "Group ops may do everything",
	}
	want := one(t, reporttest.Sample(), base)
	tests := map[string]struct {
		change func(r *report.Report, f *finding.Finding)
		same   bool
	}{
		"message":         {func(_ *report.Report, f *finding.Finding) { f.Message = "ops can do all" }, true},
		"severity":        {func(_ *report.Report, f *finding.Finding) { f.Severity = finding.Low }, true},
		"API version":     {func(_ *report.Report, f *finding.Finding) { f.Object.Version = "v2" }, true},
		"path index":      {func(_ *report.Report, f *finding.Finding) { f.Path = "subjects[7]" }, true},
		"resource":        {func(_ *report.Report, f *finding.Finding) { f.Object.Resource = "" }, true},
		"managed by":      {func(_ *report.Report, f *finding.Finding) { f.ManagedBy = "provider" }, true},
		"line":            {func(_ *report.Report, f *finding.Finding) { f.Line = 9 }, true},
		"manifest file":   {func(_ *report.Report, f *finding.Finding) { f.File, f.Line = "a.yaml", 9 }, false},
		"scanner version": {func(r *report.Report, _ *finding.Finding) { r.Version = "9.0.0" }, true},
		"server version":  {func(r *report.Report, _ *finding.Finding) { r.Clusters[0].ServerVersion = "v2" }, true},
		"time":            {func(r *report.Report, _ *finding.Finding) { r.Clusters[0].Started = time.Unix(0, 0) }, true},
		"alias":           {func(r *report.Report, _ *finding.Finding) { r.Clusters[0].Alias = "renamed" }, true},
		"other checks":    {func(r *report.Report, _ *finding.Finding) { r.Checks = r.Checks[2:] }, true},
		"cluster":         {func(r *report.Report, _ *finding.Finding) { r.Clusters[0].ID += "2" }, false},
		"check":           {func(_ *report.Report, f *finding.Finding) { f.Check = "KM2009" }, false},
		"group":           {func(_ *report.Report, f *finding.Finding) { f.Object.Group = "" }, false},
		"kind":            {func(_ *report.Report, f *finding.Finding) { f.Object.Kind = "Role" }, false},
		"namespace":       {func(_ *report.Report, f *finding.Finding) { f.Object.Namespace = "" }, false},
		"name":            {func(_ *report.Report, f *finding.Finding) { f.Object.Name = "op" }, false},
		"part":            {func(_ *report.Report, f *finding.Finding) { f.Sub = "subjects/1" }, false},
		"key":             {func(_ *report.Report, f *finding.Finding) { f.Key = "" }, false},
		"border of parts": {func(_ *report.Report, f *finding.Finding) { f.Object.Namespace, f.Object.Name = "shopo", "ps" }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, f := reporttest.Sample(), base
			test.change(r, &f)
			got := one(t, r, f)
			for key, print := range want.PartialFingerprints {
				if (got.PartialFingerprints[key] == print) != test.same {
					t.Errorf("%s: %q became %q", key, print, got.PartialFingerprints[key])
				}
			}
			if got.Fingerprints["kubemuster/v1"] != got.PartialFingerprints["kubemuster/v1"] {
				t.Error("fingerprints and partialFingerprints differ")
			}
		})
	}
}

// TestTwins: one identity is one result, the worst of its findings.
func TestTwins(t *testing.T) {
	r := reporttest.Sample()
	f := r.Clusters[0].Findings[0]
	mild, pass := f, f
	mild.Severity, mild.Message = finding.Low, "a milder one"
	pass.Verdict = finding.Pass
	r.Clusters = r.Clusters[:1]
	r.Clusters[0].Findings = []finding.Finding{pass, mild, f}
	got := read(t, write(t, sarif.Writer{Passes: true}, r)).Runs[0].Results[0]
	if got.Level != "error" || got.Kind != "fail" || got.OccurrenceCount != 3 || got.Message.Text != f.Message {
		t.Errorf("got %+v", got)
	}
}

func TestLocations(t *testing.T) {
	rbac := finding.Object{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole", Resource: "clusterroles"}
	named := func(o finding.Object, name string) finding.Object { o.Name = name; return o }
	web := finding.Object{Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web"}
	tests := map[string]struct {
		finding   finding.Finding
		uri, full string
		line      int
	}{
		"container": {
			finding.Finding{Object: web, Sub: "containers/nginx"},
			"clusters/eks-prod/shop/deployments.apps/web/containers/nginx.yaml", "eks-prod/apps/v1/namespaces/shop/deployments/web#containers/nginx", 1,
		},
		"core group, no resource": {
			finding.Finding{Object: finding.Object{Version: "v1", Kind: "Namespace", Name: "shop"}},
			"clusters/eks-prod/_cluster/namespace/shop.yaml", "eks-prod/v1/namespace/shop", 1,
		},
		"colon": {
			finding.Finding{Object: named(rbac, "system:controller:x")},
			"clusters/eks-prod/_cluster/clusterroles.rbac.authorization.k8s.io/system%3Acontroller%3Ax.yaml",
			"eks-prod/rbac.authorization.k8s.io/v1/clusterroles/system:controller:x", 1,
		},
		"space and plus": {
			finding.Finding{Object: named(rbac, "break glass+now")},
			"clusters/eks-prod/_cluster/clusterroles.rbac.authorization.k8s.io/break%20glass%2Bnow.yaml",
			"eks-prod/rbac.authorization.k8s.io/v1/clusterroles/break glass+now", 1,
		},
		"unicode": {
			finding.Finding{Object: named(rbac, "führung-生")},
			"clusters/eks-prod/_cluster/clusterroles.rbac.authorization.k8s.io/f%C3%BChrung-%E7%94%9F.yaml",
			"eks-prod/rbac.authorization.k8s.io/v1/clusterroles/führung-生", 1,
		},
		"percent": {
			finding.Finding{Object: named(rbac, "100%2e")},
			"clusters/eks-prod/_cluster/clusterroles.rbac.authorization.k8s.io/100%252e.yaml",
			"eks-prod/rbac.authorization.k8s.io/v1/clusterroles/100%2e", 1,
		},
		"way up": {
			finding.Finding{Object: finding.Object{Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "..", Name: "../../etc"}, Sub: "containers/.."},
			"clusters/eks-prod/_../pods/..%2F..%2Fetc/containers/_...yaml", "eks-prod/v1/namespaces/../pods/../../etc#containers/..", 1,
		},
		"scheme and query": {
			finding.Finding{Object: named(rbac, "https://x?y#z")},
			"clusters/eks-prod/_cluster/clusterroles.rbac.authorization.k8s.io/https%3A%2F%2Fx%3Fy%23z.yaml",
			"eks-prod/rbac.authorization.k8s.io/v1/clusterroles/https://x?y#z", 1,
		},
		"broken UTF-8": {
			finding.Finding{Object: named(rbac, "a\xffb")},
			"clusters/eks-prod/_cluster/clusterroles.rbac.authorization.k8s.io/a%EF%BF%BDb.yaml",
			"eks-prod/rbac.authorization.k8s.io/v1/clusterroles/a\uFFFDb", 1,
		},
		"no object": {
			finding.Finding{},
			"clusters/eks-prod/_cluster/_/_.yaml", "eks-prod//", 1,
		},
		"manifest": {
			finding.Finding{Object: web, File: "./deploy/web app.yaml", Line: 17},
			"deploy/web%20app.yaml", "eks-prod/apps/v1/namespaces/shop/deployments/web", 17,
		},
		"manifest outside": {
			finding.Finding{Object: web, File: "../c:/web.yaml"},
			"_../c%3A/web.yaml", "eks-prod/apps/v1/namespaces/shop/deployments/web", 1,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := test.finding
			f.Check, f.Verdict = "KM1005", finding.Fail
			l := one(t, reporttest.Sample(), f).Locations[0]
			if got := l.PhysicalLocation.ArtifactLocation.URI; got != test.uri {
				t.Errorf("uri\n got %s\nwant %s", got, test.uri)
			}
			if got := l.LogicalLocations[0]; got.FullyQualifiedName != test.full || got.Kind != "resource" {
				t.Errorf("logical location\n got %s, %s\nwant %s", got.FullyQualifiedName, got.Kind, test.full)
			}
			if got := l.PhysicalLocation.Region.StartLine; got != test.line {
				t.Errorf("line %d, want %d", got, test.line)
			}
		})
	}
}

// FuzzURI: no name makes a file that services refuse, or a path out of the cluster's folder.
func FuzzURI(f *testing.F) {
	f.Add("a", "kube-system", "system:controller:x", "containers/nginx")
	f.Add("..", ".", "%2e%2e", "//")
	f.Fuzz(func(t *testing.T, alias, namespace, name, sub string) {
		r := reporttest.Sample()
		r.Clusters[0].Alias = alias
		o := finding.Object{Version: "v1", Kind: "Pod", Namespace: namespace, Name: name}
		got := one(t, r, finding.Finding{Check: "KM1005", Verdict: finding.Fail, Object: o, Sub: sub})
		uri, err := url.Parse(got.Locations[0].PhysicalLocation.ArtifactLocation.URI)
		if err != nil || !strings.HasPrefix(uri.ResolveReference(&url.URL{}).String(), "/clusters/") && !strings.HasPrefix(uri.String(), "clusters/") {
			t.Errorf("%v, %v", uri, err)
		}
	})
}

// TestHostileText: a message is no place for links, and JSON holds whatever else it brings.
func TestHostileText(t *testing.T) {
	f := reporttest.Sample().Clusters[0].Findings[0]
	f.Message = "container [urgent: log in](https://evil.example) \x1b[31m\u202e\x00 </script> runs privileged"
	got := one(t, reporttest.Sample(), f).Message.Text
	if strings.Contains(got, "](") || !strings.Contains(got, "</script> runs privileged") {
		t.Errorf("got %q", got)
	}
}

func TestTags(t *testing.T) {
	rules := read(t, write(t, sarif.Writer{}, reporttest.Sample())).Runs[0].Tool.Driver.Rules
	want := []string{
		"security", "kubernetes", "workload",
		"cis-eks-1.8/4.2.1", "cis-gke-1.9/4.2.1", "cis-kubernetes-1.12/5.2.2", "mitre-attack/T1610", "nsa-cisa-1.2/pod-security",
		"owasp-k8s-top10/K01", "pod-security-standards/baseline",
	}
	if got := rules[0].Properties.Tags; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestCustomCheck: a check of another pack has no page of ours.
func TestCustomCheck(t *testing.T) {
	r := reporttest.Sample()
	r.Checks = append(r.Checks,
		finding.Check{ID: "ACME1", Title: "No team label", References: []string{"see the wiki", "https://acme.example/labels"}},
		finding.Check{ID: "ACME2", Title: "No cost centre"})
	rules := read(t, write(t, sarif.Writer{}, r)).Runs[0].Tool.Driver.Rules
	if got := rules[len(rules)-2].HelpURI; got != "https://acme.example/labels" {
		t.Errorf("helpUri %q", got)
	}
	if got := rules[len(rules)-1].HelpURI; got != "" {
		t.Errorf("helpUri %q", got)
	}
}

func TestWriteErrors(t *testing.T) {
	r := reporttest.Sample()
	r.Clusters[0].Findings[0].Check = "KM9999"
	err := sarif.Writer{}.Write(io.Discard, r)
	if err == nil || !strings.Contains(err.Error(), "does not list check KM9999 of a finding on Deployment shop/web") {
		t.Errorf("a check that is not listed: %v", err)
	}
	r = reporttest.Sample()
	r.Clusters[0].Findings[0].Verdict = ""
	if err := (sarif.Writer{}).Write(io.Discard, r); err == nil {
		t.Error("a finding without a verdict was left out in silence")
	}
	full := errors.New("no space left on device")
	if err := (sarif.Writer{}).Write(writerFunc(func([]byte) (int, error) { return 0, full }), reporttest.Sample()); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}

// TestStreams: the output leaves in pieces that do not grow with the number of results.
func TestStreams(t *testing.T) {
	largest, total := 0, 0
	w := writerFunc(func(p []byte) (int, error) {
		largest, total = max(largest, len(p)), total+len(p)
		return len(p), nil
	})
	if err := (sarif.Writer{}).Write(w, reporttest.Large(5000)); err != nil {
		t.Fatal(err)
	}
	if largest > 64<<10 || total < 5000*500 {
		t.Errorf("%d bytes in pieces of up to %d", total, largest)
	}
}

func BenchmarkWrite100k(b *testing.B) {
	r := reporttest.Large(100_000)
	b.ReportAllocs()
	for b.Loop() {
		var size int64
		w := writerFunc(func(p []byte) (int, error) { size += int64(len(p)); return len(p), nil })
		if err := (sarif.Writer{}).Write(w, r); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
