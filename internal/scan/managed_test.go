package scan

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const managedPack = `manifests:
  references: [https://x.example]
  registries: [ours\.example]
  objects:
    - {kind: Pod, namespace: kube-system, names: [agent, other], images: [agent]}
    - {kind: DaemonSet, namespace: kube-system, names: [agent, other], images: [agent]}
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
	ofSets := func(check *fstest.MapFile) *fstest.MapFile {
		return &fstest.MapFile{Data: bytes.ReplaceAll(check.Data, []byte("[Pod]"), []byte("[DaemonSet]"))}
	}
	engine, err := policy.New(t.Context(), policy.Pack{Name: "test", FS: fstest.MapFS{
		"managed/x.yaml":           {Data: []byte(managedPack)},
		"checks/workload/a/a.rego": ofSets(managedCheck("a", "XX1001", "object", `violation := {"path": "spec", "message": input.object.metadata.name}`)),
		"checks/workload/b/b.rego": ofSets(managedCheck("b", "XX1002", "cluster", `some w in input.inventory.workloads
	violation := {"object": {"kind": w.kind, "namespace": w.namespace, "name": w.name}, "path": "spec", "message": w.name}`)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pods.yaml")
	pod := func(name, image string) string {
		return "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: " + name + ", namespace: kube-system}\nspec: {template: {spec: {containers: [{name: c, image: " + image + "}]}}}\n"
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
		mirror := "annotations: {kubernetes.io/config.mirror: x}, "
		if node == "forged" {
			mirror = ""
		}
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: agent-" + node + ", namespace: kube-system, " + mirror +
			"ownerReferences: [{apiVersion: v1, kind: Node, name: " + node + ", uid: x, controller: true}]}\n" +
			"spec: {nodeName: " + node + ", containers: [{name: c, image: " + image + "}]}\n"
	}
	managedBy := map[string]string{}
	for name, text := range map[string]string{
		"all":       pod("n1", "ours.example/agent") + pod("n2", "ours.example/agent:2"),
		"not all":   pod("n1", "ours.example/agent") + pod("n2", "theirs.example/agent") + pod("n3", "ours.example/agent:2"),
		"forged":    pod("forged", "ours.example/agent"),
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
	if want := map[string]string{"all agent": "provider", "forged agent": "", "not all agent": "", "not first agent": ""}; !reflect.DeepEqual(managedBy, want) {
		t.Errorf("got %v, want %v", managedBy, want)
	}
}

// On a cluster that kubeadm has just set up nothing weighs high that anybody could mend, and what somebody puts in the place of
// its parts does.
func TestKubeadmIsQuiet(t *testing.T) {
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	findings := func(change func(o snapshot.Object)) []finding.Finding {
		r := newRun(&Scanner{Engine: engine}, &report.Cluster{})
		r.about = policy.Cluster{Provider: "kubeconfig", Version: "v1.37.2", Time: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)}
		source := pagesOf{}
		_, err := collect.Manifests{Path: "../../testdata/kubeadm"}.Collect(t.Context(), collect.Scope{Kinds: snapshot.Kinds}, func(page []snapshot.Object) error {
			for _, o := range page {
				o.File, o.Line = "", nil // a cluster has none
				change(o)
				source = append(source, o)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.objects(t.Context(), t.Context(), source, collect.Scope{Kinds: snapshot.Kinds}); err != nil {
			t.Fatal(err)
		}
		r.wholeCluster(t.Context(), collect.Scope{})
		return r.kept.take()
	}
	weighty := func(list []finding.Finding) []string {
		var out []string
		for _, f := range list {
			if f.Severity >= finding.High && f.Gates() {
				out = append(out, f.Check+" "+f.Object.String()+" "+f.Sub)
			}
		}
		slices.Sort(out)
		return out
	}
	list := findings(func(snapshot.Object) {})
	if got := weighty(list); len(got) > 0 {
		t.Errorf("found\n%s", strings.Join(got, "\n"))
	}
	if !slices.ContainsFunc(list, func(f finding.Finding) bool {
		return f.Check == "KM1005" && f.Object.Name == "kube-proxy" && f.ManagedBy == policy.ByKubernetes
	}) {
		t.Error("kube-proxy is not reported as privileged, and Kubernetes' own")
	}
	for name, change := range map[string]func(spec *corev1.PodSpec){
		"another command": func(spec *corev1.PodSpec) { spec.Containers[0].Command = []string{"/host/bin/sh"} },
		"a volume over it": func(spec *corev1.PodSpec) {
			spec.Containers[0].VolumeMounts = append(spec.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "x", MountPath: "/usr/local"})
		},
		"another image": func(spec *corev1.PodSpec) { spec.Containers[0].Image = "registry.k8s.io/e2e-test-images/busybox:1" },
		"another one yet": func(spec *corev1.PodSpec) {
			spec.Containers = append(spec.Containers, corev1.Container{Image: "busybox"})
		},
	} {
		got := weighty(findings(func(o snapshot.Object) {
			if o.Value.GetName() == "kube-proxy" {
				change(o.PodSpec())
			}
		}))
		if !slices.Contains(got, "KM1005 DaemonSet kube-system/kube-proxy containers/kube-proxy") {
			t.Errorf("%s: found %q", name, got)
		}
	}
}

// What authorizes beside RBAC is not read, and the report says so; by a kubeconfig, too, where the cluster tells whose it is.
func TestWhatIsBesideRBACIsTold(t *testing.T) {
	engine, err := ownPack()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		about policy.Cluster
		want  string
	}{
		{policy.Cluster{Provider: "eks", Version: "v1.37.2-eks-1a2b3c4"}, "access entries of EKS"},
		{policy.Cluster{Provider: "gke", Version: "v1.37.2-gke.1190000"}, "IAM roles of Google Cloud"},
		{policy.Cluster{Provider: "kubeconfig", Version: "v1.37.2", Host: "shop-1.hcp.westeurope.azmk8s.io"}, "role assignments of Azure"},
		{policy.Cluster{Provider: "kubeconfig", Version: "v1.37.2"}, ""},
		{policy.Cluster{Provider: manifests}, ""},
	} {
		r := newRun(&Scanner{Engine: engine}, &report.Cluster{})
		r.about = tt.about
		r.wholeCluster(t.Context(), collect.Scope{})
		var told []string
		for _, n := range r.cluster.Notifications {
			if n.ID == "scan/rbac-only" {
				told = append(told, n.Message)
			}
		}
		if tt.want == "" && len(told) == 0 {
			continue
		}
		if want := "these checks see what RBAC allows; what " + tt.want + " allow beside it is not read: KM"; len(told) != 1 || !strings.HasPrefix(told[0], want) {
			t.Errorf("%+v: told %q, want %s…", tt.about, told, want)
		}
	}
}
