// Package table writes reports for people at a terminal.
package table

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Writer writes the clusters with their verdicts and coverage, the findings by severity and check, and then all that was
// not scanned, read or evaluated. Of each check it shows the first findings; other formats have all.
//
// Names and messages come from whoever may create objects: what a terminal or a CI service would obey is shown as an escape.
type Writer struct {
	Width int  // columns; 0 means 80, and fewer than 60 are taken for 60
	Color bool // the terminal shows ANSI colours
}

// Write implements report.Writer.
func (w Writer) Write(out io.Writer, r *report.Report) error {
	p := &page{width: max(cmp.Or(w.Width, 80), 60), color: w.Color}
	p.header(r)
	p.clusters(r)
	cut := p.findings(r)
	p.section("NOT SCANNED", problems(r), bad)
	p.section("NOT READ", gaps(r), warn)
	p.section("NOT EVALUATED", unevaluated(r), warn)
	p.section("NOTES", notes(r), faint)
	p.summary(r, cut)
	if _, err := io.WriteString(out, p.String()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

func (p *page) header(r *report.Report) {
	name := strings.TrimSpace("Kubemuster " + clean.Line(r.Version))
	about := []string{count(ran(r), "check")}
	if !r.Started.IsZero() {
		about = append([]string{r.Started.UTC().Format("2006-01-02 15:04 UTC")}, about...)
		if took := r.Ended.Sub(r.Started); took > 0 {
			about = append(about, "took "+took.Round(time.Second/10).String())
		}
	}
	name = fit(name, p.width/2)
	p.line(p.paint(bold, name) + "  " + p.paint(faint, fit(strings.Join(about, " · "), p.width-width(name)-gutter)))
	p.line("")
}

// ran counts the checks of the run, without those that only findings of the baseline name.
func ran(r *report.Report) int {
	earlier := map[string]bool{}
	for _, c := range r.Clusters {
		for _, f := range c.Carried {
			if c.Status != report.NotScanned { // which has no tallies
				earlier[f.Check] = true
			}
		}
	}
	for _, c := range r.Clusters {
		for _, t := range c.Tallies {
			delete(earlier, t.Check)
		}
	}
	return len(r.Checks) - len(earlier)
}

// column is one of the clusters' table. Those that only wide terminals have room for say how wide.
type column struct {
	title string
	width int // of the page, at least
	right bool
	cell  func(p *page, c *report.Cluster) string
}

var columns = []column{
	{title: "CLUSTER", cell: func(_ *page, c *report.Cluster) string { return clean.Line(c.Alias) }},
	{title: "STATUS", cell: func(p *page, c *report.Cluster) string { return p.paint(statusColors[c.Status], string(c.Status)) }},
	{title: "FAIL", right: true, cell: verdict(finding.Fail)},
	{title: "PASS", right: true, cell: verdict(finding.Pass)},
	{title: "N/A", right: true, width: 100, cell: verdict(finding.NotApplicable)},
	{title: "UNEVALUATED", right: true, cell: verdict(finding.NotEvaluated)},
	{title: "MANUAL", right: true, width: 100, cell: verdict(finding.Manual)},
	{title: "KINDS READ", right: true, cell: func(p *page, c *report.Cluster) string {
		read, all := coverage(c)
		if all == 0 {
			return p.paint(faint, "-")
		}
		s := fmt.Sprintf("%d of %d", read, all)
		if read < all {
			s = p.paint(warn, s)
		}
		return s
	}},
	{title: "GAPS", right: true, width: 90, cell: func(p *page, c *report.Cluster) string { return p.number(c, len(c.Gaps)) }},
	{title: "OBJECTS", right: true, width: 100, cell: func(p *page, c *report.Cluster) string {
		n := 0
		for _, of := range c.Objects {
			n += of
		}
		return p.number(c, n)
	}},
	{title: "SERVER", width: 140, cell: func(_ *page, c *report.Cluster) string { return clean.Line(c.ServerVersion) }},
	{title: "TARGET", width: 200, cell: func(_ *page, c *report.Cluster) string { return middle(clean.Line(c.Target), 50) }},
}

func verdict(v finding.Verdict) func(*page, *report.Cluster) string {
	return func(p *page, c *report.Cluster) string { return p.number(c, c.Counts()[v]) }
}

// number shows a count; none at all for a cluster that was not scanned, since a nought would look like a result.
func (p *page) number(c *report.Cluster, n int) string {
	switch {
	case c.Status == report.NotScanned:
		return p.paint(faint, "-")
	case n == 0:
		return p.paint(faint, "0")
	}
	return strconv.Itoa(n)
}

// coverage counts the kinds that were read whole, and all that were to be read.
func coverage(c *report.Cluster) (read, all int) {
	kinds := map[string]bool{}
	for kind := range c.Objects {
		kinds[kind] = true
	}
	for _, g := range c.Gaps {
		kinds[g.Kind] = false
	}
	for _, whole := range kinds {
		if whole {
			read++
		}
	}
	return read, len(kinds)
}

func (p *page) clusters(r *report.Report) {
	if len(r.Clusters) == 0 {
		p.line("No cluster was scanned.")
		return
	}
	shown := slices.DeleteFunc(slices.Clone(columns), func(c column) bool { return c.width > p.width })
	g := grid{}
	head := make([]string, len(shown))
	for i, c := range shown {
		head[i] = p.paint(faint, c.title)
		g.right = append(g.right, c.right)
	}
	g.rows = append(g.rows, head)
	for i := range r.Clusters {
		row := make([]string, len(shown))
		for j, c := range shown {
			row[j] = c.cell(p, &r.Clusters[i])
		}
		g.rows = append(g.rows, row)
	}
	// The alias gets what the other columns leave.
	room := p.width
	for j := range head[1:] {
		widest := 0
		for _, row := range g.rows {
			widest = max(widest, width(row[j+1]))
		}
		room -= widest + gutter
	}
	for _, row := range g.rows[1:] {
		row[0] = middle(row[0], max(room, 8))
	}
	p.grid(g)
}

// place is a finding with the cluster it was found in.
type place struct {
	index   int // of the cluster, in the report's order
	cluster *report.Cluster
	finding *finding.Finding
}

// group is the findings of one check and severity.
type group struct {
	severity finding.Severity
	check    string
}

// shown is the number of findings of a group that stand for the rest.
var shown = map[finding.Severity]int{finding.Critical: 3, finding.High: 3, finding.Medium: 3, finding.Low: 1, finding.Info: 1}

// findings writes the findings by severity, then check. It returns how many it left out.
func (p *page) findings(r *report.Report) (cut int) {
	groups := map[group][]place{}
	for i := range r.Clusters {
		c := &r.Clusters[i]
		for j := range c.Findings {
			if f := &c.Findings[j]; f.Verdict == finding.Fail {
				g := group{f.Severity, f.Check}
				groups[g] = append(groups[g], place{i, c, f})
			}
		}
	}
	titles := map[string]string{}
	for _, c := range r.Checks {
		titles[c.ID] = c.Title
	}
	keys := slices.SortedFunc(maps.Keys(groups), func(a, b group) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(a.check, b.check))
	})
	total := map[finding.Severity]int{}
	var all []place
	for _, key := range keys {
		total[key.severity] += len(groups[key])
		slices.SortStableFunc(groups[key], comparePlaces)
		all = append(all, groups[key][:visible(key, groups)]...)
	}
	widths := p.placeWidths(all, len(r.Clusters) > 1)
	for i, key := range keys {
		if i == 0 || keys[i-1].severity != key.severity {
			p.rule(strings.ToUpper(key.severity.String()), count(total[key.severity], "finding"), severityColors[key.severity])
		}
		places, n := groups[key], visible(key, groups)
		p.check(key, titles[key.check], places)
		p.places(places[:n], widths)
		if more := places[n:]; len(more) > 0 {
			where := ""
			if n := clusters(more); n > 1 {
				where = fmt.Sprintf(" in %d clusters", n)
			}
			p.line(indent + p.paint(faint, fmt.Sprintf("… and %d more%s", len(more), where)))
			cut += len(more)
		}
	}
	return cut
}

