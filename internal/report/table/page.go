package table

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

type colors = text.Colors

var (
	bold  = colors{text.Bold}
	faint = colors{text.Faint}
	good  = colors{text.FgGreen}
	warn  = colors{text.FgYellow}
	bad   = colors{text.FgRed}

	severityColors = map[finding.Severity]colors{
		finding.Critical: {text.Bold, text.FgHiRed},
		finding.High:     {text.FgRed},
		finding.Medium:   {text.FgYellow},
		finding.Low:      {text.FgCyan},
		finding.Info:     {text.FgBlue},
	}
	statusColors = map[report.Status]colors{report.Complete: good, report.Partial: warn, report.NotScanned: bad}
)

// gutter is the space between columns.
const gutter = 2

// page gathers the lines of a report.
type page struct {
	strings.Builder
	width int
	color bool
}

func (p *page) line(s string) {
	p.WriteString(strings.TrimRight(s, " "))
	p.WriteByte('\n')
}

// paint colours s. The library's own Sprint would ask the environment, which is for the command to do.
func (p *page) paint(c colors, s string) string {
	if !p.color || s == "" {
		return s
	}
	return text.Escape(s, c.EscapeSeq())
}

// rule writes a blank line and a line across the page with a title on the left and a remark on the right.
func (p *page) rule(title, remark string, c colors) {
	line := p.width
	if title != "" {
		line -= width(title) + 1
		title = p.paint(c, title) + " "
	}
	if remark != "" {
		line -= width(remark) + 1
		remark = " " + p.paint(faint, remark)
	}
	p.line("")
	p.line(title + p.paint(faint, strings.Repeat("─", max(line, 3))) + remark)
}

// grid is rows of cells that stand in columns.
type grid struct {
	rows   [][]string
	right  []bool // columns whose cells stand to the right
	widths []int  // of the columns: longer cells are wrapped, columns of width 0 left out; nil for as wide as the cells
}

func (p *page) grid(g grid) {
	t := table.NewWriter()
	t.SetStyle(table.Style{
		Box:     table.BoxStyle{PaddingRight: strings.Repeat(" ", gutter)},
		Options: table.OptionsNoBordersAndSeparators,
	})
	configs := make([]table.ColumnConfig, max(len(g.right), len(g.widths)))
	for i := range configs {
		configs[i].Number = i + 1
		if g.right != nil && g.right[i] {
			configs[i].Align = text.AlignRight
		}
		if g.widths != nil {
			configs[i].WidthMin, configs[i].WidthMax = g.widths[i], g.widths[i]
			configs[i].WidthMaxEnforcer = wrap
			configs[i].Hidden = g.widths[i] == 0
		}
	}
	t.SetColumnConfigs(configs)
	for _, cells := range g.rows {
		row := make(table.Row, len(cells))
		for i, cell := range cells {
			row[i] = cell
		}
		t.AppendRow(row)
	}
	for line := range strings.SplitSeq(t.Render(), "\n") {
		p.line(line)
	}
}

// width is the number of columns that s takes, colours aside.
func width(s string) int { return text.StringWidthWithoutEscSequences(s) }

// wrap breaks s into lines of at most n columns, between words, and words that are wider between their parts. Where letters
// are two columns wide, the library's lines may be one longer.
func wrap(s string, n int) string {
	if width(s) <= n {
		return s
	}
	var parts []string
	for _, word := range strings.Fields(s) {
		for width(word) > n && n > 0 {
			at := seam(word, n)
			parts, word = append(parts, word[:at]), word[at:]
		}
		parts = append(parts, word)
	}
	s = strings.Join(parts, " ")
	if wrapped := text.WrapSoft(s, n); text.LongestLineLen(wrapped) <= n {
		return wrapped
	}
	return text.WrapSoft(s, n-1)
}

// seam is where a word is best cut so that its head takes at most n columns: behind a sign or before a capital, as in
// networkpolicies.|networking.|k8s.|io or Validating|Admission|Policy; at n where there is none in the head's second half.
func seam(word string, n int) int {
	best, hard, columns := 0, 0, 0
	var last rune
	for i, r := range word {
		if i > 0 && columns > n/2 && (strings.ContainsRune("./-:_,@=", last) || unicode.IsLower(last) && unicode.IsUpper(r)) {
			best = i
		}
		hard, last = i, r
		if columns += text.RuneWidth(r); columns > n {
			break
		}
	}
	if best > 0 {
		return best
	}
	return max(hard, utf8.RuneLen([]rune(word)[0]))
}

// fit cuts the end off what is wider than n.
func fit(s string, n int) string {
	if n <= 0 {
		return ""
	}
	return text.Snip(s, n, "…")
}

// middle cuts out the middle of what is wider than n: aliases begin with the provider and end with the name, objects
// begin with the kind and end with the part.
func middle(s string, n int) string {
	if n <= 0 || width(s) <= n {
		return fit(s, n)
	}
	runes := []rune(s)
	tail := len(runes)
	for room := (n - 1) / 2; tail > 0; tail-- {
		if room -= text.RuneWidth(runes[tail-1]); room < 0 {
			break
		}
	}
	end := string(runes[tail:])
	return text.Trim(s, n-1-width(end)) + "…" + end
}

// tail cuts the beginning off a path that is wider than n, at a folder if it can: …/KM1005/bad.yaml:7.
func tail(s string, n int) string {
	if n <= 0 || width(s) <= n {
		return fit(s, n)
	}
	end, columns := s, 0
	for i := len(s); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		if columns += text.RuneWidth(r); columns > n-1 {
			break
		}
		i -= size
		end = s[i:]
	}
	if i := strings.IndexByte(end, '/'); i > 0 && i < len(end)/2 {
		end = end[i:]
	}
	return "…" + end
}
