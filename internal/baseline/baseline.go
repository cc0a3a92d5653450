// Package baseline compares a run with an earlier report: what is new, what has changed and what is no more.
package baseline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// Comparison is a run beside an earlier report.
type Comparison struct {
	clusters []report.Cluster
	earlier  []*report.Cluster // nil for those that the earlier report does not know
	checks   []finding.Check   // those of the earlier report
}

// Match finds each cluster of the run in the earlier report, and gives it the findings that are no more and those that are
// carried over. Clusters are the same where [report.Same] says so: one that could not be asked is told from the earlier report
// which it is. Without an earlier report it does nothing.
//
// Only what both scans looked at is compared: what was not read now is not absent, and what could not have been seen then is
// not new.
func Match(r, earlier *report.Report) Comparison {
	if earlier == nil {
		return Comparison{}
	}
	m := Comparison{clusters: r.Clusters, checks: earlier.Checks}
	for i, j := range report.Same(r.Clusters, earlier.Clusters) {
		c := &r.Clusters[i]
		c.Compared, c.Absent, c.Carried, c.Unfilled = false, nil, nil, nil
		if j < 0 {
			m.earlier = append(m.earlier, nil)
			continue
		}
		before := &earlier.Clusters[j]
		m.earlier = append(m.earlier, before)
		c.Adopt(*before)
		// One that was not scanned then, either, carries what was known of it.
		c.Compared = before.Status != report.NotScanned || before.Compared
		leave(c, r.Checks, failures(before))
		c.Unfilled = unfilled(c, before)
	}
	describe(r, earlier)
	report.DistinctAliases(r.Clusters)
	return m
}

// Compare gives each failing finding its state since the earlier report, once it is known which are waived. Those that the
// earlier scan could not have seen have none, and each cluster is told so.
func (m Comparison) Compare() {
	for i, before := range m.earlier {
		if before == nil {
			stand(&m.clusters[i], nil, func(finding.Finding) report.Blindness { return "" })
		} else {
			stand(&m.clusters[i], failures(before), before.Sight(m.checks))
		}
	}
}

// Compare compares two reports, each with its own waivers.
func Compare(r, earlier *report.Report) { Match(r, earlier).Compare() }

// failures are those that an earlier report knows of a cluster: its own, without the states that they had in it, and those that
// it carries.
func failures(c *report.Cluster) []finding.Finding {
	if c.Status == report.NotScanned && !c.Compared {
		return nil
	}
	all := slices.Concat(c.Findings, c.Carried)
	for i := range c.Findings {
		all[i].Baseline = ""
	}
	return slices.DeleteFunc(all, func(f finding.Finding) bool { return f.Verdict != finding.Fail })
}

// accepts reports whether a baseline accepts a finding of its own: one that counted in it, and that it did not carry as new.
func accepts(f finding.Finding) bool { return f.Gates() && f.Baseline != finding.New }

// stand gives the cluster's findings their states; sight is that of the earlier scan.
func stand(c *report.Cluster, earlier []finding.Finding, sight func(finding.Finding) report.Blindness) {
	was := map[string][]finding.Finding{} // two manifests may hold one object, so there may be several of one identity
	for _, f := range earlier {
		id := f.Fingerprint(c.ID)
		was[id] = append(was[id], f)
	}
	unseen := map[report.Blindness]map[string]int{} // findings by check
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Verdict != finding.Fail {
			continue
		}
		same := func(old finding.Finding) bool {
			return old.Severity == f.Severity && plain(old.Message) == plain(f.Message)
		}
		switch old := was[f.Fingerprint(c.ID)]; {
		case len(old) == 0:
			why := sight(*f)
			if why == "" {
				f.Baseline = finding.New
				continue
			}
			f.Baseline = ""
			if unseen[why] == nil {
				unseen[why] = map[string]int{}
			}
			unseen[why][f.Check]++
		case f.Gates() && !slices.ContainsFunc(old, accepts): // what was waived was not accepted for longer than that
			f.Baseline = finding.New
		case slices.ContainsFunc(old, same):
			f.Baseline = finding.Unchanged
		default:
			f.Baseline = finding.Updated
		}
	}
	for i := range c.Carried { // it is there as far as anybody can tell, and new where the baseline did not accept it
		f := &c.Carried[i]
		f.Baseline = finding.Unchanged
		if f.Gates() && !slices.ContainsFunc(was[f.Fingerprint(c.ID)], accepts) {
			f.Baseline = finding.New
		}
	}
	for _, why := range slices.Sorted(maps.Keys(unseen)) {
		c.Notifications = append(c.Notifications, note(why, unseen[why]))
	}
}

