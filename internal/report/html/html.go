// Package html writes a report as one page that asks nobody for anything: styles, script and data are in it.
package html

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

var (
	//go:embed page.html
	page string
	//go:embed page.css
	css string
	//go:embed page.js
	js string
)

// policy lets the page's own style and script run, each known by its hash, and nothing else: no request leaves the page, and
// what a cluster's names hold cannot run.
var policy = strings.Join([]string{
	"default-src 'none'", "style-src " + hash(css), "script-src " + hash(js), "base-uri 'none'", "form-action 'none'",
}, "; ")

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Writer writes HTML. Findings are written value by value, so memory is bounded by their number and not by the output.
type Writer struct{}

// Write implements report.Writer.
func (Writer) Write(out io.Writer, r *report.Report) error {
	b := bufio.NewWriterSize(out, 64<<10)
	head, tail, _ := strings.Cut(page, "{{.Data}}")
	fill := strings.NewReplacer("{{.CSP}}", policy, "{{.CSS}}", css, "{{.JS}}", js)
	_, _ = fill.WriteString(b, head)
	if err := writeData(b, r); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	_, _ = fill.WriteString(b, tail)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

// data is what the script reads, beside the findings.
type data struct {
	Version    string      `json:"version"`
	Ended      string      `json:"ended"`
	Checks     []check     `json:"checks"`
	Clusters   []cluster   `json:"clusters"`
	Frameworks []framework `json:"frameworks"`
	Namespaces []string    `json:"namespaces"`
	Kinds      []string    `json:"kinds"`
	Owners     []string    `json:"owners"`
	Waivers    []waiver    `json:"waivers"`
}

type check struct {
	ID          string              `json:"id"`
	Title       string              `json:"title"`
	Description string              `json:"description"`
	Remediation string              `json:"remediation"`
	Severity    int                 `json:"severity"`
	Frameworks  map[string][]string `json:"frameworks"`
	References  []string            `json:"references"`
}

type cluster struct {
	Alias        string   `json:"alias"`
	Provider     string   `json:"provider"`
	Account      string   `json:"account"`
	Region       string   `json:"region"`
	Version      string   `json:"version"`
	Status       string   `json:"status"`
	Problem      string   `json:"problem"`
	Gaps         []string `json:"gaps"`
	Notes        []string `json:"notes"`
	Unevaluated  []string `json:"unevaluated"`
	Pass         int      `json:"pass"`
	Fail         int      `json:"fail"`
	NotEvaluated int      `json:"notEvaluated"`
}

type framework struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Version  string `json:"version"`
	Controls int    `json:"controls"`
	Counts   [4]int `json:"counts"` // failed, passed, not evaluated, manual or not read
}

type waiver struct {
	Owner   string `json:"owner"`
	Reason  string `json:"reason"`
	Ticket  string `json:"ticket"`
	Expires string `json:"expires"`
}

