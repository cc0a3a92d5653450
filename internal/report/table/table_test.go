package table_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
	"github.com/kubemuster/kubemuster/internal/report/table"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func write(t *testing.T, w table.Writer, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := w.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, width := range []int{80, 100, 200} {
		reporttest.Golden(t, fmt.Sprintf("sample-%d.txt", width), []byte(write(t, table.Writer{Width: width}, reporttest.Sample())))
	}
	for _, width := range []int{80, 200} {
		reporttest.Golden(t, fmt.Sprintf("compared-%d.txt", width), []byte(write(t, table.Writer{Width: width}, reporttest.Compared())))
		reporttest.Golden(t, fmt.Sprintf("one-%d.txt", width), []byte(write(t, table.Writer{Width: width}, reporttest.Large(1))))
		reporttest.Golden(t, fmt.Sprintf("many-%d.txt", width), []byte(write(t, table.Writer{Width: width}, reporttest.Large(5000))))
	}
	reporttest.Golden(t, "sample-100-color.txt", []byte(write(t, table.Writer{Width: 100, Color: true}, reporttest.Sample())))
	single := reporttest.Sample()
	single.Clusters = single.Clusters[:1]
	reporttest.Golden(t, "single-100.txt", []byte(write(t, table.Writer{Width: 100}, single)))
}

func TestWidth(t *testing.T) {
	if write(t, table.Writer{}, reporttest.Sample()) != write(t, table.Writer{Width: 80}, reporttest.Sample()) {
		t.Error("no width does not mean 80 columns")
	}
	if write(t, table.Writer{Width: 7}, reporttest.Sample()) != write(t, table.Writer{Width: 60}, reporttest.Sample()) {
		t.Error("a narrow terminal is not taken for 60 columns")
	}
	r := reporttest.Sample()
	long := strings.Repeat("long-生命-", 40)
	c := &r.Clusters[0]
	c.Alias = "eks-" + long
	c.Target = "eks://" + long
	c.Findings[0].Object.Name = long
	c.Findings[0].Message = long
	c.Notifications[0].Message = long
	r.Checks[0].Title = long
	r.Clusters[1].Gaps[0].Message = long
	r.Clusters[2].Problem.Message = long
	for width := 60; width <= 240; width += 7 {
		for line := range strings.Lines(write(t, table.Writer{Width: width, Color: true}, r)) {
			if got := text.StringWidthWithoutEscSequences(strings.TrimRight(line, "\n")); got > width {
				t.Fatalf("width %d: a line of %d: %q", width, got, line)
			}
		}
	}
}

// TestColor: colours change nothing but the colour, whatever the environment says, and are there only when asked for.
func TestColor(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	t.Setenv("TERM", "dumb")
	plain := write(t, table.Writer{Width: 100}, reporttest.Sample())
	colored := write(t, table.Writer{Width: 100, Color: true}, reporttest.Sample())
	if strings.Contains(plain, "\x1b") {
		t.Error("there are colours that nobody asked for")
	}
	stripped := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(colored, "")
	if stripped == colored || stripped != plain {
		t.Errorf("the coloured page says something else:\n%s", stripped)
	}
}

// TestHostile: nothing that a cluster's users, its cloud or a pack's author may write reaches the terminal's commands.
func TestHostile(t *testing.T) {
	const evil = "x\x1b[2J\x1b]0;pwned\x07\r\n\tKM0000 all is well \u202egnp\u202c\u200b\u2028\x00\x9b31m\xff\x7f%s ##vso[task.complete] ::error::"
	r := reporttest.Sample()
	r.Version = evil
	for i := range r.Checks {
		r.Checks[i].Title = evil
	}
	r.Clusters = r.Clusters[1:2]
	c := &r.Clusters[0]
	c.Alias, c.Target, c.ServerVersion = evil, evil, evil
	c.Problem = &report.Problem{Stage: evil, Message: evil, Hint: evil}
	c.Gaps = []snapshot.Gap{{Kind: evil, Namespace: evil, Reason: evil, Message: evil}}
	c.Notifications = []report.Notification{{ID: evil, Level: evil, Message: evil}}
	c.Tallies[4].Reason, c.Tallies[4].Check = evil, evil
	for i := range c.Findings {
		f := &c.Findings[i]
		f.Check, f.Sub, f.Key, f.Message, f.ManagedBy, f.Owner, f.File = evil, evil, evil, evil, evil, evil, evil
		f.Object = finding.Object{Kind: evil, Namespace: evil, Name: evil}
	}
	for _, width := range []int{80, 300} {
		page := write(t, table.Writer{Width: width}, r)
		for i, r := range page {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%U at %q", r, page[max(0, i-20):i+1])
			}
		}
		if !strings.Contains(page, `x\x1b[2J`) {
			t.Error("the escape is not shown")
		}
		if strings.Contains(page, "\nKM0000") {
			t.Error("a name began a line")
		}
		if strings.Contains(page, "##") || strings.Contains(page, "::e") {
			t.Error("a name gives a CI service a command")
		}
	}
}

