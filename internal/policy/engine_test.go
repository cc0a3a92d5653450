package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const wellFormed = `# METADATA
# title: a title
# description: what an attacker gains
# custom:
#   id: %s
#   name: Example
#   severity: high
#   scope: object
#   kinds: [Pod]
#   remediation: what to do
package kubemuster.checks.workload.%s

violations contains {"path": "spec", "message": "seen"} if {
	%s
}
`

// What is wrong in a pack is one error that names file and line; nothing is loaded then.
func TestNewRefuses(t *testing.T) {
	example := func(id, name, body string) string { return fmt.Sprintf(wellFormed, id, name, body) }
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"a field that no pod has", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "input.object.spec.contaners[_].image")}, []string{"checks/workload/a/a.rego:14", `did you mean "containers"`}},
		{"a field that no container has", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "some c in input.workload.containers\n\tc.spec.securityContex.privileged")}, []string{"a.rego:15", "securityContex", `did you mean "securityContext"`}},
		{"an ID that stands twice", map[string]string{
			"checks/workload/a/a.rego": example("XX0001", "a", "input.object.spec.hostPID"), "checks/workload/b/b.rego": example("XX0001", "b", "input.object.spec.hostPID"),
		}, []string{"XX0001", "workload/a/a.rego:1", "workload/b/b.rego:1"}},
		{"no metadata", map[string]string{"checks/workload/a/a.rego": "package kubemuster.checks.workload.a\n\nviolations contains 1 if { true }\n"}, []string{"a.rego", "METADATA"}},
		{"an unknown key in the metadata", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "true"), "#   name:", "#   nmae:", 1)}, []string{"a.rego:6", "nmae"}},
		{"an unknown severity", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "true"), "high", "hihg", 1)}, []string{"a.rego:7", "hihg"}},
		{"a kind that is not read", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "true"), "[Pod]", "[Event]", 1)}, []string{"a.rego:9", "Event"}},
		{"a built-in that looks outside", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `http.send({"method": "get", "url": "https://example.com"}).status_code == 200`)}, []string{"a.rego:14", "http.send"}},
		{"the clock", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `time.now_ns() > 0`)}, []string{"a.rego:14", "time.now_ns"}},
		{"the clock, by certificates", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `crypto.x509.parse_and_verify_certificates("")[0]`)}, []string{"a.rego:14", "checks may not call crypto.x509.parse_and_verify_certificates: a verdict depends on the input alone"}},
		{"the clock, by certificates and options", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `crypto.x509.parse_and_verify_certificates_with_options("", {})[0]`)}, []string{"a.rego:14", "checks may not call crypto.x509.parse_and_verify_certificates_with_options: a"}},
		{"a parser that recurses", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `graphql.is_valid("{a", "type Query { a: Int }")`)}, []string{"a.rego:14", "checks may not call graphql.is_valid: no time limit stops it"}},
		{"a number without end", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `bits.lsh(1, 100000000000) > 0`)}, []string{"a.rego:14", "checks may not call bits.lsh: no time limit stops it"}},
		{"a template", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `strings.render_template("{{.a}}", {"a": 1}) == "1"`)}, []string{"a.rego:14", "checks may not call strings.render_template: no time limit stops it"}},
		{"a built-in that takes long for a short text", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", `glob.match("*a", [], input.object.metadata.name)`)}, []string{"a.rego:14: checks may not call glob.match: no time limit stops it"}},
		{"a schema from a file", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "input.object.metadata.name"), "\nviolations", "\n# METADATA\n# schemas:\n#   - input.object.metadata: {\"$ref\": \"file:///etc/passwd\"}\nviolations", 1)}, []string{"a.rego:13: schemas are not for packs"}},
		{"a check among the tests", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "true"), "checks/workload/smoke_test/smoke_test.rego": example("XX0002", "smoke_test", "true")}, []string{"smoke_test.rego:1: check XX0002 stands in a file of tests"}},
		{"a check in another package", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "true"), "package kubemuster.", "package acme.", 1)}, []string{"a.rego:1: check XX0001 is in package acme.checks.workload.a, where none is looked for; name the package kubemuster.checks.…"}},
		{"a field that no violation has", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "true"), `"message":`, `"mesage":`, 1)}, []string{`a.rego:13: a violation has no field "mesage"; did you mean "message"?`}},
		{"such a field of a variable", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "true") + "\nviolations contains v if {\n\tinput.object.metadata.name\n\tv := {\n\t\t\"path\": \"spec\",\n\t\t\"mesage\": \"seen\",\n\t}\n}\n"}, []string{`a.rego:21: a violation has no field "mesage"; did you mean "message"?`}},
		{"another ending", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "true"), "checks/workload/b/b.Rego": example("XX0002", "b", "true")}, []string{"b.Rego: files of Rego end in .rego; rename it"}},
		{"an import of nothing", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "nams.forbidden"), "\nviolations", "import data.acme.nams\n\nviolations", 1), "lib/n.rego": "package acme.names\n\nforbidden := {1}\n"}, []string{`test/checks/workload/a/a.rego:15: undefined ref: data.acme.nams; did you mean "names"?`}},
		{"a rule that is not there", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "not input.object.metadata.name in data.acme.names.forbiden"), "lib/n.rego": "package acme.names\n\nforbidden := {1}\n"}, []string{`test/checks/workload/a/a.rego:14: undefined ref: data.acme.names.forbiden; did you mean "forbidden"?`}},
		{"a rule that is not there, in functions", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "data.acme.names.f(1)"), "lib/n.rego": "package acme.names\n\nf(_) if {\n\tcount(data.other.things) > 0\n}\n"}, []string{"test/lib/n.rego:4: undefined ref: data.other"}},
		{"a parameter of no check", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "data.acme.names.f(1)"), "lib/n.rego": "package acme.names\n\nf(_) if data.kubemuster.parameters.XX0011.list\n"}, []string{`test/lib/n.rego:3: undefined ref: data.kubemuster.parameters.XX0011; did you mean "XX0001"?`}},
		{"no parameter of a check", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "data.acme.names.f(1)"), "lib/n.rego": "package acme.names\n\nf(_) if data.kubemuster.parameters.XX0001.list\n"}, []string{"test/lib/n.rego:3: undefined ref: data.kubemuster.parameters.XX0001.list"}},
		{"a syntax error", map[string]string{"checks/workload/a/a.rego": example("XX0001", "a", "input..object")}, []string{"a.rego:14"}},
		{"no violations", map[string]string{"checks/workload/a/a.rego": strings.Replace(example("XX0001", "a", "true"), "violations contains", "violation contains", 1)}, []string{"a.rego:1", "violations"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.New(t.Context(), pack(tt.files))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q does not say %q", err, want)
				}
			}
		})
	}
}

