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

// Writer writes HTML.
type Writer struct{}

// Write implements report.Writer.
func (Writer) Write(out io.Writer, r *report.Report) error {
	b := bufio.NewWriterSize(out, 64<<10)
	head, tail, _ := strings.Cut(page, "{{.Data}}")
	fill := strings.NewReplacer("{{.CSP}}", policy, "{{.CSS}}", css, "{{.JS}}", js)
	_, _ = fill.WriteString(b, head)
	// encoding/json writes <, > and & as escapes, so the data cannot end its element.
	if err := json.NewEncoder(b).Encode(newData(r)); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	_, _ = fill.WriteString(b, tail)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

// data is what the script reads. Findings are columns of one length each, with names and texts that repeat as indices.
type data struct {
	Version    string      `json:"version"`
	Ended      string      `json:"ended"`
	Checks     []check     `json:"checks"`
	Clusters   []cluster   `json:"clusters"`
	Frameworks []framework `json:"frameworks"`
	Namespaces []string    `json:"namespaces"`
	Kinds      []string    `json:"kinds"`
	Waivers    []waiver    `json:"waivers"`
	Findings   columns     `json:"findings"`
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

type columns struct {
	ID        []string   `json:"id"` // the first 16 digits of the fingerprint
	Cluster   []int      `json:"cluster"`
	Check     []int      `json:"check"`
	Severity  []int      `json:"severity"` // 0 critical to 4 info
	State     []int      `json:"state"`    // 0 new, 1 open, 2 waived, 3 managed, 4 absent
	Namespace []int      `json:"namespace"`
	Kind      []int      `json:"kind"`
	Name      []string   `json:"name"`
	Sub       []string   `json:"sub"`
	Path      []string   `json:"path"`
	Message   []string   `json:"message"`
	File      []string   `json:"file"`
	Way       [][]string `json:"way"`
	Waiver    []int      `json:"waiver"` // one more than the index, 0 for none
}

func newData(r *report.Report) data {
	d := data{
		Version: r.Version, Ended: r.Ended.UTC().Format(time.DateTime) + " UTC",
		Checks: []check{}, Clusters: []cluster{}, Frameworks: []framework{}, Namespaces: []string{}, Kinds: []string{}, Waivers: []waiver{},
	}
	checks := map[string]int{}
	for i, c := range r.Checks {
		checks[c.ID] = i
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
	d.findings(r, checks)
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

// findings fills the columns, the worst first.
func (d *data) findings(r *report.Report, checks map[string]int) {
	type entry struct {
		cluster int
		*finding.Finding
	}
	var all []entry
	for i := range r.Clusters {
		for _, list := range [][]finding.Finding{r.Clusters[i].Findings, r.Clusters[i].Absent} {
			for j := range list {
				if _, ok := checks[list[j].Check]; ok && list[j].Verdict == finding.Fail {
					all = append(all, entry{i, &list[j]})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Check, b.Check), cmp.Compare(a.cluster, b.cluster),
			cmp.Compare(a.Object.Namespace, b.Object.Namespace), cmp.Compare(a.Object.Name, b.Object.Name), cmp.Compare(a.Sub, b.Sub), cmp.Compare(a.Key, b.Key))
	})
	n := len(all)
	f := columns{
		make([]string, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]string, n),
		make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([][]string, n), make([]int, n),
	}
	namespaces, kinds, waivers := map[string]int{}, map[string]int{}, map[waiver]int{}
	for i, e := range all {
		f.ID[i] = e.Fingerprint(r.Clusters[e.cluster].ID)[:16]
		f.Cluster[i], f.Check[i], f.Severity[i], f.State[i] = e.cluster, checks[e.Check], rank(e.Severity), state(e.Finding)
		f.Namespace[i] = intern(namespaces, &d.Namespaces, e.Object.Namespace)
		f.Kind[i] = intern(kinds, &d.Kinds, e.Object.Kind)
		f.Name[i], f.Sub[i], f.Path[i], f.Message[i] = e.Object.Name, e.Sub, e.Path, e.Message
		f.Way[i] = []string{}
		if e.File != "" {
			f.File[i] = fmt.Sprintf("%s:%d", e.File, e.Line)
		}
		if w := e.Waiver; w != nil {
			f.Waiver[i] = 1 + intern(waivers, &d.Waivers, waiver{w.Owner, w.Reason, w.Ticket, w.Expires})
		}
	}
	d.Findings = f
}

func state(f *finding.Finding) int {
	switch {
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
