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