// visible is the number of a group's findings that are shown: all, rather than a line that tells of a single one.
func visible(g group, groups map[group][]place) int {
	if n := len(groups[g]); n <= shown[g.severity]+1 {
		return n
	}
	return shown[g.severity]
}

// clusters counts the clusters of findings.
func clusters(places []place) int {
	seen := map[*report.Cluster]bool{}
	for _, pl := range places {
		seen[pl.cluster] = true
	}
	return len(seen)
}

// comparePlaces puts first what is new, then what else the user can mend; clusters stay in the report's order.
func comparePlaces(a, b place) int {
	x, y := a.finding, b.finding
	return cmp.Or(
		cmp.Compare(a.state(), b.state()),
		cmp.Compare(a.index, b.index),
		cmp.Compare(x.Object.Namespace, y.Object.Namespace),
		cmp.Compare(x.Object.Kind, y.Object.Kind),
		cmp.Compare(x.Object.Name, y.Object.Name),
		cmp.Compare(x.Sub, y.Sub),
		cmp.Compare(x.Key, y.Key),
		cmp.Compare(x.Message, y.Message),
	)
}

// state is what sets a finding apart from others.
type state int

const (
	fresh   state = iota // not in the baseline
	changed              // in the baseline with another message or severity
	open                 // counts, and there is no more to say
	managed              // the provider's
	waived
	states
)

