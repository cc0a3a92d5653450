package policy_test

import (
	"fmt"
	"reflect"
	"slices"
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
			{ID: "A-1", Title: "Answered", Coverage: finding.ByDefault, Checks: []string{"ACME0001"}},
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

// A control whose checks all wait for something is opt-in, until it is set; one that has another check besides is not.
func TestFrameworksOptIn(t *testing.T) {
	mapped := func(id, name, kinds, control, more string) *fstest.MapFile {
		check := fmt.Sprintf(wellFormed, id, name, "true")
		check = strings.Replace(check, "#   kinds: [Pod]\n", "#   kinds: ["+kinds+"]\n", 1)
		return &fstest.MapFile{Data: []byte(strings.Replace(check, "#   remediation: what to do\n", "#   remediation: what to do\n#   frameworks:\n#     acme-2: ["+control+"]\n"+more, 1))}
	}
	const parameter = "#   parameters:\n#     - {name: registries, type: strings, help: which}\n"
	engine, err := policy.New(t.Context(), policy.Pack{Name: "acme", FS: fstest.MapFS{
		"frameworks/acme-2.yaml":           {Data: []byte(acmeFramework)},
		"checks/workload/one/one.rego":     mapped("ACME0001", "one", "Pod", "A-4", ""),
		"checks/workload/two/two.rego":     mapped("ACME0002", "two", "KubeletConfiguration", "A-4, A-1, A-2", ""),
		"checks/workload/three/three.rego": mapped("ACME0003", "three", "Pod", "A-2, A-3", parameter),
	}})
	if err != nil {
		t.Fatal(err)
	}
	classes := func(engine *policy.Engine) (got []string) {
		for _, c := range engine.Frameworks()[0].Controls {
			got = append(got, fmt.Sprint(c.ID, " ", c.Coverage, " ", c.Checks, " ", c.Reason))
		}
		return got
	}
	want := []string{
		"A-1 opt-in [ACME0002] set --kubelet-config", "A-2 opt-in [ACME0002 ACME0003] set --kubelet-config or policies.parameters.ACME0003.registries",
		"A-3 opt-in [ACME0003] set policies.parameters.ACME0003.registries", "A-4 by default [ACME0001 ACME0002] ",
	}
	if got := classes(engine); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	engine, err = engine.Configure(policy.Settings{Parameters: map[string]map[string]any{"ACME0003": {"registries": []any{"acme.example"}}}})
	if err != nil {
		t.Fatal(err)
	}
	want[1], want[2] = "A-2 by default [ACME0002 ACME0003] ", "A-3 by default [ACME0003] "
	if got := classes(engine); !slices.Equal(got, want) {
		t.Errorf("with the parameter: got %q\nwant %q", got, want)
	}
}

// What is wrong in a framework, or in a mapping to it, names the file.
func TestFrameworksRefused(t *testing.T) {
	tests := []struct{ name, yaml, mapping, want string }{
		{"unknown control", acmeFramework, "A-9", `acme/checks/workload/one/one.rego:1: acme-2 has no control "A-9"; acme/frameworks/acme-2.yaml lists them`},
		{"unknown framework", acmeFramework, "A-1]\n#     acme-1: [A-1", `acme/checks/workload/one/one.rego:1: no pack lists a framework "acme-1"; did you mean "acme-2"?`},
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

// A control counts as answered only where manifests show each of its checks failing and passing.
func TestControlsAreShown(t *testing.T) {
	engine, shows := newEngine(t), map[string]string{}
	for _, c := range engine.Checks() {
		shows[c.ID] = shown(t, engine, c)
	}
	for _, f := range engine.Frameworks() {
		for _, c := range f.Controls {
			for _, id := range c.Checks {
				if shows[id] != "" {
					t.Errorf("%s %s counts as %s by %s, and %s", f.ID, c.ID, c.Coverage, id, shows[id])
				}
			}
		}
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
