package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// withParameters is a check whose metadata has these parameters, one a line.
func withParameters(id, name, body string, parameters ...string) string {
	lines := "#   parameters:\n"
	for _, p := range parameters {
		lines += "#     - " + p + "\n"
	}
	return strings.Replace(fmt.Sprintf(wellFormed, id, name, body), "package ", lines+"package ", 1)
}

const (
	prefix = `{name: prefix, type: string, help: what names begin with}`
	limit  = `{name: limit, type: number, default: 2, help: labels at most}`
)

func TestParametersRefused(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         []string
	}{
		{"a parameter that is not declared", withParameters("XX0001", "a", "data.kubemuster.parameters.XX0001.perfix == input.object.metadata.name", prefix), []string{"a.rego:16", `did you mean "prefix"`}},
		{"another check's parameters", withParameters("XX0001", "a", "data.kubemuster.parameters.XX0002.prefix", prefix), []string{"a.rego:16", "XX0002"}},
		{"in a function", withParameters("XX0001", "a", "f(1)\n}\n\nf(x) if {\n\tdata.kubemuster.parameters.XX0001.perfix == x", prefix), []string{"a.rego:20", `did you mean "prefix"`}},
		{"a comparison with another type", withParameters("XX0001", "a", "data.kubemuster.parameters.XX0001.limit == startswith(data.kubemuster.parameters.XX0001.limit, \"a\")", limit), []string{"a.rego:16", "startswith"}},
		{"an unknown type", withParameters("XX0001", "a", "true", `{name: a, type: text, help: b}`), []string{"a.rego:1", `the type "text"`}},
		{"a default of another type", withParameters("XX0001", "a", "true", `{name: a, type: strings, default: b, help: c}`), []string{"a.rego:1", "the default of a must be a list of strings"}},
		{"no help", withParameters("XX0001", "a", "true", `{name: a, type: string}`), []string{"a.rego:1", "a has no help"}},
		{"a name twice", withParameters("XX0001", "a", "true", prefix, prefix), []string{"a.rego:1", "prefix stands twice"}},
		{"a name that is none", withParameters("XX0001", "a", "true", `{name: a-b, type: string, help: c}`), []string{"a.rego:1", "camelCase"}},
		{"an unknown key", withParameters("XX0001", "a", "true", `{name: a, tpye: string, help: c}`), []string{"a.rego:1", "tpye"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": tt.source}))
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("the error %v does not say %q", err, want)
				}
			}
		})
	}
}

// A check reads what is set, else the default, and is out of the run where it has neither.
func TestParameters(t *testing.T) {
	engine, err := policy.New(t.Context(), pack(map[string]string{
		"checks/workload/a/a.rego": withParameters("XX1001", "a", "startswith(input.object.metadata.name, data.kubemuster.parameters.XX1001.prefix)", prefix),
		"checks/workload/b/b.rego": withParameters("XX1002", "b", "count(input.object.metadata.labels) > data.kubemuster.parameters.XX1002.limit", limit),
	}))
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := snapshot.KindNamed("Pod")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: map[string]string{"a": "1", "b": "2"}}}
	for _, tt := range []struct {
		set   map[string]map[string]any
		want  map[string]finding.Verdict
		lacks string
	}{
		{nil, map[string]finding.Verdict{"XX1002": finding.Pass}, "it needs its parameter prefix; set policies.parameters.XX1001.prefix"},
		{map[string]map[string]any{"XX1001": {"prefix": "we"}}, map[string]finding.Verdict{"XX1001": finding.Fail, "XX1002": finding.Pass}, ""},
		{map[string]map[string]any{"XX1001": {"prefix": "x"}, "XX1002": {"limit": 1}}, map[string]finding.Verdict{"XX1001": finding.Pass, "XX1002": finding.Fail}, ""},
	} {
		configured, err := engine.Configure(policy.Settings{Parameters: tt.set})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]finding.Verdict{}
		for _, v := range configured.Object(t.Context(), snapshot.Object{Kind: kind, Value: pod}, policy.Cluster{}).Verdicts {
			got[v.Check] = v.Verdict
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.want) || configured.Lacks("XX1001") != tt.lacks {
			t.Errorf("%v: verdicts are %v (%s), want %v (%s)", tt.set, got, configured.Lacks("XX1001"), tt.want, tt.lacks)
		}
	}
}

