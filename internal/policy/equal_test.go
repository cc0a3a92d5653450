package policy

import (
	"fmt"
	"reflect"
	"testing"
	"testing/fstest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Rules in forms that ours do not have are judged as by a plain evaluation of the whole object.
func TestAnyRulesAreJudgedWhole(t *testing.T) {
	kind, _ := snapshot.KindNamed("Pod")
	var objects []snapshot.Object
	for _, labels := range []map[string]string{nil, {"team": "red"}, {"other": "x"}, {"other": ""}} {
		for _, node := range []string{"", "key", "value"} {
			for _, c := range [][]corev1.Container{nil, {{Name: "a", Image: "x"}}, {{Name: "a", Image: "x"}, {Name: "", Image: "y:1", TTY: true}}} {
				p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "key", Labels: labels}, Spec: corev1.PodSpec{NodeName: node, Containers: c}}
				objects = append(objects, snapshot.Object{Kind: kind, Value: p})
			}
		}
	}
	v := `violations contains {"path": "spec", "message": "m"} if {` + "\n"
	for _, tt := range []struct{ name, rules string }{
		{"a name compared in a negation", v + "x := \"key\"\nnot input.object.spec.nodeName == x\nx != \"b\"\n}"},
		{"a name compared in an every", v + "x := \"key\"\nevery l in input.workload.containers { input.object.spec.nodeName == x; l.spec.tty }\n}"},
		{"a name compared in a comprehension", v + "x = \"key\"\ncount([1 | x = input.object.spec.nodeName]) == 0\n}"},
		{"a value of an object", v + "input.object.spec.nodeName in {\"key\": \"value\"}\n}"},
		{"a value of an object of a rule", "o := {\"key\": \"value\"}\n" + v + "input.object.spec.nodeName in o\n}"},
		{"a set with a part of the input", v + "input.object.spec.nodeName in {input.object.metadata.namespace, \"b\"}\n}"},
		{"an array", v + "input.object.spec.nodeName in [\"key\"]\n}"},
		{"no such label of those there are", v + "l := input.object.metadata.labels\nnot l.team\n}"},
		{"a text that is empty", `violations contains {"path": "spec", "message": m} if m := input.object.metadata.labels.other`},
		{"a name that is empty", "violations contains {\"path\": c.path, \"message\": c.name} if some c in input.workload.containers"},
		{"unified objects", v + "{\"a\": input.object.spec.nodeName} = {\"a\": y}\ny == \"key\"\n}"},
		{"unified arrays", v + "[x, \"key\"] = [\"key\", input.object.spec.nodeName]\nx != \"b\"\n}"},
		{"object.get", v + "object.get(input.object.spec, \"nodeName\", \"none\") == \"none\"\n}"},
		{"another input", "i := input\n" + v + "i.object.spec.nodeName == \"key\"\n}"},
		{"general refs", "w.a := 1 if input.object.spec.nodeName == \"key\"\nw.b := 1 if input.object.spec.hostPID\n" + v + "some k\nw[k] == 1\n}"},
		{"functions of several bodies", "f(x) if x == \"key\"\nf(x) if x == \"value\"\n" + v + "f(input.object.spec.nodeName)\n}"},
		{"else in a function", "f(x) := 1 if {\nx == \"key\"\n} else := 2\n" + v + "f(input.object.metadata.namespace) == 1\n}"},
		{"two of the containers", "violations contains {\"path\": c.path, \"message\": d.path} if {\nsome c in input.workload.containers\nsome d in input.workload.containers\nc.name != d.name\n}"},
		{"with", "w if input.object.spec.hostPID\n" + v + "w with input.object.spec as {\"hostPID\": true}\n}"},
		{"not of a with", "w if input.object.spec.hostPID\n" + v + "not w with input as {}\n}"},
		{"a set that all make", "s contains input.object.spec.nodeName\n" + v + "\"key\" in s\n}"},
		{"every", v + "every c in input.workload.containers { c.spec.tty }\n}"},
		{"one of two", v + "input.object.spec.nodeName == \"key\"\n}\n" + v + "not input.object.spec.nodeName\n}"},
		{"a constant reference in a negation", "k := \"key\"\n" + v + "not input.object.spec.nodeName == k\n}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pack := Pack{Name: "test", FS: fstest.MapFS{"checks/workload/x/x.rego": &fstest.MapFile{Data: fmt.Appendf(nil, checkOf, "Pod", tt.rules)}}}
			engine, err := New(t.Context(), pack)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := New(t.Context(), pack)
			if err != nil {
				t.Fatal(err)
			}
			askWhole(whole)
			for _, o := range objects {
				p := o.Value.(*corev1.Pod)
				if got, want := engine.Object(t.Context(), o, Cluster{}), whole.Object(t.Context(), o, Cluster{}); !reflect.DeepEqual(got, want) {
					t.Errorf("%v, node %q, %d containers:\ngot  %+v\nwant %+v", p.Labels, p.Spec.NodeName, len(p.Spec.Containers), got, want)
					break
				}
			}
		})
	}
}

const checkOf = `# METADATA
# title: a title
# description: what an attacker gains
# custom:
#   id: XX0001
#   name: Odd
#   severity: high
#   scope: object
#   kinds: [%s]
#   remediation: what to do
package kubemuster.checks.workload.x

%s
`

// askWhole has all checks of objects asked about the whole of every object, with all its containers, names and paths.
func askWhole(e *Engine) {
	for kind, routers := range e.objects {
		k, _ := snapshot.KindNamed(kind)
		for i, r := range routers {
			routers[i] = &router{checks: r.checks, single: r.single, limit: r.limit, form: newForm(&reads{whole: true}, k.Type)}
		}
	}
}

// A kind that runs no pods has no workload, and a rule that needs a part of one yields nothing.
func TestNoWorkloadThere(t *testing.T) {
	kind, _ := snapshot.KindNamed("Service")
	o := snapshot.Object{Kind: kind, Value: &corev1.Service{}}
	for _, path := range [][]string{{"workload", "namespace"}, {"workload", "staticPod"}, {"workload", "spec", "hostPID"}, {"workload", "metadata", "labels"}, {"workload", "containers", each, "image", "tag"}} {
		if there := (need{path: path}).presence(kind.Type); there(o, nil) {
			t.Errorf("%v is there", path)
		}
	}
}
