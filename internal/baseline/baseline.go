// Package baseline compares a run with an earlier report: what is new, what has changed and what is no more.
package baseline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// Compare gives each failing finding its state since the earlier report, and each cluster the findings that are no more.
// Clusters are the same where [report.Same] says so: one that could not be asked is told from the earlier report which it is,
// and one that the earlier report does not know has new findings alone. A finding is absent only where its check gave all its verdicts and its namespace was looked at: what was not read is not fixed.
//
// It returns the IDs of checks that the earlier report did not run. Their findings are new because the pack is, and each
// cluster is told so.
func Compare(r, earlier *report.Report) (newChecks []string) {
	ran := ran(earlier)
	for _, c := range r.Checks {
		if !ran[c.ID] {
			newChecks = append(newChecks, c.ID)
		}
	}
	for i, j := range report.Same(r.Clusters, earlier.Clusters) {
		c, before := &r.Clusters[i], report.Cluster{Status: report.NotScanned}
		if j >= 0 {
			before = earlier.Clusters[j]
			c.Adopt(before)
		}
		// One that was not scanned then, either, carries what was known of it.
		if c.Compared = before.Status != report.NotScanned || before.Compared; !c.Compared {
			before = report.Cluster{}
		}
		compare(c, &before)
		notify(c, newChecks)
	}
	describe(r, earlier)
	report.DistinctAliases(r.Clusters)
	return newChecks
}

// ran are the checks that looked at any cluster.
func ran(r *report.Report) map[string]bool {
	m := map[string]bool{}
	for _, c := range r.Clusters {
		for _, t := range c.Tallies {
			m[t.Check] = true
		}
	}
	return m
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

func compare(c, before *report.Cluster) {
	earlier := slices.Concat(before.Findings, before.Carried)
	was := map[string]*finding.Finding{}
	for i := range earlier {
		if f := &earlier[i]; f.Verdict == finding.Fail {
			was[f.Fingerprint(c.ID)] = f
		}
	}
	is := map[string]bool{}
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Verdict != finding.Fail {
			continue
		}
		id := f.Fingerprint(c.ID)
		is[id] = true
		switch old := was[id]; {
		case old == nil, f.Gates() && !old.Gates(): // what was waived was not accepted for longer than that
			f.Baseline = finding.New
		case old.Severity != f.Severity || plain(old.Message) != plain(f.Message):
			f.Baseline = finding.Updated
		default:
			f.Baseline = finding.Unchanged
		}
	}
	c.Absent, c.Carried = nil, nil
	whole := c.Evaluated()
	for i := range earlier {
		f := earlier[i]
		id := f.Fingerprint(c.ID)
		switch {
		case was[id] != &earlier[i] || is[id]:
		case whole[f.Check] && lookedAt(c, f.Object):
			f.Baseline = finding.Absent
			c.Absent = append(c.Absent, f)
		default:
			f.Baseline = finding.Unchanged // as far as anybody can tell
			c.Carried = append(c.Carried, f)
		}
	}
}

// plain is a message without what SARIF changes in it.
func plain(message string) string { return strings.ReplaceAll(message, "](", "] (") }

// lookedAt reports whether the object is within the limits of the scan.
func lookedAt(c *report.Cluster, o finding.Object) bool {
	namespace := o.Namespace
	if o.Kind == "Namespace" {
		namespace = o.Name
	}
	if slices.Contains(c.ExcludeNamespaces, namespace) {
		return false
	}
	return len(c.Namespaces) == 0 || slices.Contains(c.Namespaces, namespace)
}

// notify tells a cluster which checks the baseline did not know, where they found something.
func notify(c *report.Cluster, newChecks []string) {
	for _, id := range newChecks {
		n := 0
		for _, f := range c.Findings {
			if f.Check == id && f.Verdict == finding.Fail {
				n++
			}
		}
		if n > 0 {
			c.Notifications = append(c.Notifications, report.Notification{
				ID: "baseline/new-check", Level: "note", Check: id,
				Message: fmt.Sprintf("%s did not run for the baseline: its findings (%d) are new, and do not gate with --new-only until the baseline is renewed", id, n),
			})
		}
	}
}
