package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/baseline"
	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/jsonreport"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
)

func newReport(ios *IOStreams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "report", Short: "Convert, compare and join reports", Example: "  kubemuster report convert report.json -o sarif=report.sarif",
	})
	var to []string
	convert := &cobra.Command{
		Use: "convert FILE", Short: "Write a report in other formats",
		Long: "Convert reads a JSON or SARIF report of kubemuster's and writes it in other formats. JSON holds all of a report;\n" +
			"SARIF lacks hints, the controls that no check answers, and of findings of one identity all but the worst.",
		Example: "  kubemuster report convert report.json -o table -o sarif-github=github.sarif", Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, files []string) error {
			r, err := readReport(files[0])
			if err != nil {
				return usageError{err}
			}
			return writeAll(ios, to, r)
		},
	}
	diff := &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what is new and what is no more",
		Long: "Diff prints the findings that are in NEW and not in OLD (+), and those of OLD that are no more (-). Of others nobody can\n" +
			"tell (?): those that one of the two could not have seen, as it read less or ran other checks. A cluster that only one of\n" +
			"them knows is named, without its findings. It ends with 0 whether there are any differences or not.",
		Example: "  kubemuster report diff monday.json tuesday.json", Args: args(cobra.ExactArgs(2)),
		RunE: func(_ *cobra.Command, files []string) error {
			earlier, err := readReport(files[0])
			if err != nil {
				return usageError{err}
			}
			r, err := readReport(files[1])
			if err != nil {
				return usageError{err}
			}
			return printDiff(ios, [2]string(files), earlier, r)
		},
	}
	merge := &cobra.Command{
		Use: "merge FILE...", Short: "Join reports of different clusters to one",
		Long: "Merge joins reports, as those of the shards of a fleet, to one. A cluster that stands in several is taken from the\n" +
			"last of them. Two clusters of one alias are refused: services tell clusters apart by it.",
		Example: "  kubemuster report merge shard-1.json shard-2.json -o json=fleet.json", Args: args(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, files []string) error {
			joined, from := &report.Report{}, map[string]string{} // the file of each alias
			for _, file := range files {
				r, err := readReport(file)
				if err != nil {
					return usageError{err}
				}
				join(joined, r)
				if err := distinct(joined.Clusters, len(joined.Clusters)-len(r.Clusters), file, from); err != nil {
					return usageError{err}
				}
			}
			return writeAll(ios, to, joined)
		},
	}
	for _, c := range []*cobra.Command{convert, merge} {
		c.Flags().StringSliceVarP(&to, "output", "o", []string{"table"}, "report as FORMAT[=PATH]: "+formatNames()+"; may be repeated")
	}
	cmd.AddCommand(convert, diff, merge)
	return cmd
}

// readReport reads a report of ours, JSON or SARIF.
func readReport(path string) (*report.Report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var head struct{ Format string }
	_ = json.Unmarshal(data, &head) // the readers say what is wrong
	read := sarif.Read
	if head.Format != "" || bytes.Contains(data[:min(len(data), 200)], []byte(`"`+jsonreport.Format+`"`)) { // also where it is cut off
		read = jsonreport.Read
	}
	r, err := read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; name a JSON or SARIF report that kubemuster wrote", path, err)
	}
	return r, nil
}

// readBaseline reads an earlier report; nil for no path.
func readBaseline(path string) (*report.Report, error) {
	if path == "" {
		return nil, nil
	}
	r, err := readReport(path)
	if err != nil {
		return nil, fmt.Errorf("the baseline cannot be used: %w", err)
	}
	return r, nil
}

func writeAll(ios *IOStreams, to []string, r *report.Report) error {
	outputs, err := parseOutputs(ios, to, false)
	if err != nil {
		return usageError{err}
	}
	var unwritten error
	for _, out := range outputs {
		unwritten = errors.Join(unwritten, out.write(r))
	}
	return unwritten
}