// marks stand before findings, where the IDs of checks stand above.
var marks = [states]string{fresh: "new", changed: "changed", managed: "managed", waived: "waived"}

func (pl place) state() state {
	switch f := pl.finding; {
	case f.Waiver != nil:
		return waived
	case f.ManagedBy != "":
		return managed
	case f.Baseline == finding.New:
		return fresh
	case f.Baseline == finding.Updated:
		return changed
	}
	return open
}

// tell counts the findings of these states, as in "1 new, 2 waived".
func tell(n [states]int, of ...state) string {
	var parts []string
	for _, s := range of {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], marks[s]))
		}
	}
	return strings.Join(parts, ", ")
}

const indent = "        " // the width of an ID and two spaces

func (p *page) check(g group, title string, places []place) {
	n := fmt.Sprintf("×%d", len(places))
	var of [states]int
	for _, pl := range places {
		of[pl.state()]++
	}
	if told := tell(of, fresh, changed, managed, waived); told != "" {
		n += " (" + told + ")"
	}
	id := clean.Line(g.check)
	id += strings.Repeat(" ", max(2, len(indent)-width(id)))
	title = fit(clean.Line(title), p.width-width(id)-width(n)-gutter)
	p.line(p.paint(severityColors[g.severity], id) + p.paint(bold, title) + "  " + p.paint(faint, n))
}

// placeWidths returns the widths of the columns of findings, for all checks the same: where, what and, if there is room,
// the message. In a report on one cluster only manifests need a where.
//
// Who answers for it has a column of its own behind the object where that leaves the message its room.
func (p *page) placeWidths(all []place, clusters bool) [4]int {
	var where, what, whole, message, owner int
	room := p.width - len(indent)
	for _, pl := range all {
		if clusters || pl.finding.File != "" {
			where = max(where, width(pl.where(room)))
		}
		what = max(what, width(pl.what(false)))
		whole = max(whole, width(pl.what(true)))
		message = max(message, width(clean.Line(pl.finding.Message)))
		owner = max(owner, min(width(pl.owner()), 30))
	}
	if where > 0 {
		room -= where + gutter
	}
	what = min(what, max(room/2, 48))
	left := room - what - gutter
	if owner > 0 && left-owner-gutter >= min(message, 60) {
		left -= owner + gutter
	} else {
		owner = 0
	}
	if left >= 24 {
		return [4]int{where, what, owner, min(message, left)}
	}
	return [4]int{where, min(whole, room), 0, 0}
}

