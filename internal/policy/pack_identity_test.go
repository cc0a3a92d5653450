package policy_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Violations of one identity are one finding: reports that know findings by their fingerprints would drop all but the first.
func TestOneIdentityIsOneFinding(t *testing.T) {
	source := strings.Replace(fmt.Sprintf(wellFormed, "XX1001", "a", ""), `violations contains {"path": "spec", "message": "seen"} if {`,
		`violations contains {"path": sprintf("spec.containers[%d].env[%d]", [i, j]), "message": sprintf("it holds %s", [v.value]), "key": v.name, "severity": v.value} if {
	some i, c in input.workload.containers
	some j, v in c.spec.env`, 1)
	source = strings.Replace(source, "#   scope: object", "#   severities: {low: some, medium: more}\n#   scope: object", 1)
	engine, err := policy.New(t.Context(), pack(map[string]string{"checks/workload/a/a.rego": source}))
	if err != nil {
		t.Fatal(err)
	}
	env := func(values ...string) (out []corev1.EnvVar) {
		for _, v := range values {
			out = append(out, corev1.EnvVar{Name: "TWICE", Value: v})
		}
		return out
	}
	pod := snapshot.Object{Kind: kindOf("Pod"), Value: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n"}, Spec: corev1.PodSpec{Containers: []corev1.Container{
		{Name: "c", Env: env("low", "high", "low")}, {Name: "d", Env: env("medium")},
	}}}}
	at := func(container, path, message string, severity finding.Severity) finding.Finding {
		return finding.Finding{
			Check: "XX1001", Severity: severity, Verdict: finding.Fail, Key: "TWICE", Sub: "containers/" + container, Path: path, Message: message,
			Object: finding.Object{Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "n", Name: "p"},
		}
	}
	want := []finding.Finding{
		at("c", "spec.containers[0].env[0]", "it holds low; and it holds high", finding.High),
		at("d", "spec.containers[1].env[0]", "it holds medium", finding.Medium),
	}
	if got := engine.Object(t.Context(), pod, policy.Cluster{}).Findings; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func kindOf(name string) snapshot.Kind {
	kind, _ := snapshot.KindNamed(name)
	return kind
}
