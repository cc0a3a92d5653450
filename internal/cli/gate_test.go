package cli

import (
	"context"
	"reflect"
	"testing"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// What fails the run is said in words, and so is everything at hand that did not count.
func TestVerdict(t *testing.T) {
	high := finding.High
	fails := func(check string, s finding.Severity, state finding.BaselineState) finding.Finding {
		return finding.Finding{Check: check, Severity: s, Verdict: finding.Fail, Baseline: state}
	}
	waived, managed, passed := fails("KM1", finding.Critical, finding.New), fails("KM1", finding.Critical, finding.New), fails("KM1", finding.Critical, "")
	waived.Waiver, managed.ManagedBy, passed.Verdict = &finding.Waiver{}, "provider", finding.Pass
	aside := []finding.Finding{waived, managed, passed, fails("KM1", high, finding.Unchanged), fails("KM2", high, ""), fails("KM1", finding.Low, finding.New)}
	const (
		waivedLine  = "not counted: 1 that are waived"
		managedLine = "not counted: 1 that are the provider's own"
		unseenLine  = "not counted: 1 that the baseline could not have seen; the reports say why, and they count once it is renewed"
		missing     = "1 of 2 targets were not scanned or not wholly read: edge"
	)
	for name, tt := range map[string]struct {
		config   config.Config
		findings []finding.Finding
		status   report.Status
		code     int
		why      []string
	}{
		"no gate":        {findings: aside},
		"nothing counts": {config: config.Config{FailOn: &high, NewOnly: true}, findings: aside, why: []string{unseenLine}},
		"without new-only": {config: config.Config{FailOn: &high}, findings: aside, code: exitFindings, why: []string{
			"the gate fails: 2 high, and --fail-on high allows none", waivedLine, managedLine,
		}},
		"one is new": {config: config.Config{FailOn: &high, NewOnly: true}, findings: append(aside, fails("KM1", finding.Critical, finding.New)), code: exitFindings, why: []string{
			"the gate fails: 1 critical, and --fail-on high allows none", waivedLine, managedLine,
			"not counted: 1 that are in the baseline", unseenLine,
		}},
		"too many": {config: config.Config{MaxFindings: map[finding.Severity]int{finding.Low: 0, high: 2}}, findings: aside, code: exitFindings, why: []string{
			"the gate fails: 1 low, and gate.max allows 0", waivedLine, managedLine,
		}},
		"incomplete": {config: config.Config{FailOn: &high, NewOnly: true}, findings: aside, status: report.Partial, code: exitIncomplete, why: []string{
			unseenLine, missing + "; the report says why, and --allow-incomplete accepts it",
		}},
		"accepted as incomplete": {config: config.Config{AllowIncomplete: true}, status: report.NotScanned, why: []string{missing + " (accepted by --allow-incomplete)"}},
		"findings win": {config: config.Config{FailOn: &high, AllowIncomplete: true}, findings: aside[3:4], status: report.NotScanned, code: exitFindings, why: []string{
			"the gate fails: 1 high, and --fail-on high allows none", missing,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &report.Report{Clusters: []report.Cluster{{Alias: "prod", Status: report.Complete, Findings: tt.findings}, {Alias: "edge", Status: report.Complete}}}
			if tt.status != "" {
				r.Clusters[1].Status = tt.status
			}
			code, why := verdict(t.Context(), &tt.config, r)
			if code != tt.code || !reflect.DeepEqual(why, tt.why) {
				t.Errorf("got %d, %q\nwant %d, %q", code, why, tt.code, tt.why)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _ := verdict(ctx, &config.Config{}, &report.Report{}); code != exitInterrupted {
		t.Errorf("interrupted: %d", code)
	}
}