// writeData writes the findings, as columns of one length each in which names and texts that repeat are indices, and what
// they point to behind them. encoding/json writes <, > and & as escapes, so the data cannot end its element.
func writeData(b *bufio.Writer, r *report.Report) error {
	d := newData(r)
	b.WriteString(`{"findings":{`)
	entries := failures(r)
	for i, c := range d.columns(r) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:[", c.name)
		for j, e := range entries {
			if j > 0 {
				b.WriteByte(',')
			}
			value, err := json.Marshal(c.of(e))
			if err != nil {
				return err
			}
			if _, err := b.Write(value); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	}
	rest, err := json.Marshal(d)
	if err != nil {
		return err
	}
	b.WriteString("},")
	_, err = b.Write(rest[len("{"):])
	return err
}

func newData(r *report.Report) *data {
	d := &data{
		Version: r.Version, Ended: r.Ended.UTC().Format(time.DateTime) + " UTC", Checks: []check{}, Clusters: []cluster{}, Frameworks: []framework{},
		Namespaces: []string{}, Kinds: []string{}, Owners: []string{}, Waivers: []waiver{},
	}
	for _, c := range r.Checks {
		if c.Frameworks == nil {
			c.Frameworks = map[string][]string{}
		}
		if c.References == nil {
			c.References = []string{}
		}
		d.Checks = append(d.Checks, check{c.ID, c.Title, c.Description, c.Remediation, rank(c.Severity), c.Frameworks, c.References})
	}
	for i := range r.Clusters {
		d.Clusters = append(d.Clusters, newCluster(&r.Clusters[i]))
	}
	d.Frameworks = append(d.Frameworks, frameworks(r)...)
	return d
}

// rank is the place of a severity, the worst first.
func rank(s finding.Severity) int { return int(finding.Critical - s) }

func newCluster(c *report.Cluster) cluster {
	counts := c.Counts()
	out := cluster{
		Alias: c.Alias, Provider: c.Provider, Account: c.Account, Region: c.Region, Version: c.ServerVersion, Status: string(c.Status),
		Gaps: []string{}, Notes: []string{}, Unevaluated: []string{},
		Pass: counts[finding.Pass], Fail: counts[finding.Fail], NotEvaluated: counts[finding.NotEvaluated],
	}
	if p := c.Problem; p != nil {
		out.Problem = strings.TrimSuffix(p.Message+"; "+p.Hint, "; ")
	}
	for _, g := range c.Gaps {
		out.Gaps = append(out.Gaps, g.String())
	}
	for _, n := range c.Notifications {
		out.Notes = append(out.Notes, n.Message)
	}
	for _, t := range c.Tallies {
		if t.Counts[finding.NotEvaluated] > 0 {
			out.Unevaluated = append(out.Unevaluated, t.Check)
		}
	}
	return out
}

// frameworks sums each framework's controls up over all clusters.
func frameworks(r *report.Report) []framework {
	counts := map[string]map[finding.Verdict]int{}
	for _, c := range r.Clusters {
		for _, t := range c.Tallies {
			if counts[t.Check] == nil {
				counts[t.Check] = map[finding.Verdict]int{}
			}
			for v, n := range t.Counts {
				counts[t.Check][v] += n
			}
		}
	}
	var out []framework
	for _, f := range r.Frameworks {
		sum := framework{ID: f.ID, Name: f.Name, Version: f.Version, Controls: len(f.Controls)}
		for _, c := range f.Controls {
			total := map[finding.Verdict]int{}
			for _, id := range c.Checks {
				for v, n := range counts[id] {
					total[v] += n
				}
			}
			switch {
			case total[finding.Fail] > 0:
				sum.Counts[0]++
			case total[finding.NotEvaluated] > 0:
				sum.Counts[2]++
			case total[finding.Pass] > 0:
				sum.Counts[1]++
			default:
				sum.Counts[3]++
			}
		}
		out = append(out, sum)
	}
	return out
}

// maxWays bounds the ways of a finding: a group may hold a grant in hundreds.
const maxWays = 10

// entry is a finding with the index of its cluster.
type entry struct {
	cluster int
	carried bool // from the baseline: this time nobody could look
	*finding.Finding
}

// failures are the findings of known checks, also those that are no more or were not read again, the worst first.
func failures(r *report.Report) []entry {
	known := map[string]bool{}
	for _, c := range r.Checks {
		known[c.ID] = true
	}
	var all []entry
	for i := range r.Clusters {
		c := &r.Clusters[i]
		for k, list := range [][]finding.Finding{c.Findings, c.Absent, c.Carried} {
			for j := range list {
				if known[list[j].Check] && list[j].Verdict == finding.Fail {
					all = append(all, entry{i, k == 2, &list[j]})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Check, b.Check), cmp.Compare(a.cluster, b.cluster),
			cmp.Compare(a.Object.Namespace, b.Object.Namespace), cmp.Compare(a.Object.Name, b.Object.Name), cmp.Compare(a.Sub, b.Sub), cmp.Compare(a.Key, b.Key))
	})
	return all
}

// column is one value of each finding.
type column struct {
	name string
	of   func(entry) any
}

// columns also fill the lists that their indices point to.
func (d *data) columns(r *report.Report) []column {
	checks := map[string]int{}
	for i, c := range r.Checks {
		checks[c.ID] = i
	}
	namespaces, kinds, owners, waivers := map[string]int{}, map[string]int{}, map[string]int{}, map[waiver]int{}
	return []column{
		{"id", func(e entry) any { return e.Fingerprint(r.Clusters[e.cluster].ID)[:16] }},
		{"cluster", func(e entry) any { return e.cluster }},
		{"check", func(e entry) any { return checks[e.Check] }},
		{"severity", func(e entry) any { return rank(e.Severity) }}, // 0 critical to 4 info
		{"state", func(e entry) any { return state(e) }},            // 0 new, 1 open, 2 waived, 3 managed, 4 absent, 5 not read again
		{"namespace", func(e entry) any { return intern(namespaces, &d.Namespaces, e.Object.Namespace) }},
		{"kind", func(e entry) any { return intern(kinds, &d.Kinds, e.Object.Kind) }},
		{"name", func(e entry) any { return e.Object.Name }},
		{"owner", func(e entry) any { return intern(owners, &d.Owners, e.Owner) }},
		{"sub", func(e entry) any { return e.Sub }},
		{"path", func(e entry) any { return e.Path }},
		{"message", func(e entry) any { return e.Message }},
		{"file", func(e entry) any {
			if e.File == "" {
				return ""
			}
			return fmt.Sprintf("%s:%d", e.File, e.Line)
		}},
		{"ways", func(e entry) any { return append([][]string{}, e.Ways[:min(len(e.Ways), maxWays)]...) }},
		{"folded", func(e entry) any { return append([]string{}, e.Folded...) }},
		{"waiver", func(e entry) any { // one more than the index, 0 for none
			if w := e.Waiver; w != nil {
				return 1 + intern(waivers, &d.Waivers, waiver{w.Owner, w.Reason, w.Ticket, w.Expires})
			}
			return 0
		}},
	}
}

func state(f entry) int {
	switch {
	case f.carried:
		return 5
	case f.Baseline == finding.Absent:
		return 4
	case f.Waiver != nil:
		return 2
	case f.ManagedBy != "":
		return 3
	case f.Baseline == finding.New:
		return 0
	}
	return 1
}

// intern returns the index of v in the list, and adds it where it is missing.
func intern[T comparable](index map[T]int, list *[]T, v T) int {
	i, ok := index[v]
	if !ok {
		i = len(*list)
		index[v] = i
		*list = append(*list, v)
	}
	return i
}