func TestNothingFound(t *testing.T) {
	page := write(t, table.Writer{}, &report.Report{})
	if !strings.Contains(page, "No cluster was scanned.") || !strings.Contains(page, "0 clusters\n") {
		t.Errorf("got\n%s", page)
	}
	r := reporttest.Sample()
	r.Clusters = r.Clusters[1:]
	r.Clusters[0].Findings = nil
	page = write(t, table.Writer{}, r)
	for _, want := range []string{"no findings in what was read\n", "2 clusters: 1 partial, 1 not scanned\n", "NOT READ", "NOT SCANNED", "NOT EVALUATED"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing from\n%s", want, page)
		}
	}
}

// TestManifests: a finding in a file says where; of a path that does not fit, the end is kept, from a folder on.
func TestManifests(t *testing.T) {
	for file, want := range map[string]string{
		"deploy/web.yaml": "deploy/web.yaml:17  Deployment shop/web › containers/nginx\n",
		"environments/production/europe-west1/shop/deployment.yaml": "\n        …/shop/deployment.yaml:17  Deployment shop/web › containers/nginx\n",
	} {
		r := reporttest.Sample()
		r.Clusters = r.Clusters[:1]
		r.Clusters[0].Findings = r.Clusters[0].Findings[:1]
		r.Clusters[0].Findings[0].File, r.Clusters[0].Findings[0].Line = file, 17
		if page := write(t, table.Writer{}, r); !strings.Contains(page, want) {
			t.Errorf("%s: got\n%s", file, page)
		}
	}
}

// TestMarks: what does not count stands behind what does, and says so.
func TestMarks(t *testing.T) {
	r := reporttest.Compared()
	r.Clusters = r.Clusters[:1]
	found := r.Clusters[0].Findings
	r.Clusters[0].Findings = []finding.Finding{found[0], found[4], found[3], found[1]}
	want := "new     Deployment shop/web › containers/sidecar\n" +
		"        CronJob ops/nightly-backup › containers/backup\n" +
		"managed DaemonSet kube-system/aws-node › containers/aws-eks-nodeagent\n" +
		"waived  Deployment shop/web › containers/nginx\n"
	if page := write(t, table.Writer{Width: 80}, r); !strings.Contains(page, want) {
		t.Errorf("got\n%s", page)
	}
}

// TestWrap: a word that is wider than its column is broken between its parts, and no other word is.
func TestWrap(t *testing.T) {
	r := reporttest.Sample()
	r.Clusters = r.Clusters[1:2]
	r.Clusters[0].Gaps = []snapshot.Gap{{Kind: "ValidatingAdmissionPolicyBinding", Reason: snapshot.Forbidden, Message: "the identity may not list validatingadmissionpolicybindings.admissionregistration.k8s.io at all"}}
	page := write(t, table.Writer{Width: 60}, r)
	_, section, _ := strings.Cut(page, "NOT READ")
	var words []string
	for _, line := range strings.Split(section, "\n")[1:7] {
		words = append(words, strings.Fields(line)...)
	}
	got := strings.Join(words, " ")
	if want := "gke-stage Validating forbidden: the identity may not AdmissionPolicy list Binding validatingadmissionpolicybinding s.admissionregistration.k8s.io at all"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestSummary: what ends the page fits a screen, however much there is, and accounts for every finding.
func TestSummary(t *testing.T) {
	for name, tt := range map[string]struct {
		report *report.Report
		want   string
	}{
		"one": {reporttest.Large(1), "1 finding: 1 critical\n1 cluster: 1 complete\n"},
		"5,000": {
			reporttest.Large(5000),
			"5000 findings: 1250 critical, 1250 high, 1250 low, 1250 info\n1 cluster: 1 complete\n4992 findings not shown; -o html=FILE or -o json=FILE has all\n",
		},
		"compared": {
			reporttest.Compared(), "15 findings: 7 critical, 3 high, 2 medium, 2 low, 1 info\nnot counted by the gate: 1 managed by the provider or Kubernetes, 1 waived\n" +
				"since the baseline: 1 new, 1 changed, 1 no longer there, 1 not read again\n" +
				"3 clusters: 1 complete, 1 partial, 1 not scanned\nFAIL also counts checks folded into a finding on a grant\n" +
				"3 findings not shown; -o html=FILE or -o json=FILE has all\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, width := range []int{80, 200} {
				_, got, _ := strings.Cut(write(t, table.Writer{Width: width}, tt.report), "\n"+strings.Repeat("─", width)+"\n")
				if got != tt.want {
					t.Errorf("got\n%swant\n%s", got, tt.want)
				}
			}
		})
	}
}

// TestManyFindings: a check shows some of its findings and counts the rest, and only failures are findings.
func TestManyFindings(t *testing.T) {
	r := reporttest.Large(4000)
	r.Clusters[0].Findings[0].Verdict = finding.Pass
	page := write(t, table.Writer{}, r)
	for _, want := range []string{"×999\n", "… and 996 more\n", "3999 findings: 999 critical, 1000 high, 1000 low, 1000 info\n", "3991 findings not shown"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing from\n%s", want, page)
		}
	}
	if n := strings.Count(page, "\n"); n > 40 {
		t.Errorf("%d lines for four checks", n)
	}
}

func TestWriteError(t *testing.T) {
	r, w := io.Pipe()
	broken := errors.New("broken pipe")
	r.CloseWithError(broken)
	if err := (table.Writer{}).Write(w, reporttest.Sample()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
