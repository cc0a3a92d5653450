package scan

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/kubemuster/kubemuster/internal/policy"
)

const managedPack = `manifests:
  references: [https://x.example]
  registries: [ours\.example]
  objects:
    - {kind: Pod, namespace: kube-system, names: [agent, other]}
`

func managedCheck(name, id, scope, input string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`# METADATA
# title: a title
# description: what an attacker gains
# custom:
#   id: ` + id + `
#   name: Example
#   severity: high
#   scope: ` + scope + `
#   kinds: [Pod]
#   requires: [Pod]
#   remediation: what to do
package kubemuster.checks.workload.` + name + `

violations contains violation if {
	` + input + `
}
`)}
}

// What the provider runs is reported as its own, whichever way it was judged.
func TestManagedByProvider(t *testing.T) {
	engine, err := policy.New(t.Context(), policy.Pack{Name: "test", FS: fstest.MapFS{
		"managed/x.yaml":           {Data: []byte(managedPack)},
		"checks/workload/a/a.rego": managedCheck("a", "XX1001", "object", `violation := {"path": "spec", "message": input.object.metadata.name}`),
		"checks/workload/b/b.rego": managedCheck("b", "XX1002", "cluster", `some w in input.inventory.workloads
	violation := {"object": {"kind": w.kind, "namespace": w.namespace, "name": w.name}, "path": "spec", "message": w.name}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pods.yaml")
	pod := func(name, image string) string {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: kube-system}\nspec: {containers: [{name: c, image: " + image + "}]}\n"
	}
	text := pod("agent", "ours.example/agent") + pod("other", "theirs.example/agent") + pod("mine", "ours.example/agent")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := (&Scanner{Engine: engine, Host: host}).Run(t.Context(), []Target{{Raw: "manifests://" + file}}).Clusters[0]
	got := map[string]string{}
	for _, f := range c.Findings {
		got[f.Check+" "+f.Object.Name] = f.ManagedBy
	}
	want := map[string]string{
		"XX1001 agent": "provider", "XX1001 other": "", "XX1001 mine": "",
		"XX1002 agent": "provider", "XX1002 other": "", "XX1002 mine": "",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v, problem %v", got, want, c.Problem)
	}
}

// Static pods of one name are the provider's where each of them is: one that only claims the name counts.
func TestManagedStaticPods(t *testing.T) {
	engine, err := policy.New(t.Context(), policy.Pack{Name: "test", FS: fstest.MapFS{
		"managed/x.yaml":           {Data: []byte(managedPack)},
		"checks/workload/a/a.rego": managedCheck("a", "XX1001", "object", `violation := {"path": "spec", "message": "it is there"}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	pod := func(node, image string) string {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: agent-" + node + ", namespace: kube-system, " +
			"ownerReferences: [{apiVersion: v1, kind: Node, name: " + node + ", uid: x, controller: true}]}\n" +
			"spec: {nodeName: " + node + ", containers: [{name: c, image: " + image + "}]}\n"
	}
	managedBy := map[string]string{}
	for name, text := range map[string]string{
		"all":       pod("n1", "ours.example/agent") + pod("n2", "ours.example/agent:2"),
		"not all":   pod("n1", "ours.example/agent") + pod("n2", "theirs.example/agent") + pod("n3", "ours.example/agent:2"),
		"not first": pod("n1", "theirs.example/agent") + pod("n2", "ours.example/agent"),
	} {
		file := filepath.Join(t.TempDir(), "pods.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, f := range (&Scanner{Engine: engine, Host: host}).Run(t.Context(), []Target{{Raw: "manifests://" + file}}).Clusters[0].Findings {
			managedBy[name+" "+f.Object.Name] = f.ManagedBy
		}
	}
	if want := map[string]string{"all agent": "provider", "not all agent": "", "not first agent": ""}; !reflect.DeepEqual(managedBy, want) {
		t.Errorf("got %v, want %v", managedBy, want)
	}
}
