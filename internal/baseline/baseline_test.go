package baseline_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/kubemuster/kubemuster/internal/baseline"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

func found(check, name string) finding.Finding {
	return finding.Finding{
		Check: check, Severity: finding.High, Verdict: finding.Fail, Message: "it is so",
		Object: finding.Object{Kind: "Pod", Namespace: "shop", Name: name},
	}
}

// run is a report of a cluster that these checks looked at, but for what its tallies say otherwise.
func run(c report.Cluster, checks ...string) *report.Report {
	r := &report.Report{}
	tallied := slices.Clone(c.Tallies)
	for _, id := range checks {
		r.Checks = append(r.Checks, finding.Check{ID: id})
		if c.Status != report.NotScanned && !slices.ContainsFunc(tallied, func(t finding.Tally) bool { return t.Check == id }) {
			tallied = append(tallied, finding.Tally{Check: id, Counts: map[finding.Verdict]int{finding.Pass: 1}})
		}
	}
	c.Tallies = tallied
	r.Clusters = []report.Cluster{c}
	return r
}

func cluster(findings ...finding.Finding) report.Cluster {
	return report.Cluster{ID: "arn:prod", Status: report.Complete, Findings: findings}
}

// states are the findings as "check name state", those of the run first.
func states(r *report.Report) []string {
	var out []string
	for _, c := range r.Clusters {
		for _, f := range slices.Concat(c.Findings, c.Absent) {
			out = append(out, f.Check+" "+f.Object.Name+" "+string(f.Baseline))
		}
	}
	return out
}

