package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
)

// What is found in the rules is what they read: fields by name, elements, and the whole of what is looked at as a whole.
func TestReads(t *testing.T) {
	for _, tt := range []struct{ name, rules, want string }{
		{"a field", `v contains 1 if input.object.spec.hostPID == true`, "object.spec.hostPID!"},
		{"a name for a part", "v contains 1 if {\n\tsome c in input.workload.containers\n\tc.spec.image == \"x\"\n}", "workload.containers.*.spec.image!"},
		{"a name of a name", "v contains 1 if {\n\ts := input.workload.spec\n\tp := s.securityContext\n\tp.runAsUser == 0\n}", "workload.spec.securityContext.runAsUser!"},
		{"a name that is not used on", "v contains 1 if some c in input.workload.containers", "workload.containers.*"},
		{"a name that is put out", "v contains c if some c in input.workload.containers", "workload.containers.*!"},
		{"two things compared", "v contains 1 if {\n\tx = input.object.spec\n\tx = input.object.status\n}", "object.spec! object.status!"},
		{"an argument", "f(x) := x.spec\n\nv contains 1 if f(input.object)", "object!"},
		{"an element counted", "v contains 1 if count(input.object.spec.volumes) > 3", "object.spec.volumes!"},
		{"a key", `v contains 1 if input.object.metadata.labels["a/b"]`, "object.metadata.labels.a/b!"},
		{"a key by a name", "v contains 1 if {\n\tk := input.object.kind\n\tinput.object.metadata.labels[k]\n}", "object.kind! object.metadata.labels.*!"},
		{"each and one", "v contains 1 if {\n\tsome l in input.object.metadata.labels\n\tl == \"x\"\n\tinput.object.metadata.labels.y\n}", "object.metadata.labels.*! object.metadata.labels.y!"},
		{"another rule", "v contains 1 if not w\n\nw if input.object.spec.hostIPC", "object.spec.hostIPC!"},
		{"an else", "w := 1 if {\n\tinput.object.a\n} else := 2 if {\n\tinput.object.b\n}\n\nv contains 1 if w == 2", "object.a! object.b!"},
		{"a comprehension", "v contains 1 if count({m.name | some m in input.object.spec.mounts; m.path == \"/\"}) > 0", "object.spec.mounts.*.name! object.spec.mounts.*.path!"},
		{"every", "v contains 1 if every c in input.workload.containers { c.name == \"x\" }", "workload.containers!"},
		{"a rule's key", "w[input.object.kind] contains 1 if true\n\nv contains 1 if w.Pod", "object.kind!"},
		{"walk", "v contains 1 if {\n\twalk(input.workload.spec, [_, x])\n\tx == 1\n}", "workload.spec!"},
		{"with", "v contains 1 if w with input as {\"a\": 1}\n\nw if input.a", "!"},
		{"all", "v contains 1 if count(input) > 1", "!"},
		{"nothing", "v contains 1", ""},
		{
			"told", "v contains x if {\n\tsome c in input.workload.containers\n\tc.spec.tty\n\tx := {\"path\": c.path, \"message\": sprintf(\"%s runs %v\", [c.name, c.spec.image])}\n}",
			"workload.containers.*.name~ workload.containers.*.path~ workload.containers.*.spec.image~ workload.containers.*.spec.tty!",
		},
		{"told twice", "v contains x if {\n\tn := input.object.metadata.name\n\tx := {\"key\": n, \"message\": sprintf(\"%s\", [n])}\n}", "object.metadata.name~"},
		{"told and compared", "v contains x if {\n\tn := input.object.metadata.name\n\tn != \"x\"\n\tx := {\"message\": sprintf(\"%s\", [n])}\n}", "object.metadata.name!"},
		{"told and compared elsewhere", "v contains x if x := {\"message\": sprintf(\"%s\", [input.object.metadata.name])}\n\nv contains 1 if input.object.metadata.name == \"x\"", "object.metadata.name!"},
		{"a text that is looked at", "v contains x if {\n\tm := sprintf(\"%s\", [input.object.metadata.name])\n\tcontains(m, \"x\")\n\tx := {\"message\": m}\n}", "object.metadata.name!"},
		{"a length that is told", "v contains x if x := {\"message\": sprintf(\"%5s\", [input.object.metadata.name])}", "object.metadata.name!"},
		{"told in quotes", "v contains x if x := {\"message\": sprintf(\"%q\", [input.object.metadata.name])}", "object.metadata.name!"},
		{"what Go looks at", "v contains x if x := {\"severity\": input.object.metadata.name}", "object.metadata.name!"},
		{"told by another rule", "w contains x if x := {\"message\": sprintf(\"%s\", [input.object.metadata.name])}\n\nv contains x if some x in w", "object.metadata.name!"},
		{"a list that is told", "v contains x if {\n\tx := {\"message\": sprintf(\"%v\", [concat(\",\", {n | n := input.object.metadata.name})])}\n}", "object.metadata.name!"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := readsOf(compile(t, tt.rules), ast.MustParseRef("data.x.v"))
			if got := strings.Join(spell(r, ""), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// compile compiles the rules of a package x.
func compile(t *testing.T, rules string) *ast.Compiler {
	t.Helper()
	module, err := ast.ParseModuleWithOpts("x.rego", "package x\n\n"+rules, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(map[string]*ast.Module{"x.rego": module}); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	return compiler
}

// spell lists the paths that are read, with ! where all that is there is, and ~ where it only is told.
func spell(r *reads, path string) []string {
	if r.whole {
		return []string{path + "!"}
	}
	if r.told {
		path += "~"
	}
	if len(r.of) == 0 {
		if path == "" {
			return nil
		}
		return []string{path}
	}
	var all []string
	for field, f := range r.of {
		all = append(all, spell(f, strings.TrimPrefix(path+"."+field, "."))...)
	}
	slices.Sort(all)
	return all
}

// Checks say the same of what they read as of the whole object, and the second time as the first.
func TestReadsAreEnough(t *testing.T) {
	packs := []Pack{{Name: "kubemuster", FS: policies.FS}, {Name: "test", FS: fstest.MapFS{
		"checks/workload/every/every.rego": &fstest.MapFile{Data: []byte(oddCheck)},
	}}}
	pruned, err := New(t.Context(), packs...)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := New(t.Context(), packs...)
	if err != nil {
		t.Fatal(err)
	}
	askWhole(whole)
	whole.cluster.form = newForm(&reads{whole: true}, nil)

	about := Cluster{Provider: "test", Version: "v1.37.2"}
	objects := manifests(t)
	objects = append(objects, mixed(objects, 100)...)
	judge, findings := pruned.For(about), 0
	var index snapshot.Index
	for _, o := range objects {
		if !o.Kind.Custom() {
			o.Value.(runtime.Object).GetObjectKind().SetGroupVersionKind(kschema.GroupVersionKind{}) // as items of lists are
		}
		index.Add(o)
		want := whole.Object(t.Context(), o, about)
		findings += len(want.Findings)
		for range 2 {
			if got := judge.Object(t.Context(), o); !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s: got %+v, want %+v", o.Kind.Name, o.Value.GetName(), got, want)
			}
		}
	}
	got := pruned.Cluster(t.Context(), index.Inventory(), about, all)
	if want := whole.Cluster(t.Context(), index.Inventory(), about, all); !reflect.DeepEqual(got, want) {
		t.Errorf("the cluster: got %+v, want %+v", got, want)
	}
	if findings < 1000 {
		t.Errorf("%d findings compare little", findings)
	}
}

// oddCheck reads as no check of ours does.
const oddCheck = `# METADATA
# title: a title
# description: what an attacker gains
# custom:
#   id: XX0001
#   name: Odd
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: what to do
package kubemuster.checks.workload.every

violations contains {"path": "spec", "message": sprintf("%v", [found])} if {
	found := {key: value |
		some key, value in input.object.metadata
		not is_object(value)
	}
}

violations contains {"path": c.path, "message": "walked"} if {
	some c in input.workload.containers
	some path
	walk(c.spec.securityContext, [path, true])
}
`

// A whole value is what its JSON says, less what is null or an empty list there.
func TestValueIsJSON(t *testing.T) {
	for _, o := range append(manifests(t), times(t)) {
		if o.Kind.Custom() {
			continue // it is its JSON
		}
		f := newForm(&reads{whole: true}, o.Kind.Type)
		var w writer
		if !f.object(&w, reflect.ValueOf(o.Value).Elem()) {
			t.Fatalf("%s %s is unset", o.Kind.Name, o.Value.GetName())
		}
		got, rest := f.decode(w.b)
		if len(rest) != 0 {
			t.Errorf("%d bytes are left", len(rest))
		}
		data, err := json.Marshal(o.Value)
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&tree); err != nil {
			t.Fatal(err)
		}
		want, err := ast.InterfaceToValue(withoutEmpty(tree))
		if err != nil {
			t.Fatal(err)
		}
		if got.Value.Compare(want) != 0 {
			t.Errorf("%s %s:\ngot  %v\nwant %v", o.Kind.Name, o.Value.GetName(), got, want)
		}
	}
}

func withoutEmpty(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		if list, ok := v.([]any); ok {
			for i := range list {
				list[i] = withoutEmpty(list[i])
			}
		}
		return v
	}
	for key, value := range m {
		if list, ok := value.([]any); value == nil || ok && len(list) == 0 {
			delete(m, key)
			continue
		}
		m[key] = withoutEmpty(value)
	}
	return m
}

// times is an object with values of the types that need care.
func times(t *testing.T) snapshot.Object {
	t.Helper()
	kind, _ := snapshot.KindNamed("Pod")
	at := metav1.Now()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "times", CreationTimestamp: at, DeletionTimestamp: &at, Labels: map[string]string{"b": "2", "a": "1", "empty": ""},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m", Time: &at, FieldsV1: metav1.NewFieldsV1(`{"f:a":{"f:b":[1.5,true,null]}}`)}},
	}}
	return snapshot.Object{Kind: kind, Value: pod}
}

