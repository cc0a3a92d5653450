package policy

import (
	"strings"
	"testing"
	"unicode"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// Whatever a check yields is a violation with a message that is fit to print, or an error.
func FuzzViolations(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `"x"`, `{"message": "m", "path": "spec"}`, `{"message": "m\u001b[2J", "key": "k", "severity": "high"}`, `{"message": 1}`,
		`{"message": "m", "object": {"kind": "Pod", "name": "p", "namespace": "n"}}`, `{"message": "m", "object": "Pod"}`, `{"message": "m", "severity": "worst"}`,
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, cluster bool) {
		v, err := ast.ValueFromReader(strings.NewReader(text))
		if err != nil {
			return
		}
		scope := finding.ObjectScope
		if cluster {
			scope = finding.ClusterScope
		}
		list, err := violationsOf(scope, ast.SetTerm(ast.NewTerm(v)))
		if err != nil {
			return
		}
		for _, v := range list {
			if v.Message == "" || cluster != (v.Object.Kind != "" && v.Object.Name != "") {
				t.Errorf("%s becomes %+v", text, v)
			}
			for _, r := range v.Message {
				if unicode.IsControl(r) {
					t.Errorf("the message %q holds %q", v.Message, r)
				}
			}
		}
	})
}
