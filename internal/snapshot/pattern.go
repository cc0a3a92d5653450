package snapshot

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// pattern is a regular expression that is asked only where one of the texts stands without which it cannot match. Most of
// what a cluster holds is no credential, and to find that out must cost little.
type pattern struct {
	*regexp.Regexp
	needs    []string // each match holds one of these; none are known if it is empty
	anyCase  bool     // needs are in lower case, and any will do
	shortest int      // match, in bytes
}

func newPattern(expr string) *pattern {
	p := &pattern{Regexp: regexp.MustCompile(expr)}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return p
	}
	tree = tree.Simplify()
	p.shortest, p.anyCase = leastLength(tree), folds(tree)
	needs := wordsOf(tree).needs
	if p.anyCase {
		for i, n := range needs {
			needs[i] = strings.ToLower(n)
		}
	}
	slices.SortFunc(needs, func(a, b string) int { return len(a) - len(b) })
	for _, n := range needs { // password holds pass, which will do
		if !slices.ContainsFunc(p.needs, func(shorter string) bool { return strings.Contains(n, shorter) }) {
			p.needs = append(p.needs, n)
		}
	}
	return p
}

// mayMatch is true for every text that matches, and for few others.
func (p *pattern) mayMatch(text string) bool {
	if len(text) < p.shortest {
		return false
	}
	if len(p.needs) == 0 {
		return true
	}
	if p.anyCase {
		for i := range len(text) {
			if text[i] >= utf8.RuneSelf {
				return true // letters beyond ASCII may be another case of some of ASCII
			}
		}
		text = strings.ToLower(text)
	}
	for _, n := range p.needs {
		if strings.Contains(text, n) {
			return true
		}
	}
	return false
}

// MatchString is as in regexp.
func (p *pattern) MatchString(s string) bool { return p.mayMatch(s) && p.Regexp.MatchString(s) }

// FindStringSubmatch is as in regexp.
func (p *pattern) FindStringSubmatch(s string) []string {
	if !p.mayMatch(s) {
		return nil
	}
	return p.Regexp.FindStringSubmatch(s)
}

// ReplaceAllString is as in regexp.
func (p *pattern) ReplaceAllString(s, by string) string {
	if !p.mayMatch(s) {
		return s
	}
	return p.Regexp.ReplaceAllString(s, by)
}

// ReplaceAllStringFunc is as in regexp.
func (p *pattern) ReplaceAllStringFunc(s string, by func(string) string) string {
	if !p.mayMatch(s) {
		return s
	}
	return p.Regexp.ReplaceAllStringFunc(s, by)
}

// words are what an expression's matches are made of: all of them, where they are few, and texts of which each match holds
// one. Either may be unknown, which is nil.
type words struct{ all, needs []string }

// few bounds the texts that are looked for.
const few = 40

func wordsOf(re *syntax.Regexp) words {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return words{all: []string{""}}
	case syntax.OpLiteral:
		return exactly(string(re.Rune))
	case syntax.OpCharClass:
		var all []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if all = append(all, string(r)); len(all) > few {
					return words{}
				}
			}
		}
		return exactly(all...)
	case syntax.OpCapture:
		return wordsOf(re.Sub[0])
	case syntax.OpPlus:
		return words{needs: wordsOf(re.Sub[0]).needs}
	case syntax.OpQuest:
		if w := wordsOf(re.Sub[0]); w.all != nil && len(w.all) < few {
			return exactly(append(w.all, "")...)
		}
	case syntax.OpConcat:
		return concat(re.Sub)
	case syntax.OpAlternate:
		return alternate(re.Sub)
	}
	return words{}
}

// exactly are words that are known; where one is empty, none is needed.
func exactly(all ...string) words {
	for _, w := range all {
		if w == "" {
			return words{all: all}
		}
	}
	return words{all: all, needs: all}
}

func concat(parts []*syntax.Regexp) words {
	var best []string
	take := func(needs []string) {
		if better(needs, best) {
			best = needs
		}
	}
	run, whole := []string{""}, true // what the parts so far are made of, since the last that was unknown
	for _, part := range parts {
		w := wordsOf(part)
		if w.all == nil || len(run)*len(w.all) > few {
			take(exactly(run...).needs)
			whole = false
			if run = w.all; w.all == nil {
				take(w.needs)
				run = []string{""}
			}
			continue
		}
		var longer []string
		for _, a := range run {
			for _, b := range w.all {
				longer = append(longer, a+b)
			}
		}
		run = longer
	}
	take(exactly(run...).needs)
	if whole {
		return words{all: run, needs: best}
	}
	return words{needs: best}
}

func alternate(parts []*syntax.Regexp) words {
	all, needs := []string{}, []string{}
	for _, part := range parts {
		w := wordsOf(part)
		if w.all == nil || len(all)+len(w.all) > few {
			all = nil
		} else if all != nil {
			all = append(all, w.all...)
		}
		if w.needs == nil || len(needs)+len(w.needs) > few {
			needs = nil
		} else if needs != nil {
			needs = append(needs, w.needs...)
		}
	}
	return words{all, needs}
}

// better prefers what fewer texts hold: the longest of the shortest.
func better(a, b []string) bool {
	if a == nil || b == nil {
		return a != nil
	}
	return least(a) > least(b) || least(a) == least(b) && len(a) < len(b)
}

func least(list []string) int {
	n := len(list[0])
	for _, s := range list {
		n = min(n, len(s))
	}
	return n
}

// folds reports whether some part matches in any case.
func folds(re *syntax.Regexp) bool {
	if re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase != 0 {
		return true
	}
	for _, sub := range re.Sub {
		if folds(sub) {
			return true
		}
	}
	return false
}

// leastLength is the least length of a match.
func leastLength(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) // a rune has a byte or more
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return leastLength(re.Sub[0])
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n += leastLength(sub)
		}
		return n
	case syntax.OpAlternate:
		n := leastLength(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, leastLength(sub))
		}
		return n
	}
	return 0
}
