package policy_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
)

const acmeFramework = `name: Acme Baseline
version: "2"
url: https://acme.example/baseline
reasons:
  people: a person has to ask
controls:
  - {id: A-1, title: Answered}
  - {id: A-2, title: Not answered, manual: people}
  - {id: A-3, title: In the cloud, needs: facts}
  - {id: A-4, title: Forgotten}
`

func framework(yaml, mapping string) policy.Pack {
	check := fmt.Sprintf(wellFormed, "ACME0001", "one", "true")
	check = strings.Replace(check, "#   remediation: what to do\n", "#   remediation: what to do\n#   frameworks:\n#     acme-2: ["+mapping+"]\n", 1)
	return policy.Pack{Name: "acme", FS: fstest.MapFS{
		"frameworks/acme-2.yaml":       {Data: []byte(yaml)},
		"checks/workload/one/one.rego": {Data: []byte(check)},
	}}
}

// A control is answered by checks, or its framework says why not.
func TestFrameworks(t *testing.T) {
	engine, err := policy.New(t.Context(), framework(acmeFramework, "A-1"))
	if err != nil {
		t.Fatal(err)
	}
	want := []finding.Framework{{
		ID: "acme-2", Name: "Acme Baseline", Version: "2", URL: "https://acme.example/baseline",
		Controls: []finding.Control{
			{ID: "A-1", Title: "Answered", Coverage: finding.Automated, Checks: []string{"ACME0001"}},
			{ID: "A-2", Title: "Not answered", Coverage: finding.ByHand, Reason: "a person has to ask"},
			{ID: "A-3", Title: "In the cloud", Coverage: finding.NeedsFacts, Reason: "it is a setting of the cloud's API, which this version does not read"},
			{ID: "A-4", Title: "Forgotten", Coverage: finding.Unlisted, Reason: "no check answers it"},
		},
	}}
	if got := engine.Frameworks(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if _, err := engine.Framework("acme-1"); err == nil || !strings.Contains(err.Error(), "choose one of acme-2") {
		t.Errorf("unknown framework: %v", err)
	}
}

// What is wrong in a framework, or in a mapping to it, names the file.
func TestFrameworksRefused(t *testing.T) {
	tests := []struct{ name, yaml, mapping, want string }{
		{"unknown control", acmeFramework, "A-9", `acme/checks/workload/one/one.rego:1: acme-2 has no control "A-9"; acme/frameworks/acme-2.yaml lists them`},
		{"twice", acmeFramework + "  - {id: A-1, title: Again}\n", "A-1", "acme/frameworks/acme-2.yaml: control A-1 stands twice"},
		{"unknown reason", strings.Replace(acmeFramework, "manual: people", "manual: nobody", 1), "A-1", `control A-2: "nobody" is none of the reasons`},
		{"unknown need", strings.Replace(acmeFramework, "needs: facts", "needs: luck", 1), "A-1", "control A-3: needs may be facts"},
		{"unknown key", strings.Replace(acmeFramework, "manual:", "by-hand:", 1), "A-1", "line 8: field by-hand not found"},
		{"no title", strings.Replace(acmeFramework, "title: Forgotten", "title: ''", 1), "A-1", `control "A-4" needs an id and a title`},
		{"empty", "", "A-1", "acme/frameworks/acme-2.yaml: a framework needs a name and controls"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.New(t.Context(), framework(tt.yaml, tt.mapping))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// Our pack answers each control of each framework, or says why not; and it maps to listed frameworks alone.
func TestFrameworksOfOurPack(t *testing.T) {
	engine := newEngine(t)
	listed := map[string]bool{}
	for _, f := range engine.Frameworks() {
		listed[f.ID] = true
		for _, c := range f.Controls {
			if c.Coverage == finding.Unlisted {
				t.Errorf("%s %s (%s): no check answers it, and the framework's file gives no reason", f.ID, c.ID, c.Title)
			}
		}
	}
	for _, c := range engine.Checks() {
		for name := range c.Frameworks {
			if !listed[name] {
				t.Errorf("%s maps to %s, which policies/frameworks does not list", c.ID, name)
			}
		}
	}
}