func TestCompare(t *testing.T) {
	reworded, worse, passed := found("KM1005", "web"), found("KM1005", "web"), found("KM1005", "web")
	reworded.Message, worse.Severity, passed.Verdict = "it is so, still", finding.Critical, finding.Pass
	notEvaluated := cluster()
	notEvaluated.Status = report.Partial
	notEvaluated.Tallies = []finding.Tally{{Check: "KM1005", Counts: map[finding.Verdict]int{finding.NotEvaluated: 1}}}
	elsewhere, without := cluster(), cluster()
	elsewhere.Namespaces, without.ExcludeNamespaces = []string{"billing"}, []string{"shop"}
	optIn := cluster()
	optIn.Tallies = []finding.Tally{{Check: "KM1005", Counts: map[finding.Verdict]int{finding.NotApplicable: 1}, Skipped: true}}
	ofNamespace := found("KM1005", "dev")
	ofNamespace.Object = finding.Object{Kind: "Namespace", Name: "dev"}
	withoutDev := cluster()
	withoutDev.ExcludeNamespaces = []string{"dev"}
	waived, managed := found("KM1005", "web"), found("KM1005", "web")
	waived.Waiver, managed.ManagedBy = &finding.Waiver{Owner: "shop"}, "provider"
	carried := cluster()
	carried.Carried = []finding.Finding{found("KM1005", "web")}
	gone := cluster()
	gone.Status = report.NotScanned
	carriedWhole := gone
	carriedWhole.Compared, carriedWhole.Carried = true, []finding.Finding{found("KM1005", "web")}
	another := cluster(found("KM1005", "web"))
	another.ID = "arn:stage"

	before := run(cluster(found("KM1005", "web")), "KM1005")
	tests := []struct {
		name   string
		before *report.Report
		now    report.Cluster
		want   []string
	}{
		{"unchanged", before, cluster(found("KM1005", "web")), []string{"KM1005 web unchanged"}},
		{"new", before, cluster(found("KM1005", "web"), found("KM1005", "api")), []string{"KM1005 web unchanged", "KM1005 api new"}},
		{"another wording", before, cluster(reworded), []string{"KM1005 web updated"}},
		{"another severity", before, cluster(worse), []string{"KM1005 web updated"}},
		{"two of one identity", run(cluster(found("KM1005", "web"), reworded), "KM1005"), cluster(found("KM1005", "web"), reworded), []string{"KM1005 web unchanged", "KM1005 web unchanged"}},
		{"two of one identity are no more", run(cluster(found("KM1005", "web"), reworded), "KM1005"), cluster(), []string{"KM1005 web absent", "KM1005 web absent"}},
		{"one more of one identity", before, cluster(found("KM1005", "web"), reworded), []string{"KM1005 web unchanged", "KM1005 web updated"}},
		{"no more", before, cluster(), []string{"KM1005 web absent"}},
		{"now it passes", before, cluster(passed), []string{"KM1005 web ", "KM1005 web absent"}},
		{"what was not read is not fixed", before, notEvaluated, nil},
		{"another namespace was looked at", before, elsewhere, nil},
		{"the namespace was left out", before, without, nil},
		{"the cluster was not scanned", before, gone, nil},
		{"nobody asked the check to look", before, optIn, nil},
		{"the namespace itself was left out", run(cluster(ofNamespace), "KM1005"), withoutDev, nil},
		{"its waiver has ended", run(cluster(waived), "KM1005"), cluster(found("KM1005", "web")), []string{"KM1005 web new"}},
		{"it is still waived", run(cluster(waived), "KM1005"), cluster(waived), []string{"KM1005 web unchanged"}},
		{"the provider no longer runs it", run(cluster(managed), "KM1005"), cluster(found("KM1005", "web")), []string{"KM1005 web new"}},
		{"the baseline had carried it over", run(carried, "KM1005"), cluster(found("KM1005", "web")), []string{"KM1005 web unchanged"}},
		{"it was not scanned for the baseline, which had carried it over", run(carriedWhole, "KM1005"), cluster(found("KM1005", "web")), []string{"KM1005 web unchanged"}},
		{"another cluster", before, another, []string{"KM1005 web new"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(tt.now, "KM1005")
			r.Clusters[0].Findings = slices.Clone(r.Clusters[0].Findings)
			baseline.Compare(r, tt.before)
			if got := states(r); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Nobody accepts by silence what was waived when it was last seen: however often it is carried over, it is new once its waiver
// has ended.
func TestCarriedWaiver(t *testing.T) {
	finds := func(accepted bool) *report.Report {
		f := found("KM1005", "web")
		if !accepted {
			f.Waiver = &finding.Waiver{Owner: "shop"}
		}
		return run(cluster(f), "KM1005")
	}
	gone := func() *report.Report { return run(report.Cluster{ID: "arn:prod", Status: report.NotScanned}, "KM1005") }
	// next compares as a scan does, and ends the waivers, or gives them.
	next := func(r, before *report.Report, waived bool) *report.Report {
		known := baseline.Match(r, before)
		for _, list := range [][]finding.Finding{r.Clusters[0].Findings, r.Clusters[0].Carried} {
			for i := range list {
				list[i].Waiver = nil
				if waived {
					list[i].Waiver = &finding.Waiver{Owner: "shop"}
				}
			}
		}
		known.Compare()
		return r
	}
	for _, tt := range []struct {
		name             string
		accepted         bool
		carried          []bool // for each scan that did not reach it: whether it is waived there
		waived           bool
		whileGone, after finding.BaselineState
	}{
		{"accepted", true, []bool{false}, false, finding.Unchanged, finding.Unchanged},
		{"its waiver ended", false, []bool{false}, false, finding.New, finding.New},
		{"twice", false, []bool{false, false}, false, finding.New, finding.New},
		{"it ended, began and ended", false, []bool{false, true, false}, false, finding.New, finding.New},
		{"it ends when it is seen", false, []bool{true}, false, finding.Unchanged, finding.New},
		{"it is waived still", false, []bool{true}, true, finding.Unchanged, finding.Unchanged},
		{"it is waived again", false, []bool{false}, true, finding.New, finding.Unchanged},
	} {
		r := finds(tt.accepted)
		for _, waived := range tt.carried {
			r = next(gone(), r, waived)
		}
		if got := r.Clusters[0].Carried; len(got) != 1 || got[0].Baseline != tt.whileGone {
			t.Errorf("%s: carried %+v, want it %s", tt.name, got, tt.whileGone)
		}
		if r = next(finds(true), r, tt.waived); r.Clusters[0].Findings[0].Baseline != tt.after {
			t.Errorf("%s: it is %q, want %q", tt.name, r.Clusters[0].Findings[0].Baseline, tt.after)
		}
	}
}

// A check that did not run this time has fixed nothing; one that did not run then has found nothing new.
func TestOtherChecks(t *testing.T) {
	r := run(cluster(found("KM1005", "web")), "KM1005")
	baseline.Compare(r, run(cluster(found("KM1002", "web")), "KM1002"))
	if got := states(r); !slices.Equal(got, []string{"KM1005 web "}) {
		t.Errorf("got %q", got)
	}
}

// What the baseline could not have seen is not new, and the cluster is told so.
func TestUnseen(t *testing.T) {
	web, node := found("KM1005", "web"), found("KM1005", "n1")
	node.Object = finding.Object{Kind: "Node", Name: "n1"}
	tally := func(t finding.Tally) report.Cluster {
		c := cluster()
		t.Check = "KM1005"
		c.Tallies = []finding.Tally{t}
		return c
	}
	limited := func(only, without string) report.Cluster {
		c := cluster()
		if only != "" {
			c.Namespaces = []string{only}
		}
		if without != "" {
			c.ExcludeNamespaces = []string{without}
		}
		return c
	}
	gone, other := cluster(), cluster()
	gone.Status, other.ID = report.NotScanned, "arn:stage"
	const never = "nobody can tell whether they are new, and they do not gate with --new-only until it is renewed"
	tests := []struct {
		name   string
		before *report.Report
		now    []finding.Finding
		want   []string
		note   string // without what all end with
	}{
		{"its check did not run", run(cluster(), "KM1002"), []finding.Finding{web}, []string{"KM1005 web "}, "1 findings (KM1005) could not be in the baseline, because at that time the check did not run"},
		{"its check was not asked", run(tally(finding.Tally{Skipped: true, Counts: map[finding.Verdict]int{finding.NotApplicable: 1}})), []finding.Finding{web}, []string{"KM1005 web "}, "1 findings (KM1005) could not be in the baseline, because at that time the check did not look: it was out of scope, or nobody asked for it"},
		{"its check lacked something", run(tally(finding.Tally{Counts: map[finding.Verdict]int{finding.Pass: 1, finding.NotEvaluated: 1}})), []finding.Finding{web}, []string{"KM1005 web "}, "1 findings (KM1005) could not be in the baseline, because at that time the check lacked something that it requires"},
		{"another namespace", run(limited("billing", ""), "KM1005"), []finding.Finding{web, node}, []string{"KM1005 web ", "KM1005 n1 "}, "2 findings (KM1005) could not be in the baseline, because at that time the namespace was not looked at"},
		{"its namespace was left out", run(limited("", "shop"), "KM1005"), []finding.Finding{web, node}, []string{"KM1005 web ", "KM1005 n1 new"}, "1 findings (KM1005) could not be in the baseline, because at that time the namespace was not looked at"},
		{"its namespace", run(limited("shop", ""), "KM1005"), []finding.Finding{web}, []string{"KM1005 web new"}, ""},
		{"the cluster was not scanned", run(gone, "KM1005"), []finding.Finding{web}, []string{"KM1005 web "}, "1 findings (KM1005) could not be in the baseline, because at that time the cluster was not scanned"},
		{"the cluster is another", run(other, "KM1005"), []finding.Finding{web}, []string{"KM1005 web new"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(cluster(slices.Clone(tt.now)...), "KM1005")
			baseline.Compare(r, tt.before)
			if got := states(r); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			var want []report.Notification
			if tt.note != "" {
				want = []report.Notification{{ID: "baseline/unseen", Level: "note", Check: "KM1005", Message: tt.note + ": " + never}}
			}
			if got := r.Clusters[0].Notifications; !slices.Equal(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// A report describes each check of its findings, also where only the baseline's run had it; to have been described is not to
// have run.
func TestCarriedChecks(t *testing.T) {
	first := run(cluster(found("KM1002", "web"), found("KM1005", "web")), "KM1002", "KM1005", "KM1007")
	second := run(cluster(found("KM1005", "web")), "KM1005")
	baseline.Compare(second, first)
	var ids []string
	for _, c := range second.Checks {
		ids = append(ids, c.ID)
	}
	if want := []string{"KM1002", "KM1005"}; !slices.Equal(ids, want) {
		t.Errorf("checks %q, want %q", ids, want)
	}
	third := run(cluster(found("KM1005", "web")), "KM1005")
	baseline.Compare(third, second)
	if got := third.Clusters[0]; len(got.Absent) > 0 || len(got.Carried) != 1 || got.Carried[0].Check != "KM1002" {
		t.Errorf("absent %+v, carried %+v", got.Absent, got.Carried)
	}
}

// A baseline fills the gaps of a scan only where it knows all that stands in them.
func TestUnfilled(t *testing.T) {
	lacking := func(change func(*report.Cluster)) *report.Report {
		c := cluster()
		c.Status = report.Partial
		c.Tallies = []finding.Tally{{Check: "KM1005", Counts: map[finding.Verdict]int{finding.NotEvaluated: 1}}}
		change(&c)
		return run(c, "KM1002")
	}
	whole := func(change func(*report.Cluster)) *report.Report {
		c := cluster()
		change(&c)
		return run(c, "KM1002", "KM1005")
	}
	same := func(*report.Cluster) {}
	only := func(namespaces ...string) func(*report.Cluster) {
		return func(c *report.Cluster) { c.Namespaces = namespaces }
	}
	without := func(c *report.Cluster) { c.ExcludeNamespaces = []string{"ops"} }
	gap := []string{"KM1005"}
	for _, tt := range []struct {
		name        string
		now, before *report.Report
		want        []string
	}{
		{"it was whole", lacking(same), whole(same), nil},
		{"it lacked the same", lacking(same), lacking(same), gap},
		{"it lacked the same, and its own baseline told", lacking(same), lacking(func(c *report.Cluster) { c.Compared = true }), nil},
		{"nor did its own baseline tell", lacking(same), lacking(func(c *report.Cluster) { c.Compared, c.Unfilled = true, gap }), gap},
		{"it was not scanned", lacking(same), run(report.Cluster{ID: "arn:prod", Status: report.NotScanned, Compared: true}), gap},
		{"the check did not run", lacking(same), run(cluster(), "KM1002"), gap},
		{"it looked at less", lacking(same), whole(only("shop")), gap},
		{"it looked at other namespaces", lacking(only("shop", "ops")), whole(only("shop")), gap},
		{"it looked at as much", lacking(only("shop")), whole(only("shop", "ops")), nil},
		{"it left some out", lacking(same), whole(without), gap},
		{"both left them out", lacking(without), whole(without), nil},
	} {
		baseline.Compare(tt.now, tt.before)
		if got := tt.now.Clusters[0].Unfilled; !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
