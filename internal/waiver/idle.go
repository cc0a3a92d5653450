package waiver

import (
	"fmt"
	"slices"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// Idle tells of waivers that can match nothing in this run, and have not expired. One for a check that the catalogue, the run's
// or not, does not have is noted on each cluster that it names; of one that names no cluster of the run, which may be
// another run's, a sentence is returned.
func (s *Set) Idle(r *report.Report, catalogue []finding.Check) (elsewhere []string) {
	for _, w := range s.waivers {
		if w.expired(s.opts.Now) {
			continue
		}
		unknown := !slices.ContainsFunc(catalogue, func(c finding.Check) bool { return match(w.Check, c.ID) })
		named := false
		for i := range r.Clusters {
			c := &r.Clusters[i]
			if !match(w.Cluster, c.Alias) {
				continue
			}
			named = true
			if unknown {
				note(c, "waiver/no-such-check", "the waiver at %s (%s, %s) is for a check that does not exist; kubemuster checks list shows all", w.source, w.Check, w.Owner)
			}
		}
		if !named {
			elsewhere = append(elsewhere, fmt.Sprintf("the waiver at %s (%s, %s) is for cluster %s, and no cluster of this run has that alias", w.source, w.Check, w.Owner, w.Cluster))
		}
	}
	return elsewhere
}