// where is the cluster, or the file and line, in its part of the room.
func (pl place) where(room int) string {
	if f := pl.finding; f.File != "" {
		return tail(clean.Line(fmt.Sprintf("%s:%d", f.File, max(f.Line, 1))), room/2)
	}
	return middle(clean.Line(pl.cluster.Alias), room/3)
}

// what names the object and the part of it; with the key, which the message says in better words, where that is not shown.
func (pl place) what(key bool) string {
	s := clean.Line(pl.finding.Object.String())
	if pl.finding.Sub != "" {
		s += " › " + clean.Line(pl.finding.Sub)
	}
	if key && pl.finding.Key != "" {
		s += " › " + clean.Line(pl.finding.Key)
	}
	return s
}

func (pl place) owner() string {
	if pl.finding.Owner == "" {
		return ""
	}
	return "owner " + clean.Line(pl.finding.Owner)
}

func (p *page) places(places []place, w [4]int) {
	first := 0 // the column that stands first takes the marks
	if w[0] == 0 {
		first = 1
	}
	g := grid{widths: slices.Clone(w[:])}
	g.widths[first] += len(indent)
	for _, pl := range places {
		where := ""
		if w[0] > 0 {
			where = pl.where(p.width - len(indent))
		}
		row := []string{
			p.paint(faint, where),
			middle(pl.what(w[3] == 0), w[1]),
			p.paint(faint, fit(pl.owner(), w[2])),
			p.paint(faint, fit(clean.Line(pl.finding.Message), w[3])),
		}
		mark := marks[pl.state()]
		pad := strings.Repeat(" ", len(indent)-len(mark))
		if pl.state() == fresh {
			mark = p.paint(bold, mark)
		} else {
			mark = p.paint(faint, mark)
		}
		row[first] = mark + pad + row[first]
		g.rows = append(g.rows, row)
	}
	p.grid(g)
}

// note is what a section at the end says of a cluster.
type note struct {
	cluster, about, text string
}

func problems(r *report.Report) (all []note) {
	for _, c := range r.Clusters {
		if c.Problem != nil {
			text := c.Problem.Message
			if c.Problem.Hint != "" {
				text += "; " + c.Problem.Hint
			}
			all = append(all, note{c.Alias, c.Problem.Stage, text})
		}
	}
	return all
}

func gaps(r *report.Report) (all []note) {
	for _, c := range r.Clusters {
		for _, g := range c.Gaps {
			about := g.Kind
			if g.Name != "" && g.Kind != snapshot.Manifest {
				about += " of " + g.Name
			}
			if g.Namespace != "" {
				about += " in " + g.Namespace
			}
			text := string(g.Reason) + ": " + g.Message
			if g.Read > 0 {
				text += fmt.Sprintf(" (after %s)", count(g.Read, "object"))
			}
			all = append(all, note{c.Alias, about, text})
		}
	}
	return all
}

// unevaluated names the checks that gave no verdict, by cluster and reason. Clusters that were not scanned have said so.
func unevaluated(r *report.Report) (all []note) {
	for _, c := range r.Clusters {
		if c.Status == report.NotScanned {
			continue
		}
		var reasons []string
		checks := map[string][]string{}
		for _, t := range c.Tallies {
			if t.Counts[finding.NotEvaluated] > 0 {
				if checks[t.Reason] == nil {
					reasons = append(reasons, t.Reason)
				}
				checks[t.Reason] = append(checks[t.Reason], t.Check)
			}
		}
		for _, reason := range reasons {
			ids := checks[reason]
			all = append(all, note{c.Alias, count(len(ids), "check"), cmp.Or(reason, "no reason was given") + ": " + strings.Join(ids, " ")})
		}
	}
	return all
}