func manifests(t *testing.T) []snapshot.Object {
	t.Helper()
	files, err := filepath.Glob("../../testdata/manifests/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no manifests", err)
	}
	var objects []snapshot.Object
	for _, file := range files {
		_, err := collect.Manifests{Path: file}.Collect(t.Context(), collect.Scope{Kinds: snapshot.Kinds}, func(page []snapshot.Object) error {
			for _, o := range page {
				o.Line, o.File = nil, "" // functions do not compare
				objects = append(objects, o)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return objects
}

// mixed makes pods of parts of the objects' pods.
func mixed(objects []snapshot.Object, n int) []snapshot.Object {
	kind, _ := snapshot.KindNamed("Pod")
	var specs []*corev1.PodSpec
	for _, o := range objects {
		if spec := o.PodSpec(); spec != nil {
			specs = append(specs, spec)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	some := func() *corev1.PodSpec { return specs[r.IntN(len(specs))] }
	var out []snapshot.Object
	for i := range n {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("mixed-", i), Namespace: "n"}, Spec: *some().DeepCopy()}
		p.Spec.SecurityContext, p.Spec.HostUsers = some().SecurityContext, some().HostUsers
		p.Spec.Volumes = append(p.Spec.Volumes, some().Volumes...)
		p.Spec.InitContainers = append(p.Spec.InitContainers, some().Containers...)
		for range r.IntN(3) {
			c := *some().Containers[0].DeepCopy()
			c.Name, c.SecurityContext, c.VolumeMounts = fmt.Sprint(c.Name, r.IntN(9)), some().Containers[0].SecurityContext, some().Containers[0].VolumeMounts
			p.Spec.Containers = append(p.Spec.Containers, c)
			p.Spec.EphemeralContainers = append(p.Spec.EphemeralContainers, corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon(c)})
		}
		out = append(out, snapshot.Object{Kind: kind, Value: p})
	}
	return out
}

// all skips no check.
func all(finding.Check) bool { return false }

// A check that reaches a container's fields by a variable, or hands on the whole of it, has every container converted whole.
func TestChecksReadFieldsOfContainers(t *testing.T) {
	engine, err := New(t.Context(), Pack{Name: "kubemuster", FS: policies.FS})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range engine.checks {
		w := c.reads.at("workload")
		for _, spec := range []*reads{w.at("spec"), w.at("containers").each().at("spec")} {
			if spec != nil && (spec.whole || spec.of[each] != nil) {
				t.Errorf("%s (%s) reads the whole of a spec", c.ID, c.at)
			}
		}
	}
}
