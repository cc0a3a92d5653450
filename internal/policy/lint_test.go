package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/policy"
)

func TestOwnPackIsClean(t *testing.T) {
	problems, err := policy.Lint(t.Context(), policy.Pack{Name: "kubemuster", FS: ourPack.FS})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// Each way in which a check could pass in silence is told with its line; what is sound is not.
func TestLint(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       []string // after file and line
	}{
		{"a call under not", "not startswith(input.object.spec.nodeName, \"a\")", []string{":14: where input.object.spec.nodeName is absent, this is undefined"}},
		{"in under not", "some c in input.object.spec.containers\n\tnot c.imagePullPolicy in {\"Always\"}", []string{":15: where c.imagePullPolicy is absent"}},
		{"!= under not", "not input.object.spec.nodeName != \"a\"", []string{":14: where input.object.spec.nodeName is absent"}},
		{"inside a comprehension", "count([c | some c in input.object.spec.containers; not startswith(c.image, \"a\")]) > 0", []string{":14: where c.image is absent"}},
		{"object.get", "object.get(input.object.spec, \"hostPdi\", false) == true", []string{":14: object.get takes any name for \"hostPdi\""}},
		{"a field in a function", "f(input.object.spec)\n}\n\nf(spec) if {\n\tspec.hostPdi", []string{":18: the function looks for the field \"hostPdi\" in its argument spec"}},
		{"not formatted", "input.object.spec.hostPID  ==  true", []string{":14: not formatted"}},
		{"a typo", "input.object.spec.hostPdi", []string{":14: undefined ref: input.object.spec.hostPdi", "did you mean"}},
		{"a forbidden function", "http.send({}).status_code == 200", []string{":14: checks may not call http.send: a verdict depends on the input alone"}},
		{"sound: not with ==", "not input.object.spec.hostPID == false", nil},
		{"sound: not by itself", "not input.object.spec.hostPID", nil},
		{"sound: what is always there", "not startswith(input.object.metadata.name, \"a\")", nil},
		{"sound: what another line asks for", "input.object.spec.nodeName != \"\"\n\tnot startswith(input.object.spec.nodeName, \"a\")", nil},
		{"sound: a leaf in a function", "f(input.object.metadata.name)\n}\n\nf(name) if {\n\tnot startswith(name, \"a\")", nil},
	} {
		files := map[string]string{"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX1001", "a", tt.body), "checks/workload/a/a_test.rego": "package kubemuster.checks.workload.a_test\n\ntest_a if 1 == 1\n"}
		problems, err := policy.Lint(t.Context(), pack(files))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(problems, "\n")
		if len(tt.want) == 0 && text != "" || len(tt.want) > 0 && len(problems) != 1 {
			t.Errorf("%s: got %q", tt.name, problems)
		}
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q does not say %q", tt.name, text, want)
			}
		}
	}
	problems, err := policy.Lint(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX1001", "a", "input.object.spec.hostPID")}))
	if want := []string{"test/checks/workload/a/a.rego:1: the check has no test; write checks/workload/a/a_test.rego"}; err != nil || !slices.Equal(problems, want) {
		t.Errorf("got %q, %v, want %q", problems, err, want)
	}
}
