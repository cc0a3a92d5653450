package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// Lint returns what is wrong with a pack's Rego, a line each, with file and line: whatever would refuse it at load, and beyond
// that formatting, missing tests and the ways in which a check passes in silence. The pack is loaded after those before it.
func Lint(ctx context.Context, p Pack, before ...Pack) ([]string, error) {
	var problems []string
	if _, err := New(ctx, append(slices.Clone(before), p)...); err != nil {
		problems = append(problems, strings.Split(err.Error(), "\n")...)
	}
	files := map[string]bool{}
	var checks []string
	err := p.sources(func(file string, source []byte) error {
		files[file] = true
		path := p.Name + "/" + file
		module, err := parse(path, source)
		if err != nil {
			if strings.HasSuffix(file, testEnding) { // New has told of the others
				problems = append(problems, strings.Split(err.Error(), "\n")...)
			}
			return nil
		}
		if formatted, err := format.Source(path, source); err == nil && !bytes.Equal(formatted, source) {
			problems = append(problems, fmt.Sprintf("%s:%d: not formatted; run opa fmt --write", path, firstDifference(source, formatted)))
		}
		if module == nil || strings.HasSuffix(file, testEnding) {
			return nil
		}
		if module.Package.Path.HasPrefix(checksRoot) {
			checks = append(checks, file)
		}
		problems = append(problems, traps(path, module)...)
		return nil
	})
	for _, file := range checks {
		if test := strings.TrimSuffix(file, regoEnding) + testEnding; !files[test] {
			problems = append(problems, fmt.Sprintf("%s/%s:1: the check has no test; write %s", p.Name, file, test))
		}
	}
	return problems, err
}

func firstDifference(a, b []byte) int {
	left, right := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range left {
		if i >= len(right) || !bytes.Equal(left[i], right[i]) {
			return i + 1
		}
	}
	return len(left)
}

// traps finds the ways in which a check that compiles passes in silence; policies/README.md tells the rules of the house.
func traps(path string, module *ast.Module) []string {
	var found []string
	at := func(loc *ast.Location, format string, args ...any) {
		line := fmt.Sprintf("%s:%d: %s", path, loc.Row, fmt.Sprintf(format, args...))
		if !slices.Contains(found, line) {
			found = append(found, line)
		}
	}
	imported := map[ast.Var]bool{}
	for _, i := range module.Imports {
		imported[i.Name()] = true
	}
	for _, rule := range module.Rules {
		arguments := map[ast.Var]bool{}
		for _, a := range rule.Head.Args {
			if v, ok := a.Value.(ast.Var); ok {
				arguments[v] = true
			}
		}
		ast.WalkRefs(rule, func(r ast.Ref) bool {
			if head, ok := r[0].Value.(ast.Var); ok && len(r) > 1 && arguments[head] {
				if field, ok := r[1].Value.(ast.String); ok {
					at(r[0].Location, "the function looks for the field %q in its argument %s, and a misspelt field would be found by nobody; hand it %s.%s itself", string(field), head, head, string(field))
				}
			}
			return false
		})
		ast.WalkExprs(rule, func(e *ast.Expr) bool {
			if e.IsCall() && e.Operator().Equal(ast.ObjectGet.Ref()) {
				if field, ok := lastKey(e.Operand(1)); ok {
					at(e.Location, "object.get takes any name for %s, a misspelt one too; write the field as a reference", field)
				}
			}
			return false
		})
		ast.WalkTerms(rule, func(t *ast.Term) bool {
			if c, ok := t.Value.(ast.Call); ok && len(c) > 2 && c[0].Equal(ast.NewTerm(ast.ObjectGet.Ref())) {
				if field, ok := lastKey(c[2]); ok {
					at(t.Location, "object.get takes any name for %s, a misspelt one too; write the field as a reference", field)
				}
			}
			return false
		})
		if !judgesObjects(module) {
			continue // the inventory has all its fields
		}
		ast.WalkBodies(rule, func(body ast.Body) bool {
			there := defined(body)
			for _, e := range body {
				if !e.Negated || !e.IsCall() || e.Operator().Equal(ast.Equal.Ref()) {
					continue
				}
				for _, operand := range e.Operands() {
					ast.WalkRefs(operand, func(r ast.Ref) bool {
						if mayBeAbsent(r, imported) && !there[r.String()] {
							at(e.Location, "where %s is absent, this is undefined and the check passes in silence; compare with ==, or collect the values into a set first", r)
						}
						return false
					})
				}
			}
			return false
		})
	}
	slices.Sort(found)
	return found
}

// defined returns the references that must have a value for the body to hold: those outside not and comprehensions.
func defined(body ast.Body) map[string]bool {
	out := map[string]bool{}
	for _, e := range body {
		if e.Negated {
			continue
		}
		ast.WalkTerms(e, func(t *ast.Term) bool {
			switch v := t.Value.(type) {
			case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
				return true
			case ast.Ref:
				out[v.String()] = true
			}
			return false
		})
	}
	return out
}

func lastKey(t *ast.Term) (string, bool) {
	s, ok := t.Value.(ast.String)
	return t.String(), ok && s != ""
}

// mayBeAbsent reports whether a reference is one to a field of the input, which objects need not have.
func mayBeAbsent(r ast.Ref, imported map[ast.Var]bool) bool {
	head, ok := r[0].Value.(ast.Var)
	if !ok || len(r) < 2 || imported[head] || head.Equal(ast.DefaultRootDocument.Value) {
		return false
	}
	field, ok := r[len(r)-1].Value.(ast.String)
	return ok && !slices.Contains(present, field)
}

// present are fields that are there wherever what they belong to is: the engine gives them, or the API requires them.
var present = []ast.String{"name", "namespace", "path", "kind", "type", "key", "address", "apiVersion", "provider"}

func judgesObjects(module *ast.Module) bool {
	return slices.ContainsFunc(module.Annotations, func(a *ast.Annotations) bool { return a.Custom["scope"] == string(finding.ObjectScope) })
}

var errNoTests = errors.New("it holds no tests; they stand in files whose names end in " + testEnding + ", as rules whose names begin with test_")
