package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestResult is what one of a pack's tests said.
type TestResult struct {
	Name     string // package and rule
	At       string // file:line
	Passed   bool
	Skipped  bool
	Problem  string // of a test that could not be run to its end
	Duration time.Duration
}

// RunTests runs a pack's Rego tests as scans run its checks: with the same built-in functions, strictness and schemas, and errors
// of evaluation failing the test. The pack is loaded after those before it, whose tests are not run.
func RunTests(ctx context.Context, p Pack, before ...Pack) ([]TestResult, error) {
	c, err := Load(append(slices.Clone(before), p)...)
	if err != nil {
		return nil, err
	}
	tests := 0
	err = p.sources(func(file string, source []byte) error {
		if !strings.HasSuffix(file, testEnding) {
			return nil
		}
		path := p.Name + "/" + file
		module, err := parse(path, source)
		if err == nil && module != nil {
			c.modules[path] = module
			tests++
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if tests == 0 {
		return nil, fmt.Errorf("pack %s: %w", p.Name, errNoTests)
	}
	data := newData(map[string]any{})
	results, err := tester.NewRunner().SetCompiler(compilerFor(c.checks, c.modules)).SetModules(c.modules).SetStore(data.store).
		RaiseBuiltinErrors(true).SetTimeout(DefaultTimeout).RunTests(ctx, data.read)
	if errs, ok := err.(ast.Errors); ok {
		return nil, compileError(errs)
	}
	if err != nil {
		return nil, err
	}
	var out []TestResult
	for r := range results {
		t := TestResult{
			Name: shortPackage(r.Package) + "." + r.Name, Passed: r.Pass(), Skipped: r.Skip, Duration: r.Duration,
			At: fmt.Sprintf("%s:%d", r.Location.File, r.Location.Row),
		}
		if r.Error != nil {
			t.Problem = oneLine(r.Error.Error())
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b TestResult) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.At, b.At)) })
	return out, ctx.Err()
}

func shortPackage(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "data."), "kubemuster.checks.")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