func notes(r *report.Report) (all []note) {
	for _, c := range r.Clusters {
		for _, n := range c.Notifications {
			all = append(all, note{c.Alias, n.Level, n.Message})
		}
	}
	return all
}

// section writes the notes in whole: nothing in them is cut but a long alias.
func (p *page) section(title string, notes []note, color colors) {
	if len(notes) == 0 {
		return
	}
	p.rule(title, "", color)
	g := grid{widths: make([]int, 3)}
	for _, n := range notes {
		row := []string{middle(clean.Line(n.cluster), p.width/4), clean.Line(n.about), clean.Line(n.text)}
		for i := range 2 {
			g.widths[i] = max(g.widths[i], min(width(row[i]), p.width/4))
		}
		g.rows = append(g.rows, row)
	}
	g.widths[2] = p.width - g.widths[0] - g.widths[1] - 2*gutter
	p.grid(g)
}

// summary ends the page, where the eye is when a scan is over.
func (p *page) summary(r *report.Report, cut int) {
	severities, total := map[finding.Severity]int{}, 0
	statuses := map[report.Status]int{}
	var of [states]int
	absent, carried, folded := 0, 0, false
	for i := range r.Clusters {
		c := &r.Clusters[i]
		statuses[c.Status]++
		absent, carried = absent+len(c.Absent), carried+len(c.Carried)
		for j := range c.Findings {
			if f := &c.Findings[j]; f.Verdict == finding.Fail {
				severities[f.Severity]++
				total++
				folded = folded || len(f.Folded) > 0
				of[place{i, c, f}.state()]++
			}
		}
	}
	p.rule("", "", faint)
	var parts []string
	for _, s := range finding.Severities {
		if n := severities[s]; n > 0 {
			parts = append(parts, p.paint(severityColors[s], fmt.Sprintf("%d %s", n, s)))
		}
	}
	findings := p.paint(bold, "no findings")
	switch {
	case total > 0:
		findings = p.paint(bold, count(total, "finding")) + ": " + strings.Join(parts, ", ")
	case statuses[report.Complete]+statuses[report.Partial] == 0:
		findings = p.paint(bold, "nothing was scanned")
	case statuses[report.Complete] < len(r.Clusters):
		findings = p.paint(bold, "no findings in what was read")
	}
	parts = nil
	for _, s := range []report.Status{report.Complete, report.Partial, report.NotScanned} {
		if n := statuses[s]; n > 0 {
			parts = append(parts, p.paint(statusColors[s], fmt.Sprintf("%d %s", n, s)))
		}
	}
	clusters := p.paint(bold, count(len(r.Clusters), "cluster"))
	if len(parts) > 0 {
		clusters += ": " + strings.Join(parts, ", ")
	}
	p.line(findings)
	if told := tell(of, managed, waived); told != "" {
		p.line(wrap("not counted by the gate: "+strings.Replace(told, "managed", "managed by the provider or Kubernetes", 1), p.width))
	}
	var since []string
	if told := tell(of, fresh, changed); told != "" {
		since = append(since, told)
	}
	if absent > 0 {
		since = append(since, fmt.Sprintf("%d no longer there", absent))
	}
	if carried > 0 {
		since = append(since, fmt.Sprintf("%d not read again", carried))
	}
	if since != nil {
		p.line(wrap("since the baseline: "+strings.Join(since, ", "), p.width))
	}
	p.line(clusters)
	if folded {
		p.line(p.paint(faint, "FAIL also counts checks folded into a finding on a grant"))
	}
	if cut > 0 {
		p.line(p.paint(faint, fmt.Sprintf("%s not shown; -o html=FILE or -o json=FILE has all", count(cut, "finding"))))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
