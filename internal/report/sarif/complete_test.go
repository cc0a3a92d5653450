package sarif_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
)

func TestGoldenCompared(t *testing.T) {
	reporttest.Golden(t, "compared.sarif", write(t, sarif.Writer{}, reporttest.Compared()))
}

// full is the part of a document that these tests look at, as JSON has it.
func full(t *testing.T, document []byte) (runs []map[string]any) {
	t.Helper()
	var doc struct{ Runs []map[string]any }
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Runs
}

func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			list, _ := v.([]any)
			if p >= len(list) {
				return nil
			}
			v = list[p]
		}
	}
	return v
}

// A rule points to the controls that it answers, and each pointer finds its control.
func TestTaxonomies(t *testing.T) {
	run := full(t, write(t, sarif.Writer{}, reporttest.Compared()))[0]
	var got []string
	for _, r := range at(run, "tool", "driver", "rules", 0, "relationships").([]any) {
		component := int(at(r, "target", "toolComponent", "index").(float64))
		taxon := int(at(r, "target", "index").(float64))
		if at(run, "taxonomies", component, "name") != at(r, "target", "toolComponent", "name") ||
			at(run, "taxonomies", component, "taxa", taxon, "id") != at(r, "target", "id") {
			t.Errorf("%v points to another control", r)
		}
		got = append(got, fmt.Sprint(at(r, "target", "toolComponent", "name"), " ", at(r, "target", "id"), " ", at(r, "kinds", 0)))
	}
	if want := []string{"cis-kubernetes-1.12 5.2.2 relevant", "nsa-cisa-1.2 pod-security relevant"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := at(run, "tool", "driver", "supportedTaxonomies", 1, "name"); got != "nsa-cisa-1.2" {
		t.Errorf("supported: %v", got)
	}
	if got := at(run, "taxonomies", 0, "taxa", 1, "shortDescription", "text"); got != "Host ports" {
		t.Errorf("second control %v", got)
	}
}

func TestSuppressionsAndBaseline(t *testing.T) {
	run := full(t, write(t, sarif.Writer{}, reporttest.Compared()))[0]
	states := map[string]int{}
	var suppressions []any
	for _, r := range run["results"].([]any) {
		states[fmt.Sprint(at(r, "baselineState"))]++
		if s := at(r, "suppressions"); s != nil {
			suppressions = append(suppressions, s)
		}
	}
	if want := map[string]int{"new": 1, "updated": 1, "unchanged": 11, "absent": 1}; !reflect.DeepEqual(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
	want := []any{[]any{map[string]any{
		"kind": "external", "status": "accepted", "justification": "vendor image",
		"properties": map[string]any{"owner": "shop", "ticket": "SEC-7", "expires": "2026-04-01", "source": "waivers.yaml:2"},
	}}}
	if !reflect.DeepEqual(suppressions, want) {
		t.Errorf("suppressions %v", suppressions)
	}
	if got := at(run, "invocations", 0, "toolConfigurationNotifications", 0, "descriptor", "id"); got != "waiver/unused" {
		t.Errorf("configuration notification %v", got)
	}
}

// A grant's way is a code flow a way, and its steps are places.
func TestWays(t *testing.T) {
	run := full(t, write(t, sarif.Writer{}, reporttest.Compared()))[0]
	for _, r := range run["results"].([]any) {
		if at(r, "ruleId") != "KM2001" {
			if at(r, "codeFlows") != nil || at(r, "relatedLocations") != nil {
				t.Errorf("a way without a grant: %v", r)
			}
			continue
		}
		var flows [][]string
		for _, flow := range at(r, "codeFlows").([]any) {
			var steps []string
			for _, l := range at(flow, "threadFlows", 0, "locations").([]any) {
				steps = append(steps, fmt.Sprint(at(l, "location", "message", "text"), " @ ", at(l, "location", "physicalLocation", "artifactLocation", "uri")))
			}
			flows = append(flows, steps)
		}
		binding := "ClusterRoleBinding ops:break glass @ clusters/eks-prod/_cluster/clusterrolebindings.rbac.authorization.k8s.io/ops%3Abreak%20glass.yaml"
		role := "ClusterRole cluster-admin @ clusters/eks-prod/_cluster/clusterroles.rbac.authorization.k8s.io/cluster-admin.yaml"
		want := [][]string{
			{"Group ops-oncall @ clusters/eks-prod/_cluster/group/ops-oncall.yaml", binding, role},
			{"Deployment shop/web @ clusters/eks-prod/shop/deployments.apps/web.yaml", "ServiceAccount shop/web @ clusters/eks-prod/shop/serviceaccounts/web.yaml", binding, role},
		}
		if !reflect.DeepEqual(flows, want) {
			t.Errorf("flows %q", flows)
		}
		if n := len(at(r, "relatedLocations").([]any)); n != 5 {
			t.Errorf("%d related locations, want each step once", n)
		}
	}
}

// Services close what is not in the newest file and show what is.
func TestProfiles(t *testing.T) {
	w := sarif.Writer{Profile: sarif.GitHub}
	parts := w.Parts(reporttest.Compared())
	if len(parts) != 1 {
		t.Fatalf("%d parts", len(parts))
	}
	runs := full(t, write(t, w, parts[0]))
	if len(runs) != 1 || at(runs[0], "automationDetails", "id") != "kubemuster/eks-prod/exclude-namespace=sandbox/" {
		t.Fatalf("a cluster that was not wholly read is in the file: %d runs", len(runs))
	}
	var names []string
	for _, r := range runs[0]["results"].([]any) {
		if at(r, "suppressions") != nil || at(r, "baselineState") == "absent" {
			t.Errorf("waived or absent: %v", r)
		}
		names = append(names, fmt.Sprint(at(r, "properties", "name")))
	}
	if len(names) != 12 || !slices.Contains(names, "api") {
		t.Errorf("%d results, with the one that could not be looked at again: %q", len(names), names)
	}

	// What a baseline knows of a partly read cluster fills its gaps.
	r := reporttest.Compared()
	r.Clusters[1].Compared = true
	if runs := full(t, write(t, w, w.Parts(r)[0])); len(runs) != 2 {
		t.Errorf("%d runs with a baseline for the partly read cluster", len(runs))
	}

	// But not where it lacked the same.
	r.Clusters[1].Unfilled = []string{"KM2001"}
	if runs := full(t, write(t, w, w.Parts(r)[0])); len(runs) != 1 {
		t.Errorf("%d runs with a gap that nothing fills", len(runs))
	}

	r = reporttest.Large(sarif.MaxResults + 7)
	run := full(t, write(t, w, w.Parts(r)[0]))[0]
	if n := len(run["results"].([]any)); n != sarif.MaxResults {
		t.Errorf("%d results", n)
	}
	if text := fmt.Sprint(at(run, "invocations", 0, "toolExecutionNotifications")); !strings.Contains(text, "7 findings are left out, of the lowest severities") {
		t.Errorf("nothing says what was cut: %s", text)
	}

	r = reporttest.Sample()
	one := r.Clusters[0]
	r.Clusters = nil
	for i := range 45 {
		one.Alias = fmt.Sprintf("c%d", i)
		r.Clusters = append(r.Clusters, one)
	}
	var counts []int
	for i, part := range w.Parts(r) {
		counts = append(counts, len(full(t, write(t, w.Part(i).(sarif.Writer), part))))
	}
	if !slices.Equal(counts, []int{20, 20, 5}) {
		t.Errorf("runs a file %v", counts)
	}
	if n := len(sarif.Writer{}.Parts(r)); n != 1 {
		t.Errorf("%d files without a profile", n)
	}
}

// A scan with limits closes no alert beyond them: it has a category of its own, and nothing from beyond is in it.
func TestLimits(t *testing.T) {
	category := func(change func(*report.Cluster)) (string, []string) {
		r := reporttest.Compared()
		r.Clusters = r.Clusters[:1]
		c := &r.Clusters[0]
		c.ExcludeNamespaces, c.Findings = nil, nil
		outside, other := c.Carried[0], c.Carried[0]
		outside.Object.Namespace, other.Check = "ops", "KM9009"
		c.Carried = append(c.Carried, outside, other)
		r.Checks = append(r.Checks, finding.Check{ID: "KM9009", Title: "another"})
		change(c)
		w := sarif.Writer{Profile: sarif.GitHub}
		run := full(t, write(t, w, w.Parts(r)[0]))[0]
		if got := at(full(t, write(t, sarif.Writer{}, r))[0], "automationDetails", "id"); got != "kubemuster/eks-prod/" {
			t.Errorf("the full report has the category %s", got)
		}
		var results []string
		for _, r := range run["results"].([]any) {
			results = append(results, fmt.Sprint(at(r, "ruleId"), " ", at(r, "properties", "namespace")))
		}
		slices.Sort(results)
		return strings.TrimPrefix(fmt.Sprint(at(run, "automationDetails", "id")), "kubemuster/eks-prod/"), results
	}
	for _, tt := range []struct {
		limit   func(*report.Cluster)
		want    string
		results []string
	}{
		{func(*report.Cluster) {}, "", []string{"KM1025 ops", "KM1025 shop", "KM9009 shop"}},
		{func(c *report.Cluster) { c.Namespaces = []string{"shop"} }, "namespace=shop/", []string{"KM1025 shop"}},
		{func(c *report.Cluster) { c.Namespaces, c.ExcludeNamespaces = []string{"shop", "data"}, []string{"ops"} }, "exclude-namespace=ops+namespace=data+namespace=shop/", []string{"KM1025 shop"}},
		{func(c *report.Cluster) { c.Selection = []string{"framework=cis-eks-1.8"} }, "framework=cis-eks-1.8/", []string{"KM1025 ops", "KM1025 shop"}},
		{func(c *report.Cluster) { c.Namespaces = []string{"a/b"} }, "namespace=a%2Fb/", nil},
	} {
		if got, results := category(tt.limit); got != tt.want || !slices.Equal(results, tt.results) {
			t.Errorf("got %s with %q, want %s with %q", got, results, tt.want, tt.results)
		}
	}
	many := func(c *report.Cluster) {
		for i := range 100 {
			c.Namespaces = append(c.Namespaces, fmt.Sprintf("team-%d", i))
		}
	}
	one, _ := category(many)
	other, _ := category(func(c *report.Cluster) { many(c); c.Namespaces = c.Namespaces[1:] })
	if same, _ := category(func(c *report.Cluster) { many(c); slices.Reverse(c.Namespaces) }); same != one || other == one || len(one) > 70 {
		t.Errorf("got %s, %s and %s", one, same, other)
	}
}

func TestGitLabCutsMessages(t *testing.T) {
	r := reporttest.Sample()
	r.Clusters = r.Clusters[:1]
	r.Clusters[0].Findings = r.Clusters[0].Findings[:1]
	r.Clusters[0].Findings[0].Message = strings.Repeat("é", 3000)
	for profile, want := range map[sarif.Profile]int{sarif.GitLab: 2048, sarif.GitHub: 3000} {
		run := full(t, write(t, sarif.Writer{Profile: profile}, r))[0]
		if n := len([]rune(at(run, "results", 0, "message", "text").(string))); n != want {
			t.Errorf("profile %d: %d runes", profile, n)
		}
	}
}

// What is written comes back, but for what SARIF has no place for.
func TestRead(t *testing.T) {
	want := reporttest.Compared()
	want.Checks[0].Needs = []string{"cluster"}
	want.Checks[0].Parameters = []finding.Parameter{{Name: "registries", Type: "strings", Default: []any{"registry.example"}, Help: "those to trust"}, {Name: "most", Type: "number", Help: "how many"}}
	want.Clusters[1].Selection, want.Clusters[1].Unfilled = []string{"check=KM1005"}, []string{"KM1005"}
	want.Clusters[1].Notifications = append(want.Clusters[1].Notifications, report.Notification{ID: "scan/snapshot", Level: "note", Message: "judged from a snapshot"})
	got, err := sarif.Read(bytes.NewReader(write(t, sarif.Writer{}, want)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Clusters {
		a, b := &got.Clusters[i], &want.Clusters[i]
		if b.Problem != nil {
			b.Problem.Message += "; " + b.Problem.Hint
			b.Problem.Hint = ""
		}
		byIdentity := func(x, y finding.Finding) int { return strings.Compare(x.Fingerprint("c"), y.Fingerprint("c")) }
		for _, list := range [][]finding.Finding{a.Findings, b.Findings} {
			slices.SortFunc(list, byIdentity)
		}
		byMessage := func(x, y report.Notification) int { return strings.Compare(x.Message, y.Message) }
		slices.SortFunc(a.Notifications, byMessage)
		slices.SortFunc(b.Notifications, byMessage)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("cluster %s\n got %+v\nwant %+v", b.Alias, a, b)
		}
	}
	want.Frameworks[0].Controls = want.Frameworks[0].Controls[1:]
	if !reflect.DeepEqual(got.Frameworks, want.Frameworks) {
		t.Errorf("frameworks %+v", got.Frameworks)
	}
	if !reflect.DeepEqual(got.Checks, want.Checks) {
		t.Errorf("checks\n got %+v\nwant %+v", got.Checks, want.Checks)
	}
	if !reflect.DeepEqual(got.Components, want.Components) || got.Version != want.Version || got.ExitCode != want.ExitCode {
		t.Errorf("head %+v", got)
	}
}

// A check may fail at the cluster itself, where the sums of checks stand, too: its finding comes back, and they do not.
func TestReadAtCluster(t *testing.T) {
	r := reporttest.Sample()
	r.Clusters = r.Clusters[:1]
	at := r.Clusters[0].Findings[0]
	at.Object, at.Sub, at.Path = finding.Object{Kind: "Cluster", Name: "cluster"}, "", ""
	want := []finding.Finding{at}
	r.Clusters[0].Findings = want
	got, err := sarif.Read(bytes.NewReader(write(t, sarif.Writer{Passes: true}, r)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Clusters[0].Findings, want) {
		t.Errorf("got %+v, want %+v", got.Clusters[0].Findings, want)
	}
}

func TestReadRefuses(t *testing.T) {
	whole := string(write(t, sarif.Writer{}, reporttest.Sample()))
	tests := []struct{ name, text, want string }{
		{"truncated", whole[:len(whole)/2], "the report is cut off"},
		{"empty", "", "the report is cut off"},
		{"no JSON", "KM1005", "it is no SARIF: invalid character"},
		{"other JSON", "{}", "it is no SARIF 2.1.0"},
		{"foreign", `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Trivy"}}}]}`, `it is no report of ours: "Trivy" made run 0`},
		{"of a service", string(write(t, sarif.Writer{Profile: sarif.GitLab}, reporttest.Sample())), "it was written with -o sarif-gitlab, which leaves out what the service must not see"},
		{"edited", strings.Replace(whole, `"kubemuster/v1"`, `"other/v1"`, 1), "it is not as kubemuster writes it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := sarif.Read(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Kubemuster"}}, "results": [{}]}]}`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = sarif.Read(strings.NewReader(text)) })
}
