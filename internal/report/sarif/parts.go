package sarif

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"slices"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// The bounds of a file for a service, beside those of its profile. Names of RBAC objects may be as long as requests.
const (
	maxPartResults = 5 * MaxResults
	// maxPartBytes is less than the 10 MB that GitHub takes, compressed with gzip, by more than what a compressor holds back.
	maxPartBytes = 9 << 20
	// maxResultBytes bounds a single result, not compressed: a name that is larger must not cost the others their place.
	maxResultBytes = 256 << 10
)

// Parts cuts a report into those that go into a file each: the first under the name that the user gave, the others numbered.
// There is always one.
func (w Writer) Parts(r *report.Report) []*report.Report {
	if w.Profile == Full {
		return []*report.Report{r}
	}
	part, bytes, results := *r, 0, 0
	part.Clusters = nil
	rules := newRules(r.Checks, r.Frameworks)
	var parts []*report.Report
	for i := range r.Clusters {
		c := &r.Clusters[i]
		if c.Status != report.Complete && (c.Status != report.Partial || !c.Compared || len(c.Unfilled) > 0) {
			continue
		}
		fit, size := w.fit(r, c, rules)
		n := len(fit.Findings) + len(fit.Carried)
		if len(part.Clusters) > 0 && (len(part.Clusters) == maxRuns || results+n > maxPartResults || bytes+size > maxPartBytes) {
			full := part
			parts, part.Clusters, bytes, results = append(parts, &full), nil, 0, 0
		}
		part.Clusters, bytes, results = append(part.Clusters, fit), bytes+size, results+n
	}
	return append(parts, &part)
}

// Part is the writer of the part at index i. The first is as any report; the others bear Mark.
func (w Writer) Part(i int) report.Writer {
	if i > 0 {
		w.mark = "  " + Mark(i) + ",\n"
	}
	return w
}

// Mark stands near the head of the part at index i, counted from 0, and in no other report.
func Mark(i int) string { return fmt.Sprintf(`"properties": {"kubemuster/part": %d}`, i+1) }

// fit is the cluster as a service takes it: its failures, with those of the baseline that could not be looked at again, the
// worst where there are too many; and how many bytes its run has, compressed.
func (w Writer) fit(r *report.Report, c *report.Cluster, rules rules) (report.Cluster, int) {
	open := func(f *finding.Finding) bool { return f.Verdict == finding.Fail && f.Waiver == nil }
	limited := len(c.Limits()) > 0
	var all []*finding.Finding
	carried := map[*finding.Finding]bool{}
	for i := range c.Carried {
		if f := &c.Carried[i]; open(f) && (!limited || c.Covers(*f)) { // what is beyond the limits is in another category
			all, carried[f] = append(all, f), true
		}
	}
	for i := range c.Findings {
		if f := &c.Findings[i]; open(f) {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *finding.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), compareIdentity(a, b))
	})
	fit := *c
	fit.Absent, fit.Carried = nil, nil
	kept, size := w.within(r, &fit, rules, all)
	fit.Findings = make([]finding.Finding, 0, len(kept))
	for _, f := range kept {
		if carried[f] {
			fit.Carried = append(fit.Carried, *f)
		} else {
			fit.Findings = append(fit.Findings, *f)
		}
	}
	if cut := len(all) - len(kept); cut > 0 {
		fit.Notifications = append(slices.Clone(c.Notifications), report.Notification{
			ID: "report/cut", Level: "warning",
			Message: fmt.Sprintf("%d findings are left out, of the lowest severities or with names too long: the service takes %d of a cluster, in less than 10 MB; -o sarif writes all", cut, MaxResults),
		})
	}
	return fit, size
}

// within returns the first of the findings that the service takes of a cluster, and the size of their run.
func (w Writer) within(r *report.Report, c *report.Cluster, rules rules, all []*finding.Finding) (kept []*finding.Finding, size int) {
	var n counter
	z, _ := gzip.NewWriterLevel(&n, gzip.BestSpeed)                                          // no uploader compresses less
	if head, err := encodeRun(w.newRun(r, c, rules), rules.taxonomies.related); err == nil { // Write says what is wrong
		_, _ = z.Write(head)
	}
	for _, f := range all {
		if len(kept) == MaxResults || n > maxPartBytes {
			break
		}
		var line []byte
		if result, err := w.newResult(c, f, rules); err == nil {
			line, _ = encodeResult(result)
		}
		if len(line) > maxResultBytes {
			continue
		}
		_, _ = z.Write(line)
		kept = append(kept, f)
	}
	_ = z.Close()
	return kept, int(n)
}

// counter counts what is written to it, in bytes.
type counter int

var _ io.Writer = new(counter)

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}
