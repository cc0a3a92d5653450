package cli

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// A table fits its terminal, and words stay whole.
func TestGrid(t *testing.T) {
	words := strings.Fields("the kubeconfig file; if not set, the files in KUBECONFIG or else ~/.kube/config and a_word_of_twenty-four_")
	rows := [][]string{{"parameter", "type", "what it does"}, {"kubeconfig", "standard | autopilot, as env:NAME or file:PATH", strings.Join(words, " ")}}
	for _, width := range []int{0, 60, 80, 100, 300} {
		out := grid(&IOStreams{OutWidth: width}, rows)
		var seen []string
		for line := range strings.Lines(out) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > 60 && n > width || width == 0 && n > 80 {
				t.Errorf("at %d columns, a line of %d:\n%s", width, n, out)
			}
			if cells := strings.Split(line, "│"); len(cells) == 5 && !strings.Contains(line, "WHAT") {
				seen = append(seen, strings.Fields(cells[3])...)
			}
		}
		if !slices.Equal(seen, words) {
			t.Errorf("at %d columns, words are broken:\n%s", width, out)
		}
	}
}
