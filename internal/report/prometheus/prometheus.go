// Package prometheus writes a report's figures as a textfile for node_exporter's collector of that name, so that scheduled
// scans can be watched and alerted on.
package prometheus

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// maxOwners are as many of a cluster as have figures of their own: whoever may write labels may make any number up.
const maxOwners = 100

// Writer writes the Prometheus text format. Objects' names are no labels: they would be too many.
type Writer struct{}

// Write implements report.Writer.
func (Writer) Write(out io.Writer, r *report.Report) error {
	families, err := figures(r).Gather()
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	b := bufio.NewWriter(out)
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(b, f); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

func figures(r *report.Report) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "kubemuster", Name: name, Help: help}, labels)
		registry.MustRegister(g)
		return g
	}
	var (
		run      = gauge("run_timestamp_seconds", "When the run ended, in seconds since 1970.")
		exit     = gauge("run_exit_code", "Exit code of the run.")
		status   = gauge("cluster_status", "1 for the state of the cluster's scan: complete, partial or not scanned.", "cluster", "provider", "status")
		duration = gauge("cluster_duration_seconds", "How long the cluster's scan took.", "cluster")
		open     = gauge("findings", "Failures by severity; state is open, waived, or managed where the provider runs it.", "cluster", "severity", "state")
		byCheck  = gauge("check_findings", "Open failures by check.", "cluster", "check", "severity")
		byOwner  = gauge("owner_findings", "Open failures by who answers for the object; owner is empty where no label says, and other for all beyond the 100 with the most.", "cluster", "owner", "severity")
		fresh    = gauge("new_findings", "Open failures that the baseline does not have.", "cluster", "severity")
		verdicts = gauge("verdicts", "Verdicts over all checks and objects.", "cluster", "verdict")
		objects  = gauge("objects", "Objects read.", "cluster", "kind")
		gaps     = gauge("gaps", "Kinds that exist and could not be read.", "cluster")
	)
	run.WithLabelValues().Set(float64(r.Ended.Unix()))
	exit.WithLabelValues().Set(float64(r.ExitCode))
	for _, c := range r.Clusters {
		for _, s := range []report.Status{report.Complete, report.Partial, report.NotScanned} {
			value := 0.0
			if c.Status == s {
				value = 1
			}
			status.WithLabelValues(c.Alias, c.Provider, string(s)).Set(value)
		}
		duration.WithLabelValues(c.Alias).Set(c.Ended.Sub(c.Started).Seconds())
		if c.Status == report.NotScanned {
			continue // no figure is not zero
		}
		for _, s := range finding.Severities {
			for _, state := range []string{"open", "waived", "managed"} {
				open.WithLabelValues(c.Alias, s.String(), state)
			}
			if c.Compared {
				fresh.WithLabelValues(c.Alias, s.String())
			}
		}
		for _, f := range c.Findings {
			if f.Verdict != finding.Fail {
				continue
			}
			open.WithLabelValues(c.Alias, f.Severity.String(), state(f)).Inc()
			if f.Gates() {
				byCheck.WithLabelValues(c.Alias, f.Check, f.Severity.String()).Inc()
			}
			if f.Gates() && f.Baseline == finding.New {
				fresh.WithLabelValues(c.Alias, f.Severity.String()).Inc()
			}
		}
		counted := owners(c.Findings)
		for _, f := range c.Findings {
			if counted != nil && f.Gates() {
				owner, ok := counted[f.Owner]
				if !ok {
					owner = "other"
				}
				byOwner.WithLabelValues(c.Alias, owner, f.Severity.String()).Inc()
			}
		}
		for v, n := range c.Counts() {
			verdicts.WithLabelValues(c.Alias, string(v)).Set(float64(n))
		}
		for kind, n := range c.Objects {
			objects.WithLabelValues(c.Alias, kind).Set(float64(n))
		}
		gaps.WithLabelValues(c.Alias).Set(float64(len(c.Gaps)))
	}
	return registry
}

// owners are those with the most open findings, as their label has it, and nobody; nil where no finding has an owner.
func owners(findings []finding.Finding) map[string]string {
	counts := map[string]int{}
	for _, f := range findings {
		if f.Owner != "" && f.Gates() {
			counts[f.Owner]++
		}
	}
	if len(counts) == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	labels := map[string]string{"": ""}
	for _, name := range names[:min(len(names), maxOwners)] {
		labels[name] = strings.ToValidUTF8(name, "\uFFFD")
	}
	return labels
}

func state(f finding.Finding) string {
	switch {
	case f.Waiver != nil:
		return "waived"
	case f.ManagedBy != "":
		return "managed"
	}
	return "open"
}