// printDiff prints a line for each finding that is in one of two reports, and for each cluster that is.
func printDiff(ios *IOStreams, files [2]string, earlier, r *report.Report) error {
	out := bufio.NewWriter(ios.Out) // keeps the first error
	line := func(format string, args ...any) { fmt.Fprintln(out, clean.Line(fmt.Sprintf(format, args...))) }
	differs := func(mark string, c *report.Cluster, f finding.Finding, why string) {
		line("%s %s %s %s %s: %s%s", mark, c.Alias, f.Severity, f.Check, f.Object, f.Message, why)
	}
	unknown := func(file string, c *report.Cluster) {
		failed := slices.DeleteFunc(slices.Clone(c.Findings), func(f finding.Finding) bool { return f.Verdict != finding.Fail })
		line("? %s: %s does not know this cluster, which has %d findings", c.Alias, file, len(failed))
	}
	pairs := report.Same(r.Clusters, earlier.Clusters)
	baseline.Compare(r, earlier)
	for i, j := range pairs {
		c := &r.Clusters[i]
		if j < 0 {
			unknown(files[0], c)
			continue
		}
		then, now := earlier.Clusters[j].Sight(earlier.Checks), c.Sight(r.Checks)
		for _, f := range c.Findings {
			switch {
			case f.Baseline == finding.New:
				differs("+", c, f, "")
			case f.Baseline == "" && f.Verdict == finding.Fail:
				differs("?", c, f, fmt.Sprintf(" (for %s %s)", files[0], then(f)))
			}
		}
		for _, f := range c.Absent {
			differs("-", c, f, "")
		}
		for _, f := range c.Carried {
			differs("?", c, f, fmt.Sprintf(" (for %s %s)", files[1], now(f)))
		}
	}
	for j := range earlier.Clusters {
		if !slices.Contains(pairs, j) {
			unknown(files[1], &earlier.Clusters[j])
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("printing the differences: %w", err)
	}
	return nil
}

// join adds what is in r to the report.
func join(to, r *report.Report) {
	to.Version, to.ExitCode = r.Version, max(to.ExitCode, r.ExitCode)
	if to.Started.IsZero() || r.Started.Before(to.Started) {
		to.Started = r.Started
	}
	if r.Ended.After(to.Ended) {
		to.Ended = r.Ended
	}
	replaced := map[int]bool{}
	for i, j := range report.Same(r.Clusters, to.Clusters) {
		if j >= 0 {
			r.Clusters[i].Adopt(to.Clusters[j])
			replaced[j] = true
		}
	}
	var kept []report.Cluster
	for j, c := range to.Clusters {
		if !replaced[j] {
			kept = append(kept, c)
		}
	}
	to.Clusters = append(kept, r.Clusters...)
	for _, c := range r.Checks {
		if !slices.ContainsFunc(to.Checks, func(o finding.Check) bool { return o.ID == c.ID }) {
			to.Checks = append(to.Checks, c)
		}
	}
	slices.SortFunc(to.Checks, func(a, b finding.Check) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range r.Components {
		if !slices.Contains(to.Components, c) {
			to.Components = append(to.Components, c)
		}
	}
	for _, f := range r.Frameworks {
		if i := slices.IndexFunc(to.Frameworks, func(o finding.Framework) bool { return o.ID == f.ID }); i < 0 {
			to.Frameworks = append(to.Frameworks, f)
		} else {
			joinControls(&to.Frameworks[i], f, to.Checks)
		}
	}
}

// joinControls has each control of a framework answered by the checks that do in either report: one may have run with few.
func joinControls(to *finding.Framework, f finding.Framework, checks []finding.Check) {
	for _, c := range f.Controls {
		i := slices.IndexFunc(to.Controls, func(o finding.Control) bool { return o.ID == c.ID })
		if i < 0 {
			to.Controls = append(to.Controls, c)
			continue
		}
		ids := slices.Concat(to.Controls[i].Checks, c.Checks)
		answered := finding.Control{ID: c.ID, Title: c.Title}
		answered.Answer(f.ID, slices.DeleteFunc(slices.Clone(checks), func(k finding.Check) bool { return !slices.Contains(ids, k.ID) }))
		if len(answered.Checks) > 0 {
			to.Controls[i] = answered
		}
	}
}

// distinct makes sure that the clusters from the first on, those of the file, share no alias with the others.
func distinct(clusters []report.Cluster, first int, file string, from map[string]string) error {
	for _, c := range clusters[first:] {
		alias := strings.ToLower(c.Alias) // case does not tell files apart everywhere
		if slices.ContainsFunc(clusters[:first], func(o report.Cluster) bool { return strings.ToLower(o.Alias) == alias }) {
			return fmt.Errorf("%s and %s hold different clusters of the alias %s; give one of them another alias in its kubemuster.yaml, and scan it again", from[alias], file, c.Alias)
		}
		from[alias] = file
	}
	return nil
}
