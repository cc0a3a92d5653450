package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// verdict is the run's exit code, and why in words, a line a reason. Findings win over what is missing.
func verdict(ctx context.Context, c *config.Config, r *report.Report) (int, []string) {
	var incomplete []string
	gating := map[finding.Severity]int{}
	waived, managed, old, unseen := 0, 0, 0, 0
	for _, cl := range r.Clusters {
		if cl.Status != report.Complete {
			incomplete = append(incomplete, cl.Alias)
		}
		for _, f := range cl.Findings {
			switch {
			case f.Waiver != nil:
				waived++
			case f.Verdict != finding.Fail:
			case f.ManagedBy != "":
				managed++
			case c.NewOnly && f.Baseline == "":
				unseen++
			case c.NewOnly && f.Baseline != finding.New:
				old++
			default:
				gating[f.Severity]++
			}
		}
	}
	failures := overGate(c, gating)
	var notes []string
	if unseen > 0 { // told whatever the outcome: more of them could hide behind a baseline than anybody meant to accept
		notes = []string{fmt.Sprintf("not counted: %d that the baseline could not have seen; the reports say why, and they count once it is renewed", unseen)}
	}
	missing := fmt.Sprintf("%d of %d targets were not scanned or not wholly read: %s", len(incomplete), len(r.Clusters), strings.Join(incomplete, ", "))
	switch {
	case ctx.Err() != nil:
		return exitInterrupted, []string{"interrupted; the reports hold what was finished"}
	case len(failures) > 0:
		for _, left := range []struct {
			n   int
			why string
		}{{waived, "are waived"}, {managed, "are the provider's own"}, {old, "are in the baseline"}} {
			if left.n > 0 {
				failures = append(failures, fmt.Sprintf("not counted: %d that %s", left.n, left.why))
			}
		}
		failures = append(failures, notes...)
		if len(incomplete) > 0 {
			failures = append(failures, missing)
		}
		return exitFindings, failures
	case len(incomplete) > 0 && !c.AllowIncomplete:
		return exitIncomplete, append(notes, missing+"; the report says why, and --allow-incomplete accepts it")
	case len(incomplete) > 0:
		return exitOK, append(notes, missing+" (accepted by --allow-incomplete)")
	}
	return exitOK, notes
}

// overGate says in words where there are more findings than the gate lets through.
func overGate(c *config.Config, gating map[finding.Severity]int) []string {
	var failures []string
	if c.FailOn != nil {
		var parts []string
		for _, s := range finding.Severities {
			if n := gating[s]; s >= *c.FailOn && n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, s))
			}
		}
		if parts != nil {
			failures = append(failures, fmt.Sprintf("the gate fails: %s, and --fail-on %s allows none", strings.Join(parts, ", "), c.FailOn))
		}
	}
	for _, s := range finding.Severities {
		if most, limited := c.MaxFindings[s]; limited && gating[s] > most {
			failures = append(failures, fmt.Sprintf("the gate fails: %d %s, and gate.max allows %d", gating[s], s, most))
		}
	}
	return failures
}