// A check whose evaluation fails goes without a verdict for that object; the others are not touched.
func TestEvaluationErrorIsNoPass(t *testing.T) {
	engine, err := policy.New(t.Context(), pack(map[string]string{
		"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX0001", "a", "1 / count(input.object.metadata.labels) > 0"),
		"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX0002", "b", "input.object.spec.hostPID"),
		"checks/workload/c/c.rego": fmt.Sprintf(wellFormed, "XX0003", "c", "input.object.spec.hostIPC"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := snapshot.KindNamed("Pod")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n"}, Spec: corev1.PodSpec{HostPID: true}}
	pod.Labels = map[string]string{}
	j := engine.Object(t.Context(), snapshot.Object{Kind: kind, Value: pod}, policy.Cluster{})
	got := map[string]finding.Verdict{}
	for _, v := range j.Verdicts {
		got[v.Check] = v.Verdict
	}
	// An empty map is left out of the input, so count is undefined there and XX0001 passes.
	want := map[string]finding.Verdict{"XX0001": finding.Pass, "XX0002": finding.Fail, "XX0003": finding.Pass}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("verdicts are %v, want %v", got, want)
	}

	broken, err := policy.New(t.Context(), pack(map[string]string{
		"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX0001", "a", "to_number(input.object.metadata.name) > 0"),
		"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX0002", "b", "input.object.spec.hostPID"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	j = broken.Object(t.Context(), snapshot.Object{Kind: kind, Value: pod}, policy.Cluster{})
	if len(j.Verdicts) != 2 || j.Verdicts[0].Verdict != finding.NotEvaluated || j.Verdicts[0].Reason == "" || j.Verdicts[1].Verdict != finding.Fail {
		t.Errorf("verdicts are %+v", j.Verdicts)
	}
	if len(j.Findings) != 1 || j.Findings[0].Check != "XX0002" {
		t.Errorf("findings are %+v", j.Findings)
	}
}

func TestSelect(t *testing.T) {
	engine := newEngine(t)
	one, err := engine.Configure(policy.Settings{Select: []string{"KM1005"}})
	if err != nil {
		t.Fatal(err)
	}
	if c := one.Checks(); len(c) != 1 || c[0].ID != "KM1005" {
		t.Errorf("checks are %v", c)
	}
	if _, err := engine.Configure(policy.Settings{Skip: []string{"KM9999"}}); err == nil || !strings.Contains(err.Error(), "KM9999") {
		t.Errorf("error is %v", err)
	}
}

func BenchmarkObject(b *testing.B) {
	engine, err := policy.New(b.Context(), ourPack)
	if err != nil {
		b.Fatal(err)
	}
	kind, _ := snapshot.KindNamed("Pod")
	no, user := false, int64(1000)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", Labels: map[string]string{"app": "web"}}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{
			Name: "web", Image: "registry.example/web:1.2.3", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
			Env:             []corev1.EnvVar{{Name: "A", Value: "b"}, {Name: "C", Value: "d"}},
			SecurityContext: &corev1.SecurityContext{RunAsUser: &user, AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
		}},
	}}
	o := snapshot.Object{Kind: kind, Value: pod}
	b.ReportAllocs()
	for b.Loop() {
		engine.Object(b.Context(), o, policy.Cluster{Provider: "eks", Version: "v1.37.2"})
	}
}

func pack(files map[string]string) policy.Pack {
	fs := fstest.MapFS{}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return policy.Pack{Name: "test", FS: fs}
}
