package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/policy"
)

func named(name string, files map[string]string) policy.Pack {
	p := pack(files)
	p.Name = name
	return p
}

// A pack takes a check's place only by saying so, and changes no other pack's checks.
func TestPacks(t *testing.T) {
	replacing := func(id, name string) string {
		return strings.Replace(fmt.Sprintf(wellFormed, id, name, "input.object.spec.hostIPC"), "package ", "#   replaces: XX1001\npackage ", 1)
	}
	first := named("first", map[string]string{
		"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX1001", "a", "input.object.spec.hostPID"),
		"checks/workload/z/z.rego": fmt.Sprintf(wellFormed, "XX1009", "z", "input.object.spec.hostPID"),
		"lib/x.rego":               "package first.x\n",
	})
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // the checks, or what the error says
	}{
		{"another ID", map[string]string{"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "true")}, "first XX1001, second XX1002, first XX1009"},
		{"replaced, under its ID", map[string]string{"checks/workload/b/b.rego": replacing("XX1001", "b")}, "second XX1001, first XX1009"},
		{"replaced, in its package", map[string]string{"checks/workload/a/a.rego": replacing("XX1001", "a")}, "second XX1001, first XX1009"},
		{"replaced, under another ID", map[string]string{"checks/workload/b/b.rego": replacing("XX1003", "b")}, "second XX1003, first XX1009"},
		{"the same ID", map[string]string{"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1001", "b", "true")}, "check ID XX1001 stands twice: at first/checks/workload/a/a.rego:1 and at second/checks/workload/b/b.rego:1; give one of them another, or say custom.replaces"},
		{"replaced twice", map[string]string{"checks/workload/b/b.rego": replacing("XX1001", "b"), "checks/workload/c/c.rego": replacing("XX1003", "c")}, "check XX1001 is replaced twice: at second/checks/workload/b/b.rego:1 and at second/checks/workload/c/c.rego:1"},
		{"replaces nothing", map[string]string{"checks/workload/b/b.rego": strings.Replace(replacing("XX1003", "b"), "replaces: XX1001", "replaces: XX1111", 1)}, "second/checks/workload/b/b.rego:1: custom.replaces: there is no check XX1111"},
		{"the package of another check", map[string]string{"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX1002", "a", "true")}, "second/checks/workload/a/a.rego:11: package kubemuster.checks.workload.a overlaps package kubemuster.checks.workload.a of first/checks/workload/a/a.rego, in another pack; give it a name of its own"},
		{"the package of another's functions", map[string]string{"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "true"), "lib/x.rego": "package first.x\n"}, "second/lib/x.rego:1: package first.x overlaps package first.x of first/lib/x.rego"},
		{"rules of another's functions, from above", map[string]string{"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "true"), "lib/x.rego": "package first\n\nx.f(_) := 1\n"}, "second/lib/x.rego:1: package first overlaps package first.x of first/lib/x.rego"},
		{"below another's functions", map[string]string{"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "true"), "lib/x.rego": "package first.x.y\n"}, "second/lib/x.rego:1: package first.x.y overlaps package first.x of first/lib/x.rego"},
		{"rules of another's check, from above", map[string]string{"checks/workload/b/b.rego": strings.Replace(fmt.Sprintf(wellFormed, "XX1002", "b", "true"), ".workload.b", ".workload", 1)}, "second/checks/workload/b/b.rego:11: package kubemuster.checks.workload overlaps package kubemuster.checks.workload.a of first/checks/workload/a/a.rego"},
		{"a package in our lib", map[string]string{"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "true"), "lib/x.rego": "package kubemuster.lib\n\ncomponents.control_plane_pod := true\n"}, "second/lib/x.rego:1: package kubemuster.lib is reserved"},
		{"the parameters' place", map[string]string{"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "true"), "lib/x.rego": "package kubemuster.parameters\n"}, "second/lib/x.rego:1: package kubemuster.parameters is reserved"},
		{"no checks", map[string]string{"lib/x.rego": "package second\n"}, "pack second: it holds no checks"},
	} {
		engine, err := policy.New(t.Context(), first, named("second", tt.files))
		var got []string
		if err != nil {
			got = []string{err.Error()}
		} else {
			for _, c := range engine.Checks() {
				got = append(got, c.Pack+" "+c.ID)
			}
		}
		if text := strings.Join(got, ", "); text != tt.want && (err == nil || !strings.Contains(text, tt.want)) {
			t.Errorf("%s: got %s, want %s", tt.name, text, tt.want)
		}
	}
	if _, err := policy.New(t.Context(), first, first); err == nil || !strings.Contains(err.Error(), "two packs are called first") {
		t.Errorf("a pack twice: got %v", err)
	}
}

// What is wrong in the metadata is told with the line of its key, or of the block where the key is missing.
func TestMetadataRefused(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"severity: high", "severity: hihg", `:7: severity: "hihg" is no severity; choose one of critical, high, medium, low, info`},
		{"id: XX1001", "id: X1", ":5: custom.id must be letters and four digits, as in KM1005"},
		{"scope: object", "scope: objects", ":8: custom.scope must be object, cluster or grant"},
		{"kinds: [Pod]", "kinds: Pod", ":9: custom: kinds must be a list, and there is a JSON string"},
		{"kinds: [Pod]", "kinds: [Podd]", `:9: custom.kinds: "Podd" is no kind that is read`},
		{"remediation: what to do", "remedy: what to do", `:10: custom: unknown field "remedy"`},
		{"remediation: what to do", "frameworks: {a: b}", ":10: custom: frameworks must be a list, and there is a JSON string"},
		{"#   kinds: [Pod]\n", "", ":1: custom.kinds is missing"},
		{"kinds: [Pod]", "kinds: [Pod", ":9: the METADATA block is no YAML: did not find expected"},
	} {
		source := fmt.Sprintf(wellFormed, "XX1001", "a", "true")
		broken := strings.Replace(source, tt.from, tt.to, 1)
		_, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": broken}))
		if broken == source || err == nil || !strings.Contains(err.Error(), "a.rego"+tt.want) {
			t.Errorf("%s: got %v, want %s", tt.to, err, tt.want)
		}
	}
}