func TestSettings(t *testing.T) {
	engine := newEngine(t)
	for _, tt := range []struct {
		settings policy.Settings
		key      string
		want     string
	}{
		{policy.Settings{Skip: []string{"KM1005", "KM9999"}}, "skip[1]", `there is no check "KM9999"`},
		{policy.Settings{Select: []string{"workloads"}}, "select[0]", `did you mean "workload"?`},
		{policy.Settings{Frameworks: []string{"cis-kubernetes-1.13"}}, "frameworks[0]", "the frameworks are cis-aks-1.8, "},
		{policy.Settings{Severity: map[string]finding.Severity{"KM1O05": 0}}, "severity.KM1O05", `did you mean "KM1005"?`},
		{policy.Settings{Parameters: map[string]map[string]any{"KM1037x": nil}}, "parameters.KM1037x", `did you mean "KM1037"?`},
		{policy.Settings{Parameters: map[string]map[string]any{"KM1037": {"registry": 1}}}, "parameters.KM1037.registry", `no parameter "registry"; it takes registries`},
		{policy.Settings{Parameters: map[string]map[string]any{"KM1037": {"registrie": 1}}}, "parameters.KM1037.registrie", `did you mean "registries"?`},
		{policy.Settings{Parameters: map[string]map[string]any{"KM1037": {"registries": "a"}}}, "parameters.KM1037.registries", "must be a list of strings"},
		{policy.Settings{Parameters: map[string]map[string]any{"KM1037": {"registries": []any{"a", 1}}}}, "parameters.KM1037.registries", "must be a list of strings"},
		{policy.Settings{Parameters: map[string]map[string]any{"KM1005": {"a": 1}}}, "parameters.KM1005.a", `no parameter "a"; it takes none`},
	} {
		_, err := engine.Configure(tt.settings)
		var setting *policy.SettingError
		if !errors.As(err, &setting) || setting.Key != tt.key || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want %s: %s", tt.settings, err, tt.key, tt.want)
		}
	}

	ids := func(s policy.Settings) []string {
		configured, err := engine.Configure(s)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range configured.Checks() {
			out = append(out, c.ID+" "+c.Severity.String())
		}
		return out
	}
	for _, tt := range []struct {
		settings policy.Settings
		want     string
	}{
		{policy.Settings{Select: []string{"KM1005", "admission"}, Severity: map[string]finding.Severity{"KM5001": finding.Critical}, MinSeverity: finding.Critical}, "[KM1005 critical KM5001 critical]"},
		{policy.Settings{Select: []string{"KM1005", "KM1034"}, MinSeverity: finding.High}, "[KM1005 critical]"},
		{policy.Settings{Select: []string{"KM1005", "KM1034"}, Severity: map[string]finding.Severity{"KM1034": finding.Critical}, MinSeverity: finding.High}, "[KM1005 critical KM1034 critical]"},
		{policy.Settings{Select: []string{"KM1005", "rbac"}, Skip: []string{"rbac"}}, "[KM1005 critical]"},
		{policy.Settings{Select: []string{"KM1005", "KM1035"}, Frameworks: []string{"cis-kubernetes-1.12"}}, "[KM1005 critical]"},
	} {
		if got := fmt.Sprint(ids(tt.settings)); got != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.settings, got, tt.want)
		}
	}
	if _, err := engine.Configure(policy.Settings{Select: []string{"KM1005"}, Skip: []string{"workload"}}); err == nil {
		t.Error("nothing is left, and no error says so")
	}
}
