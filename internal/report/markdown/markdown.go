// Package markdown writes a report's summary for a job summary or a comment on a merge request. It is bounded in length.
package markdown

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// MaxLength is the length of a summary, in bytes, at most: GitHub takes comments of 65,536 characters.
const MaxLength = 60_000

// Writer writes Markdown: the clusters, what was not read, and the findings by check, the worst first. What no longer fits
// is counted in the last line.
type Writer struct{}

// Write implements report.Writer.
func (Writer) Write(out io.Writer, r *report.Report) error {
	d := &document{}
	d.add("# Kubemuster\n\n" + headline(r) + "\n")
	d.clusters(r)
	d.unread(r)
	d.findings(r)
	if d.left > 0 {
		d.b.WriteString(fmt.Sprintf("\n_%d lines left out; the other formats have all._\n", d.left))
	}
	if _, err := io.WriteString(out, d.b.String()); err != nil {
		return fmt.Errorf("write Markdown: %w", err)
	}
	return nil
}

// document takes lines as long as they fit.
type document struct {
	b    strings.Builder
	left int // lines that did not fit
}

func (d *document) add(text string) {
	if d.left > 0 || d.b.Len()+len(text) > MaxLength-100 {
		d.left += strings.Count(text, "\n")
		return
	}
	d.b.WriteString(text)
}

func headline(r *report.Report) string {
	counts := map[finding.Severity]int{}
	total, waived, fresh, absent, carried := 0, 0, 0, 0, 0
	for _, c := range r.Clusters {
		absent, carried = absent+len(c.Absent), carried+len(c.Carried)
		for _, f := range c.Findings {
			switch {
			case f.Waiver != nil:
				waived++
			case f.Gates():
				total++
				counts[f.Severity]++
				if f.Baseline == finding.New {
					fresh++
				}
			}
		}
	}
	var parts []string
	for _, s := range finding.Severities {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	text := fmt.Sprintf("**%d findings**", total)
	if parts != nil {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	if fresh > 0 {
		text += fmt.Sprintf(", **%d new**", fresh)
	}
	if waived > 0 {
		text += fmt.Sprintf(", %d waived", waived)
	}
	text += fmt.Sprintf(" in %d clusters.", len(r.Clusters))
	if absent+carried > 0 {
		text += fmt.Sprintf(" Of the baseline, %d no longer there, %d not read again.", absent, carried)
	}
	return text
}

func (d *document) clusters(r *report.Report) {
	d.add("\n| cluster | status | critical | high | medium | low | info | not evaluated |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range r.Clusters {
		n := map[finding.Severity]int{}
		for _, f := range c.Findings {
			if f.Gates() {
				n[f.Severity]++
			}
		}
		if c.Status == report.NotScanned {
			d.add(fmt.Sprintf("| %s | **not scanned** | – | – | – | – | – | – |\n", escape(c.Alias)))
			continue
		}
		checks := 0
		for _, t := range c.Tallies {
			if t.Counts[finding.NotEvaluated] > 0 {
				checks++
			}
		}
		d.add(fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %d checks |\n", escape(c.Alias), c.Status,
			n[finding.Critical], n[finding.High], n[finding.Medium], n[finding.Low], n[finding.Info], checks))
	}
}

func (d *document) unread(r *report.Report) {
	heading := "\n## Not read\n"
	for _, c := range r.Clusters {
		var lines []string
		if p := c.Problem; p != nil {
			lines = append(lines, p.Message)
		}
		for _, g := range c.Gaps {
			lines = append(lines, g.String())
		}
		for _, line := range lines {
			d.add(heading + "- " + escape(c.Alias) + ": " + escape(line) + "\n")
			heading = ""
		}
	}
}

// group is what one check found.
type group struct {
	check    finding.Check
	severity finding.Severity
	lines    []string
	fresh    int
}

func (d *document) findings(r *report.Report) {
	var groups []*group
	byCheck := map[string]*group{}
	for _, c := range r.Checks {
		byCheck[c.ID] = &group{check: c}
	}
	for _, c := range r.Clusters {
		for _, f := range c.Findings {
			g := byCheck[f.Check]
			if g == nil || !f.Gates() {
				continue
			}
			if g.lines == nil {
				groups = append(groups, g)
			}
			mark := ""
			if f.Baseline == finding.New {
				mark = "**new** "
				g.fresh++
			}
			g.severity = max(g.severity, f.Severity)
			where := f.Object.String()
			if f.File != "" {
				where += fmt.Sprintf(" (%s:%d)", f.File, f.Line)
			}
			if f.Owner != "" {
				where += " (owner: " + f.Owner + ")"
			}
			g.lines = append(g.lines, fmt.Sprintf("- %s%s: %s: %s\n", mark, escape(c.Alias), escape(where), escape(f.Message)))
		}
	}
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(b.fresh, a.fresh), cmp.Compare(a.check.ID, b.check.ID))
	})
	const shown = 10 // of a check: the next one is worth more than the eleventh place of this one
	for _, g := range groups {
		slices.SortStableFunc(g.lines, func(a, b string) int { return cmp.Compare(fresh(b), fresh(a)) })
		text := fmt.Sprintf("\n<details><summary>%s %s: %s (%d)</summary>\n\n%s\n\n", g.severity, escape(g.check.ID), escape(g.check.Title), len(g.lines), escape(g.check.Remediation)) +
			strings.Join(g.lines[:min(shown, len(g.lines))], "")
		if more := len(g.lines) - shown; more > 0 {
			text += fmt.Sprintf("- and %d more\n", more)
		}
		d.add(text + "\n</details>\n")
	}
}

func fresh(line string) int {
	if strings.HasPrefix(line, "- **new** ") {
		return 1
	}
	return 0
}

// special are the characters by which text would become Markdown or HTML, or would call somebody.
var special = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", "\\|", "#", "\\#", "~", "\\~", "$", "\\$",
	"@", "@\u200b", "\n", " ", "\r", " ", "://", ":\u200b//",
)

// www begins a link without a scheme.
var www = regexp.MustCompile(`(?i)www\b`)

// maxText is the length, in runes, at which a text is cut.
const maxText = 300

// escape makes text plain, also in a terminal or a job's log, where Markdown may go as well.
func escape(s string) string {
	s = clean.Line(s)
	if len(s) > maxText {
		runes := []rune(s)
		if len(runes) > maxText {
			s = string(runes[:maxText]) + "…"
		}
	}
	return www.ReplaceAllString(special.Replace(s), "$0\u200b")
}
