package policy

import (
	"crypto/rand"
	"regexp"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Most of what a check reads decides what it says, and some is only told: the name of a container in a message, the path to it.
// Objects that differ in that alone are judged once. In the input a mark stands for each text that only is told, and in what
// the check says of an object the marks are replaced by that object's texts.

// tells returns the variables of a rule whose values go into the path, the message or the key of what it yields, as they are or
// by sprintf, and nowhere else.
func tells(rule *ast.Rule) map[ast.Var]bool {
	if rule.Head.RuleKind() != ast.MultiValue || rule.Head.Key == nil || rule.Else != nil {
		return nil
	}
	have := occurrences(rule.Body)
	telling := map[ast.Var]int{}
	only := func(v ast.Var) bool { return have[v] == telling[v]+1 } // once it is given its value
	yielded, _ := rule.Head.Key.Value.(ast.Var)
	for _, e := range rule.Body {
		if v, object, ok := yields(e); ok && v == yielded && have[v] == 1 {
			for _, field := range []string{"path", "message", "key"} {
				if t := object.Get(ast.InternedTerm(field)); t != nil {
					if v, ok := t.Value.(ast.Var); ok {
						telling[v]++
					}
				}
			}
		}
	}
	texts := map[ast.Var]bool{}
	for v := range telling {
		texts[v] = only(v)
	}
	for _, e := range rule.Body {
		if text, parts, ok := prints(e); ok && texts[text] {
			parts.Foreach(func(t *ast.Term) {
				if v, ok := t.Value.(ast.Var); ok {
					telling[v]++
				}
			})
		}
	}
	told := map[ast.Var]bool{}
	for v := range telling {
		told[v] = only(v)
	}
	return told
}

// occurrences counts the variables of a part of a rule.
func occurrences(x any) map[ast.Var]int {
	n := map[ast.Var]int{}
	ast.WalkTerms(x, func(t *ast.Term) bool {
		if v, ok := t.Value.(ast.Var); ok {
			n[v]++
		}
		return false
	})
	return n
}

// yields returns both sides of an expression that makes a variable equal to an object.
func yields(e *ast.Expr) (ast.Var, ast.Object, bool) {
	if !e.IsEquality() || e.Negated || len(e.With) > 0 {
		return "", nil, false
	}
	v, isVar := e.Operand(0).Value.(ast.Var)
	object, isObject := e.Operand(1).Value.(ast.Object)
	return v, object, isVar && isObject
}

// plain are formats that put texts out as they are.
var plain = regexp.MustCompile(`^([^%]|%[svd%])*$`)

// prints returns the variable that a sprintf gives its text to, and what it makes the text of.
func prints(e *ast.Expr) (ast.Var, *ast.Array, bool) {
	if !e.IsCall() || e.Negated || len(e.With) > 0 || e.Operator().String() != ast.Sprintf.Name || len(e.Operands()) != 3 {
		return "", nil, false
	}
	format, isText := e.Operand(0).Value.(ast.String)
	parts, isArray := e.Operand(1).Value.(*ast.Array)
	text, isVar := e.Operand(2).Value.(ast.Var)
	return text, parts, isText && isArray && isVar && plain.MatchString(string(format))
}

// A mark has a number between two characters that no text has, and a word that nobody can know: what an object holds is never
// taken for one.
const (
	markStart = "\uFDD0"
	markEnd   = "\uFDD1"
)

var markWord = markStart + rand.Text()[:8]

func markOf(n int) string { return markWord + strconv.Itoa(n) + markEnd }

// withTold puts the texts in the place of their marks.
func withTold(s string, told []string) string {
	if !strings.Contains(s, markWord) {
		return s
	}
	var b strings.Builder
	for {
		before, mark, found := strings.Cut(s, markWord)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		number, rest, _ := strings.Cut(mark, markEnd)
		if n, err := strconv.Atoi(number); err == nil && n < len(told) {
			b.WriteString(told[n])
		}
		s = rest
	}
}

// tell returns the violation with the texts in it.
func (v violation) tell(told []string) violation {
	if len(told) > 0 {
		v.Path, v.Key, v.Message = withTold(v.Path, told), withTold(v.Key, told), printable(withTold(v.Message, told))
	}
	return v
}
