package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
)

// What a rule needs to yield anything: paths that must lead to something, with = where it is a text of some kind.
func TestConditionOf(t *testing.T) {
	for _, tt := range []struct{ name, rules, want string }{
		{"a field", `v contains 1 if input.object.spec.hostPID`, "object.spec.hostPID"},
		{"a field that is compared", `v contains 1 if input.object.spec.hostPID == true`, "object.spec.hostPID"},
		{"a text", `v contains 1 if input.object.spec.nodeName == "x"`, "object.spec.nodeName object.spec.nodeName="},
		{"a text, the other way", `v contains 1 if "x" == input.object.spec.nodeName`, "object.spec.nodeName object.spec.nodeName="},
		{"a part of a text", "v contains 1 if {\n\tsome c in input.workload.containers\n\tcontains(c.spec.image, \"x\")\n}", "workload.containers.* workload.containers.*.spec.image workload.containers.*.spec.image="},
		{"one of some", `v contains 1 if input.object.spec.nodeName in {"x", "y"}`, "object.spec.nodeName object.spec.nodeName="},
		{"a key of an object", "o := {\"x\": 1}\n\nv contains o[input.object.spec.nodeName]", "object.spec.nodeName object.spec.nodeName="},
		{"what must not be there", `v contains 1 if not input.object.spec.hostPID`, "always"},
		{"what may be there", `v contains 1 if count([p | p := input.object.spec.hostPID]) == 0`, "always"},
		{"every", `v contains 1 if every c in input.object.spec.containers { c.tty }`, "object.spec.containers"},
		{"either", "v contains 1 if input.object.a\n\nv contains 2 if input.object.b", "object.a | object.b"},
		{"either or nothing", "v contains 1 if input.object.a\n\nv contains 2", "object.a | always"},
		{"another rule", "v contains 1 if w\n\nw if input.object.a", "(object.a)"},
		{"another rule by default", "default w := 1\n\nw := 2 if input.object.a\n\nv contains 1 if w", "(always)"},
		{"an else", "w := 1 if {\n\tinput.object.a\n} else := 2 if {\n\tinput.object.b\n}\n\nv contains 1 if w == 2", "(always)"},
		{"an element of a set", "v contains x if some x in w\n\nw contains 1 if input.object.a", "(object.a)"},
		{"a set that may be empty", "v contains count(w)\n\nw contains 1 if input.object.a", "always"},
		{"an entry of an object", "v contains w[\"x\"]\n\nw[k] := 1 if k := input.object.a", "(object.a)"},
		{"an object that may be empty", "v contains count(w)\n\nw[k] := 1 if k := input.object.a", "always"},
		{"a function", "f(x) if x.a\n\nv contains 1 if f(input.object.b)", "object.b"},
		{"a parameter", "v contains 1 if data.kubemuster.parameters.x", "always"},
		{"with", "v contains 1 if w with input as {\"a\": 1}\n\nw if input.a", "always"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tellCondition(conditionOf(compile(t, tt.rules), ast.MustParseRef("data.x.v"))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := tellCondition(conditionOf(compile(t, "v := {1} if input.object.a"), ast.MustParseRef("data.x.v"))); got != "always" {
		t.Errorf("of a rule that has one value: %q", got)
	}
}

func tellCondition(c condition) string {
	var any []string
	for _, all := range c {
		var parts []string
		for _, n := range all.needs {
			part := strings.Join(n.path, ".")
			if n.is != nil {
				part += "="
			}
			parts = append(parts, part)
		}
		for _, of := range all.of {
			parts = append(parts, "("+tellCondition(of)+")")
		}
		if len(parts) == 0 {
			parts = []string{"always"}
		}
		slices.Sort(parts)
		any = append(any, strings.Join(slices.Compact(parts), " "))
	}
	return strings.Join(any, " | ")
}

// What is there is there as the input has it: what is unset or empty is not.
func TestPresence(t *testing.T) {
	kind, _ := snapshot.KindNamed("Pod")
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
		Spec: corev1.PodSpec{
			HostPID: true, NodeName: "node-1", NodeSelector: map[string]string{}, SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(false)},
			Volumes: []corev1.Volume{
				{Name: "a", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
				{Name: "b", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/x"}}},
			},
			InitContainers: []corev1.Container{{Name: "i", Env: []corev1.EnvVar{{Name: "A", Value: "<jwt>"}}}},
			Containers:     []corev1.Container{{Name: "c", Image: "nginx", Ports: []corev1.ContainerPort{{ContainerPort: 1}}}},
		},
	}
	o := snapshot.Object{Kind: kind, Value: pod}
	run := &workload{kind: "Deployment", namespace: "shop", name: "web", spec: &pod.Spec, metadata: &pod.ObjectMeta}
	for path, want := range map[string]bool{
		"object.kind = Pod": true, "object.kind = Job": false, "object.apiVersion = v1": true,
		"object.spec.hostPID": true, "object.spec.hostIPC": false, "object.spec.nodeSelector": false, "object.spec.nodeSelector.*": false,
		"object.metadata.labels.app": true, "object.metadata.labels.app = web": true, "object.metadata.labels.app = api": false, "object.metadata.labels.x": false, "object.metadata.labels.*": true,
		"workload.namespace = shop": true, "workload.namespace = kube-system": false, "workload.kind = Pod": false, "workload.name = web": true, "workload.staticPod": false,
		"workload.spec.securityContext.runAsNonRoot": true, "workload.spec.securityContext.runAsUser": false, "workload.spec.affinity.nodeAffinity": false,
		"workload.spec.volumes.*.hostPath.path": true, "workload.spec.volumes.*.hostPath.path = /y": false, "workload.spec.volumes.*.nfs": false, "workload.spec.volumes.*.name = b": true,
		"workload.metadata.annotations.*":             false,
		"workload.containers.*.spec.ports.*.hostPort": false, "workload.containers.*.spec.ports.*.containerPort": true, "workload.containers.*.spec.livenessProbe.httpGet.host": false,
		"workload.containers.*.image.tag = latest": true, "workload.containers.*.image.digest": false,
		"workload.containers.*.literals.*.class = <jwt>": true, "workload.containers.*.literals.*.class = <token>": false, "workload.containers.*.fromSecret.*": false,
		"workload.containers.*.name": true, "workload.path": true, "cluster.version": true,
	} {
		path, text, compared := strings.Cut(path, " = ")
		n := need{path: strings.Split(path, ".")}
		if compared {
			n.is = func(s string) bool { return s == text }
		}
		there := condition{{needs: []need{n}}}.presence(kind.Type)
		if got := there == nil || there(o, run); got != want {
			t.Errorf("%s = %s: got %v", path, text, got)
		}
	}
}

// Of the whole pack, the checks that look for something rare are not asked about a pod without it.
func TestConditionsSpare(t *testing.T) {
	engine, err := New(t.Context(), Pack{Name: "kubemuster", FS: policies.FS})
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := snapshot.KindNamed("Pod")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "shop"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web:1"}}}}
	run := &workload{kind: "Pod", namespace: "shop", name: "p", spec: &pod.Spec, metadata: &pod.ObjectMeta}
	var asked []string
	for _, r := range engine.objects["Pod"] {
		if r.concerns == nil || r.concerns(snapshot.Object{Kind: kind, Value: pod}, run) {
			asked = append(asked, r.checks[0].ID)
		}
	}
	want := "[KM1009 KM1022 KM1023 KM1025 KM1026 KM1034 KM1036 KM1039 KM1040 KM1041 KM1042 KM1045 KM1050 KM1058]"
	if got := fmt.Sprint(asked); got != want {
		t.Errorf("asked are %s, want %s", got, want)
	}
}

// Checks that ask of each container by itself are told of one at a time, and those alone.
func TestSeverally(t *testing.T) {
	for _, tt := range []struct {
		name, rules string
		want        bool
	}{
		{"each", "v contains x if {\n\tsome c in input.workload.containers\n\tx := c.path\n}", true},
		{"each, and the pod", "v contains x if {\n\tsome c in input.workload.containers\n\tnot input.workload.spec.hostPID\n\tx := c.path\n}\n\nv contains 1 if input.workload.spec.hostIPC", true},
		{"each in several rules", "v contains x if {\n\tsome c in input.workload.containers\n\tx := c.a\n}\n\nv contains x if {\n\tsome c in input.workload.containers\n\tx := c.b\n}", true},
		{"no container", "v contains 1 if input.workload.spec.hostPID", true},
		{"two of them", "v contains 1 if {\n\tsome c in input.workload.containers\n\tsome d in input.workload.containers\n\tc.name != d.name\n}", false},
		{"their number", "v contains 1 if count(input.workload.containers) > 1", false},
		{"its place", "v contains i if some i, c in input.workload.containers", false},
		{"the first", "v contains 1 if input.workload.containers[0].spec.tty", false},
		{"none of them", "v contains 1 if not any\n\nany if {\n\tsome c in input.workload.containers\n\tc.spec.tty\n}", false},
		{"all of them", "v contains 1 if every c in input.workload.containers { c.spec.tty }", false},
		{"together", "v contains x if x := {c.name | some c in input.workload.containers}", false},
		{"the whole workload", "v contains x if {\n\tsome c in input.workload.containers\n\tx := [c.name, count(input.workload)]\n}", false},
		{"a field by a variable", "v contains x if x := input.workload[_]", false},
		{"one value", "v := {x} if {\n\tsome c in input.workload.containers\n\tx := c.path\n}", false},
		{"another input", "v contains x if {\n\tsome c in input.workload.containers\n\tx := c.path\n\tw with input as {}\n}\n\nw if true", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := readsOf(compile(t, tt.rules), ast.MustParseRef("data.x.v")); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
