// Package sarif writes reports as SARIF 2.1.0: one run for each cluster, in the order of the report.
package sarif

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"

	"github.com/owenrumney/go-sarif/v2/sarif"
	"golang.org/x/sync/errgroup"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

const (
	version = string(sarif.Version210)
	schema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

// Writer writes SARIF. The same report gives the same bytes, in whatever order its findings stand.
//
// Results are written some hundreds at a time into the rest of the run, each on a line of its own, so memory is bounded by the
// findings and never by the output.
type Writer struct {
	// Passes adds results for what is no failure: findings of another verdict, and one at the cluster for each check
	// that failed nowhere or had something it could not evaluate. Their level is none and their kind pass, open (not
	// evaluated), review (manual) or notApplicable. Without it checks that were not evaluated are told by notifications
	// alone, since code scanning services show every result as an alert. A cluster that was not scanned has no results
	// either way.
	Passes  bool
	Profile Profile
	mark    string // of a further part
}

// Write implements report.Writer. It fails for a finding of a check that the report does not list, and for one without a
// verdict.
func (w Writer) Write(out io.Writer, r *report.Report) error {
	b := bufio.NewWriterSize(out, 64<<10)
	rules := newRules(r.Checks, r.Frameworks)
	fmt.Fprintf(b, "{\n  \"$schema\": %q,\n  \"version\": %q,\n%s  \"runs\": [", schema, version, w.mark)
	for i := range r.Clusters {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := w.writeRun(b, r, &r.Clusters[i], rules); err != nil {
			return fmt.Errorf("write SARIF for cluster %s: %w", r.Clusters[i].Alias, err)
		}
	}
	b.WriteString("\n  ]\n}\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

// noResults is where the results go. In JSON an unescaped quote cannot come from text, and no property of ours has
// this name.
var noResults = []byte(`"results": []`)

func (w Writer) writeRun(b *bufio.Writer, r *report.Report, c *report.Cluster, rules rules) error {
	envelope, err := encodeRun(w.newRun(r, c, rules), rules.taxonomies.related)
	if err != nil {
		return err
	}
	head, tail, _ := bytes.Cut(envelope, noResults)

	b.WriteString("\n    ")
	b.Write(head)
	b.WriteString(`"results": [`)
	if err := w.writeResults(b, c, rules); err != nil {
		return err
	}
	b.WriteByte(']')
	_, err = b.Write(tail)
	return err
}

// atOnce results are encoded at once, by all processors.
const atOnce = 512

func (w Writer) writeResults(b *bufio.Writer, c *report.Cluster, rules rules) error {
	carried := map[*finding.Finding]bool{}
	for i := range c.Carried {
		carried[&c.Carried[i]] = true
	}
	encoded := func(o occurrence) ([]byte, error) {
		result, err := w.newResult(c, o.finding, rules)
		if err != nil {
			return nil, err
		}
		if o.times > 1 {
			n := uint(o.times)
			result.OccurrenceCount = &n
		}
		if carried[o.finding] {
			result.Properties["carried"] = true // from the baseline: this time nobody could look
		}
		return encodeResult(result)
	}
	separator := "\n"
	for some := range batches(w.results(c)) {
		lines := make([][]byte, len(some))
		var group errgroup.Group
		workers := runtime.GOMAXPROCS(0)
		for first := range workers {
			group.Go(func() (err error) {
				for i := first; i < len(some) && err == nil; i += workers {
					lines[i], err = encoded(some[i])
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		for _, line := range lines {
			b.WriteString(separator)
			// bufio keeps the first error; there is no use in marshalling on after it.
			if _, err := b.Write(line); err != nil {
				return err
			}
			separator = ",\n"
		}
	}
	if separator != "\n" {
		b.WriteString("\n      ")
	}
	return nil
}

func batches(all iter.Seq[occurrence]) iter.Seq[[]occurrence] {
	return func(yield func([]occurrence) bool) {
		some := make([]occurrence, 0, atOnce)
		for o := range all {
			if some = append(some, o); len(some) == atOnce {
				if !yield(some) {
					return
				}
				some = some[:0]
			}
		}
		if len(some) > 0 {
			yield(some)
		}
	}
}

// occurrence is a finding that becomes a result, for as many as are like it.
type occurrence struct {
	finding *finding.Finding
	times   int
}

// results yields what becomes a result. The order is that of identities: check,
// object, part, key. So a report changes only where the cluster does, even if a check is given another severity. Of
// findings with one identity the worst stands for all.
func (w Writer) results(c *report.Cluster) iter.Seq[occurrence] {
	return func(yield func(occurrence) bool) {
		order := make([]*finding.Finding, 0, len(c.Findings)+len(c.Absent))
		for _, list := range [][]finding.Finding{c.Findings, c.Absent, c.Carried} {
			for i := range list {
				if _, known := kinds[list[i].Verdict]; w.Passes || list[i].Verdict == finding.Fail || !known {
					order = append(order, &list[i])
				}
			}
		}
		slices.SortFunc(order, func(a, b *finding.Finding) int { return cmp.Or(compareIdentity(a, b), compareRank(a, b)) })
		for len(order) > 0 {
			first, n := order[0], 1
			for n < len(order) && compareIdentity(first, order[n]) == 0 {
				n++
			}
			if !yield(occurrence{first, n}) {
				return
			}
			order = order[n:]
		}
		if !w.Passes || c.Status == report.NotScanned {
			return
		}
		for _, t := range c.Tallies {
			if f, ok := clusterVerdict(t); ok && !yield(occurrence{&f, 1}) {
				return
			}
		}
	}
}

// compareIdentity orders by what goes into a fingerprint.
func compareIdentity(a, b *finding.Finding) int {
	return cmp.Or(
		cmp.Compare(a.Check, b.Check),
		cmp.Compare(a.Object.Namespace, b.Object.Namespace),
		cmp.Compare(a.Object.Group, b.Object.Group),
		cmp.Compare(a.Object.Kind, b.Object.Kind),
		cmp.Compare(a.Object.Name, b.Object.Name),
		cmp.Compare(a.Sub, b.Sub),
		cmp.Compare(a.Key, b.Key),
		cmp.Compare(a.File, b.File),
	)
}

// compareRank orders findings of one identity, failures and the worst first.
func compareRank(a, b *finding.Finding) int {
	return cmp.Or(
		cmp.Compare(slices.Index(finding.Verdicts, a.Verdict), slices.Index(finding.Verdicts, b.Verdict)),
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Message, b.Message),
		cmp.Compare(a.ManagedBy, b.ManagedBy),
		cmp.Compare(a.Object.Version, b.Object.Version),
		cmp.Compare(a.Object.Resource, b.Object.Resource),
	)
}

// clusterKind is what the sum of a check stands at.
const clusterKind = "Cluster"

// clusterVerdict sums a check up for the whole cluster, unless its failures say all. What could not be evaluated
// outweighs what passed.
func clusterVerdict(t finding.Tally) (finding.Finding, bool) {
	f := finding.Finding{Check: t.Check, Object: finding.Object{Kind: clusterKind, Resource: "clusters", Name: "cluster"}}
	n := t.Counts
	switch {
	case n[finding.NotEvaluated] > 0:
		f.Verdict, f.Message = finding.NotEvaluated, notEvaluated(t)
	case n[finding.Fail] > 0:
		return f, false
	case n[finding.Manual] > 0:
		f.Verdict, f.Message = finding.Manual, "only a person can tell"
	case n[finding.Pass] > 0:
		f.Verdict, f.Message = finding.Pass, fmt.Sprintf("passed %d times and failed nowhere", n[finding.Pass])
	default:
		f.Verdict, f.Message = finding.NotApplicable, "nothing in the cluster is judged by it"
	}
	return f, true
}
