package policy_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// A violation that lacks what a report needs is no verdict, and its sentence says what to add.
func TestViolationsThatLackSomething(t *testing.T) {
	pod, _ := snapshot.KindNamed("Pod")
	for yields, want := range map[string]string{
		`{"path": "spec", "message": "seen"}`: "",
		`{"message": "seen"}`:                 "a violation of an object check must have a path: the field at fault, as in spec.replicas, whether it is set or missing",
		`{"path": "", "message": "seen"}`:     "a violation of an object check must have a path: the field at fault, as in spec.replicas, whether it is set or missing",
		`{"path": "spec"}`:                    "a violation must have a message",
		`{"path": 1, "message": "seen"}`:      `a violation's "path" must be a string`,
	} {
		t.Run(yields, func(t *testing.T) {
			check := strings.Replace(fmt.Sprintf(wellFormed, "XX0001", "a", "input.object.kind == \"Pod\""), `{"path": "spec", "message": "seen"}`, yields, 1)
			engine, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": check}))
			if err != nil {
				t.Fatal(err)
			}
			j := engine.Object(t.Context(), snapshot.Object{Kind: pod, Value: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n"}}}, policy.Cluster{})
			verdict, reason := finding.NotEvaluated, "test/checks/workload/a/a.rego:1: "+want
			if want == "" {
				verdict, reason = finding.Fail, ""
			}
			if len(j.Verdicts) != 1 || j.Verdicts[0].Verdict != verdict || j.Verdicts[0].Reason != reason {
				t.Errorf("got %+v, want %s: %q", j.Verdicts, verdict, reason)
			}
		})
	}
}

// A severity that the metadata does not name is a mistake: who asks for what may be critical would not get it.
func TestSeveritiesAreNamed(t *testing.T) {
	source := strings.Replace(fmt.Sprintf(wellFormed, "XX1001", "a", "input.object.spec.hostPID"), `"message":`, `"severity": "critical", "message":`, 1)
	if !strings.Contains(source, `"severity": "critical"`) {
		t.Fatal("the example has another form")
	}
	named := strings.Replace(source, "#   scope: object", "#   severities: {critical: where it is worst}\n#   scope: object", 1)
	kind, _ := snapshot.KindNamed("Pod")
	pod := snapshot.Object{Kind: kind, Value: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{HostPID: true}}}
	for text, want := range map[string]finding.Verdict{source: finding.NotEvaluated, named: finding.Fail} {
		engine, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": text}))
		if err != nil {
			t.Fatal(err)
		}
		if got := engine.Object(t.Context(), pod, policy.Cluster{}).Verdicts; len(got) != 1 || got[0].Verdict != want || want == finding.NotEvaluated && !strings.Contains(got[0].Reason, "a violation is critical, which the check's metadata does not say; add it to custom.severities") {
			t.Errorf("got %+v, want %s", got, want)
		}
		if _, err := engine.Configure(policy.Settings{MinSeverity: finding.Critical}); (err == nil) != (want == finding.Fail) {
			t.Errorf("what may be critical: %v", err)
		}
	}
	for block, want := range map[string]string{
		"{worst: x}": "custom.severities: ", "{critical: ''}": "custom.severities: critical needs a word on where findings have it",
		"{high: x}": "custom.severities: high is the check's own severity; name others, and where findings have them",
	} {
		text := strings.Replace(source, "#   scope: object", "#   severities: "+block+"\n#   scope: object", 1)
		if _, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": text})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", block, err)
		}
	}
}
