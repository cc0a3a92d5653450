package policy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// A check without end has no verdict, the others have theirs, and after some objects it is not tried any more in this
// cluster. Another cluster begins anew.
func TestCheckWithoutEnd(t *testing.T) {
	engine, err := policy.New(t.Context(), pack(map[string]string{
		"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX1001", "a", "count({[x, y, z] | some x in numbers.range(1, 100000); some y in numbers.range(1, 100000); some z in numbers.range(1, 100000); x + y + z < 0}) > 0"),
		"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "input.object.spec.hostPID"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if engine, err = engine.Configure(policy.Settings{Timeout: 200 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	kind, _ := snapshot.KindNamed("Pod")
	pod := snapshot.Object{Kind: kind, Value: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{HostPID: true}}}
	reasons := func(about policy.Cluster, times int) []string {
		var out []string
		for range times {
			got := map[string]policy.Verdict{}
			for _, v := range engine.Object(t.Context(), pod, about).Verdicts {
				got[v.Check] = v
			}
			if got["XX1001"].Verdict != finding.NotEvaluated || got["XX1002"].Verdict != finding.Fail {
				t.Errorf("verdicts are %v", got)
			}
			reason, _, _ := strings.Cut(got["XX1001"].Reason, ";")
			out = append(out, reason)
		}
		return out
	}
	const late, givenUp = "evaluation failed: test/checks/workload/a/a.rego:1: it had no result after 200ms", "it ran out of time or memory again and again, and was given up"
	about := policy.Cluster{Timeouts: &policy.Timeouts{}}
	if got, want := reasons(about, 5), []string{late, late, late, givenUp, givenUp}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := reasons(policy.Cluster{Timeouts: &policy.Timeouts{}}, 1); got[0] != late {
		t.Errorf("another cluster: got %q", got)
	}
}

// A check that holds ever more ends before it has taken all memory, and has no verdict; the others have theirs.
func TestCheckWithoutBounds(t *testing.T) {
	engine, err := policy.New(t.Context(), pack(map[string]string{
		"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX1001", "a", "count({[x, y, z, text] | some x in numbers.range(1, 100000); some y in numbers.range(1, 100000); some z in numbers.range(1, 100000); text := sprintf(\"%d %d %d\", [x, y, z])}) > 0"),
		"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "input.object.spec.hostPID"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if engine, err = engine.Configure(policy.Settings{Timeout: time.Minute, Memory: 64 << 20}); err != nil {
		t.Fatal(err)
	}
	kind, _ := snapshot.KindNamed("Pod")
	pod := snapshot.Object{Kind: kind, Value: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{HostPID: true}}}
	got := map[string]policy.Verdict{}
	for _, v := range engine.Object(t.Context(), pod, policy.Cluster{Timeouts: &policy.Timeouts{}}).Verdicts {
		got[v.Check] = v
	}
	const want = "evaluation failed: test/checks/workload/a/a.rego:1: it took more than 64 MiB of memory; look for a comprehension that grows without end"
	if got["XX1001"].Verdict != finding.NotEvaluated || got["XX1001"].Reason != want || got["XX1002"].Verdict != finding.Fail {
		t.Errorf("verdicts are %v", got)
	}
}

// What a check looks for is computed when it is loaded, and has no longer than any other of its rules.
func TestPermissionsWithoutEnd(t *testing.T) {
	source := strings.Replace(fmt.Sprintf(wellFormed, "XX1001", "a", "true"), "scope: object\n#   kinds: [Pod]", "scope: grant\n#   kinds: [Role]", 1)
	source += "\npermissions := {\"x\": [x | some x in numbers.range(1, 100000); some y in numbers.range(1, 100000); x + y < 0]}\n"
	all, err := policy.Load(pack(map[string]string{"checks/workload/a/a.rego": source}))
	if err != nil {
		t.Fatal(err)
	}
	if all, err = all.Configure(policy.Settings{Timeout: 200 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	const want = "test/checks/workload/a/a.rego:1: permissions of check XX1001: it had no result after 200ms"
	if _, err := all.Compile(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Judging ends with the scan's time: what comes after it has no verdict, however quick its checks would be.
func TestNothingIsJudgedAfterTheEnd(t *testing.T) {
	engine, err := policy.New(t.Context(), pack(map[string]string{
		"checks/workload/a/a.rego": fmt.Sprintf(wellFormed, "XX1001", "a", "input.object.spec.hostPID"),
		"checks/workload/b/b.rego": fmt.Sprintf(wellFormed, "XX1002", "b", "input.object.spec.hostIPC"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := snapshot.KindNamed("Pod")
	pod := snapshot.Object{Kind: kind, Value: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{HostPID: true}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // once may be luck: a cancelled query may well be quicker than its end
		got := engine.Object(ctx, pod, policy.Cluster{})
		if len(got.Findings) != 0 || len(got.Verdicts) != 2 {
			t.Fatalf("got %+v", got)
		}
		for _, v := range got.Verdicts {
			if v.Verdict != finding.NotEvaluated || v.Reason != "the scan ended before it was judged" {
				t.Fatalf("got %+v", v)
			}
		}
	}
}