// toldSingly are as many checks as a note names.
const toldSingly = 5

// note tells which findings have no state, and why.
func note(why report.Blindness, findings map[string]int) report.Notification {
	n := report.Notification{ID: "baseline/unseen", Level: "note"}
	names, total := slices.Sorted(maps.Keys(findings)), 0
	for _, count := range findings {
		total += count
	}
	if len(names) == 1 {
		n.Check = names[0]
	}
	if more := len(names) - toldSingly; more > 0 {
		names = append(names[:toldSingly], fmt.Sprintf("%d more", more))
	}
	n.Message = fmt.Sprintf("%d findings (%s) could not be in the baseline, because at that time %s: nobody can tell whether they are new, and they do not gate with --new-only until it is renewed",
		total, strings.Join(names, ", "), why)
	return n
}

// leave sorts the earlier findings that are not there now: into those that are no more, and those of which nobody can tell.
func leave(c *report.Cluster, checks []finding.Check, earlier []finding.Finding) {
	is := map[string]bool{}
	for _, f := range c.Findings {
		if f.Verdict == finding.Fail {
			is[f.Fingerprint(c.ID)] = true
		}
	}
	sight := c.Sight(checks)
	for _, f := range earlier {
		switch {
		case is[f.Fingerprint(c.ID)]:
		case sight(f) == "":
			f.Baseline = finding.Absent
			c.Absent = append(c.Absent, f)
		default:
			c.Carried = append(c.Carried, f)
		}
	}
}

// unfilled are the checks that lack something now, and whose findings the earlier report does not know all of: it lacked
// something for them, too, and had no baseline that filled that in, or it looked at less.
func unfilled(c, before *report.Cluster) (checks []string) {
	less := !contains(c.ExcludeNamespaces, before.ExcludeNamespaces) ||
		len(before.Namespaces) > 0 && (len(c.Namespaces) == 0 || !contains(before.Namespaces, c.Namespaces))
	knows := map[string]bool{}
	for _, t := range before.Tallies {
		filled := before.Compared && !slices.Contains(before.Unfilled, t.Check)
		knows[t.Check] = !less && !t.Skipped && (t.Counts[finding.NotEvaluated] == 0 || filled)
	}
	for _, t := range c.Tallies {
		if t.Counts[finding.NotEvaluated] > 0 && !knows[t.Check] {
			checks = append(checks, t.Check)
		}
	}
	return checks
}

// contains reports whether the list holds all of the others.
func contains(list, others []string) bool {
	return !slices.ContainsFunc(others, func(o string) bool { return !slices.Contains(list, o) })
}

// describe adds the checks that did not run and that carried findings name: a report tells what its findings mean.
func describe(r, earlier *report.Report) {
	missing := map[string]bool{}
	for _, c := range r.Clusters {
		for _, f := range c.Carried {
			missing[f.Check] = true
		}
	}
	for _, c := range r.Checks {
		delete(missing, c.ID)
	}
	for _, c := range earlier.Checks {
		if missing[c.ID] {
			r.Checks = append(r.Checks, c)
		}
	}
	slices.SortFunc(r.Checks, func(a, b finding.Check) int { return strings.Compare(a.ID, b.ID) })
}

// plain is a message without what SARIF changes in it.
func plain(message string) string { return strings.ReplaceAll(message, "](", "] (") }
