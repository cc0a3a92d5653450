package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// parsed returns what a file holds, as "kind namespace/name:line", and its gaps' messages.
func parsed(text string) (objects, gaps []string, p parser) {
	p = parser{file: "m.yaml"}
	p.parse([]byte(text))
	for _, o := range p.objects {
		objects = append(objects, fmt.Sprintf("%s %s/%s:%d", o.Kind.Name, o.Value.GetNamespace(), o.Value.GetName(), o.Line("")))
	}
	for _, g := range p.gaps {
		gaps = append(gaps, g.Message)
	}
	return objects, gaps, p
}

// lines joins lines; each is easier to count in a test than a raw string's.
func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func TestParse(t *testing.T) {
	pod := func(name string) string { return lines("apiVersion: v1", "kind: Pod", "metadata: {name: "+name+"}") }
	tests := []struct {
		name    string
		text    string
		objects []string
		gaps    []string // prefixes
		others  int
	}{
		{"one document", pod("a"), []string{"Pod default/a:1"}, nil, 0},
		{"several", pod("a") + "---\n" + pod("b") + "---\n" + pod("c"), []string{"Pod default/a:1", "Pod default/b:5", "Pod default/c:9"}, nil, 0},
		{
			"helm template", lines("---", "# Source: shop/templates/a.yaml", "apiVersion: v1", "kind: ServiceAccount", "metadata:", "  name: shop", "  namespace: x", "---", "# Source: shop/templates/empty.yaml", "---", "# Source: shop/templates/b.yaml") + pod("b"),
			[]string{"ServiceAccount x/shop:3", "Pod default/b:12"},
			nil, 0,
		},
		{"empty documents", "---\n---\n\n---\n# nothing\n---\n" + pod("a") + "---\n", []string{"Pod default/a:7"}, nil, 0},
		{"a directive", "%YAML 1.1\n---\n" + pod("a"), []string{"Pod default/a:3"}, nil, 0},
		{"text behind the dashes", "--- # first\n" + pod("a") + "--- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n", []string{"Pod default/a:2", "Pod default/b:5"}, nil, 0},
		{"dots end a document", pod("a") + "...\n" + pod("b"), []string{"Pod default/a:1", "Pod default/b:5"}, nil, 0},
		{"dashes in a text", lines("apiVersion: v1", "kind: Pod", "metadata:", "  name: a", "  annotations:", "    cert: |", "      -----BEGIN", "      ---", "      x"), []string{"Pod default/a:1"}, nil, 0},
		{"line ends of Windows", strings.ReplaceAll(pod("a")+"---\n"+pod("b"), "\n", "\r\n"), []string{"Pod default/a:1", "Pod default/b:5"}, nil, 0},
		{"a byte order mark", "\uFEFF" + pod("a"), []string{"Pod default/a:1"}, nil, 0},
		{"JSON", `{"apiVersion": "v1", "kind": "Pod",` + "\n\t" + `"metadata": {"name": "a"}}`, []string{"Pod default/a:1"}, nil, 0},
		{
			"a List", lines("apiVersion: v1", "kind: List", "items:", "- apiVersion: v1", "  kind: Pod", "  metadata: {name: a}", "- {apiVersion: example.com/v1, kind: Widget}", "- apiVersion: v1", "  kind: List", "  items:", "  - {apiVersion: v1, kind: Pod, metadata: {name: b}}"),
			[]string{"Pod default/a:4", "Pod default/b:11"},
			nil, 1,
		},
		{
			"a list of one kind, whose items do not repeat it", lines("apiVersion: apps/v1", "kind: DeploymentList", "items:", "- metadata: {name: a}", "- metadata: {name: b}"),
			[]string{"Deployment default/a:4", "Deployment default/b:5"},
			nil, 0,
		},
		{"an empty list", lines("apiVersion: v1", "kind: PodList", "items: []"), nil, nil, 0},
		{"a list without items", lines("apiVersion: example.com/v1", "kind: AllowList", "metadata: {name: a}"), nil, nil, 1},
		{"items that are none", lines("apiVersion: v1", "kind: List", "items:", "- nothing", "- {apiVersion: v1, kind: Pod, metadata: {name: a}}"), []string{"Pod default/a:5"}, []string{"m.yaml:4: an item of the list is no object"}, 0},
		{"a broken document among others", pod("a") + "---\nkind: [\n---\n" + pod("b"), []string{"Pod default/a:1", "Pod default/b:7"}, []string{"m.yaml:5: yaml: "}, 0},
		{"a template that was not rendered", pod("a") + "---\nmetadata:\n  name: {{ .Release.Name }}\n", []string{"Pod default/a:1"}, []string{"m.yaml:6: this looks like a template"}, 0},
		{"a key that stands twice", lines("apiVersion: v1", "kind: Pod", "metadata: {name: a}", "spec:", "  hostPID: true", "  hostPID: false"), nil, []string{`m.yaml:6: yaml: unmarshal errors: line 6: mapping key "hostPID" already defined at line 5`}, 0},
		{"an alias of itself", lines("apiVersion: v1", "kind: Pod", "metadata: &m", "  name: a", "  labels: *m"), nil, []string{"m.yaml:"}, 0},
		{"a field of another type", pod("a") + "---\n" + lines("apiVersion: v1", "kind: Pod", "metadata: {name: b}", "spec: {containers: nginx}"), []string{"Pod default/a:1"}, []string{"m.yaml:5: this is no valid Pod: "}, 0},
		{"no name", lines("apiVersion: v1", "kind: Pod", "metadata: {labels: {a: b}}"), nil, []string{"m.yaml:1: this Pod has no name"}, 0},
		{"a generated name", lines("apiVersion: v1", "kind: Pod", "metadata: {generateName: a-}"), []string{"Pod default/a-:1"}, nil, 0},
		{"a CRD of its own", lines("apiVersion: serving.knative.dev/v1", "kind: Service", "metadata: {name: a}"), nil, nil, 1},
		{"kinds that no scan reads", lines("apiVersion: apiextensions.k8s.io/v1", "kind: CustomResourceDefinition", "---", "apiVersion: v1", "kind: ConfigMap"), nil, nil, 2},
		{"a version that is no longer served", lines("apiVersion: extensions/v1beta1", "kind: Deployment", "metadata: {name: a}"), nil, []string{"m.yaml:1: Deployment of extensions/v1beta1 is not read; write it as apps/v1"}, 1},
		{"a template", "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\n", nil, []string{"m.yaml:3: this looks like a template; render it first, as in helm template CHART | kubemuster scan manifests://-"}, 0},
		{"a kind in small letters", lines("apiVersion: apps/v1", "kind: deployment", "metadata: {name: a}"), nil, []string{"m.yaml:1: there is no kind deployment; write it as Deployment"}, 1},
		{"a key with a capital letter", lines("apiVersion: apps/v1", "Kind: Deployment", "metadata: {name: a}"), nil, []string{"m.yaml:2: the key Kind must be written kind"}, 0},
		{"a key in small letters", lines("apiversion: apps/v1", "kind: Deployment", "metadata: {name: a}"), nil, []string{"m.yaml:1: the key apiversion must be written apiVersion"}, 0},
		{"a key that may be anybody's", lines("Kind: of settings", "metadata: {name: a}"), nil, nil, 0},
		{"a group that it does not have", lines("apiVersion: v1", "kind: Deployment", "metadata: {name: a}"), nil, []string{"m.yaml:1: Deployment of v1 is not read; write it as apps/v1"}, 1},
		{"none of Kubernetes", lines("- a", "- b", "---", "just text", "---", "replicas: 3", "---", "kind: {of: map}", "---", "null"), nil, nil, 0},
		{"a namespace that a cluster-scoped object has not", lines("apiVersion: v1", "kind: Namespace", "metadata: {name: a, namespace: b}"), []string{"Namespace /a:1"}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects, gaps, p := parsed(tt.text)
			if !slices.Equal(objects, tt.objects) || p.others != tt.others {
				t.Errorf("got %q and %d others, want %q and %d", objects, p.others, tt.objects, tt.others)
			}
			if !slices.EqualFunc(gaps, tt.gaps, strings.HasPrefix) {
				t.Errorf("gaps %q, want %q", gaps, tt.gaps)
			}
		})
	}
}

// Values are read as kubectl reads them, or a scan before the deployment would judge what is not deployed.
func TestParseReadsValuesAsKubectlDoes(t *testing.T) {
	_, gaps, p := parsed(lines(
		"apiVersion: apps/v1",
		"kind: Deployment",
		"metadata:",
		"  name: web",
		"  labels: {date: 2026-01-02, 1: one}",
		"  managedFields: [{manager: kubectl}]",
		"  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}",
		"x-common: &common",
		"  securityContext: &context {privileged: yes}",
		"  image: nginx",
		"spec:",
		"  template:",
		"    spec:",
		"      hostpid: true",
		"      containers:",
		"      - <<: *common",
		"        name: merged",
		"        image: mine",
		"      - name: aliased",
		"        securityContext: *context",
		"        ports: [{containerPort: 0x1F90}]",
	))
	if len(gaps) > 0 || len(p.objects) != 1 {
		t.Fatalf("%d objects, gaps %q", len(p.objects), gaps)
	}
	o := p.objects[0]
	d := o.Value.(*appsv1.Deployment)
	if want := map[string]string{"date": "2026-01-02", "1": "one"}; !reflect.DeepEqual(d.Labels, want) {
		t.Errorf("labels %v, want %v", d.Labels, want)
	}
	if d.ManagedFields != nil || len(d.Annotations) > 0 {
		t.Error("what repeats the object is kept")
	}
	spec := d.Spec.Template.Spec
	if spec.HostPID {
		t.Error("the API server knows no field hostpid")
	}
	privileged := func(c corev1.Container) bool {
		return c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged
	}
	if c := spec.Containers; !privileged(c[0]) || c[0].Image != "mine" || !privileged(c[1]) || c[1].Ports[0].ContainerPort != 8080 {
		t.Errorf("got %+v", c)
	}
	for path, want := range map[string]int{
		"spec.template.spec.containers[1].securityContext.privileged": 9,  // where the alias leads
		"spec.template.spec.containers[0].securityContext.privileged": 16, // merged: the container
		"spec.template.spec.containers[0].image":                      18,
	} {
		if got := o.Line(path); got != want {
			t.Errorf("%s is said to be in line %d, want %d", path, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	_, _, p := parsed(lines(
		"# a comment",                   // 1
		"apiVersion: v1",                // 2
		"kind: Pod",                     // 3
		"metadata:",                     // 4
		"  name: a",                     // 5
		"  labels:",                     // 6
		"    app.kubernetes.io/name: a", // 7
		"    pod-security.kubernetes.io/enforce: privileged", // 8
		"spec:",                      // 9
		"  containers:",              // 10
		"    - name: first",          // 11
		"    -",                      // 12
		"      name: second",         // 13
		"      securityContext:",     // 14
		"        privileged: true",   // 15
		"  volumes: [{name: flow,",   // 16
		"    hostPath: {path: /}}]",  // 17
		"---",                        // 18
		"{apiVersion: v1, kind: Pod", // 19
		",metadata: {name: b}}",      // 20
	))
	tests := []struct {
		object int
		path   string
		want   int
	}{
		{0, "", 2},
		{0, "metadata", 4},
		{0, "metadata.labels[pod-security.kubernetes.io/enforce]", 8},
		{0, `metadata.labels["app.kubernetes.io/name"]`, 7},
		{0, "metadata.labels[missing]", 6},
		{0, "metadata.annotations[missing]", 4},
		{0, "spec.containers", 10},
		{0, "spec.containers[0]", 11},
		{0, "spec.containers[0].securityContext.privileged", 11},
		{0, "spec.containers[1]", 13},
		{0, "spec.containers[1].securityContext.privileged", 15},
		{0, "spec.containers[1].securityContext.privileged.deeper", 15},
		{0, "spec.containers[7].image", 10},
		{0, "spec.containers[-1]", 10},
		{0, "spec.containers[x]", 10},
		{0, "spec.volumes[0].hostPath.path", 17},
		{0, "status.phase", 2},
		{1, "metadata.name", 20},
		{1, "spec", 19},
	}
	for _, tt := range tests {
		if got := p.objects[tt.object].Line(tt.path); got != tt.want {
			t.Errorf("%q is said to be in line %d, want %d", tt.path, got, tt.want)
		}
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func manifest(kind, name string) string {
	k, _ := snapshot.KindNamed(kind)
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s}\n", k.APIVersion(), kind, name)
}

// What runs containers and is not looked into is counted, wherever in it the pod template stands.
func TestManifestsCountTemplates(t *testing.T) {
	object := func(apiVersion, kind, namespace, rest string) string {
		return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: a, namespace: %s}\n%s\n", apiVersion, kind, namespace, rest)
	}
	const pod = "{spec: {containers: [{name: c, image: nginx}]}}"
	text := object("v1", "PodTemplate", "a", "template: "+pod) +
		object("argoproj.io/v1alpha1", "Rollout", "a", "spec: {template: "+pod+"}") +
		object("argoproj.io/v1alpha1", "Rollout", "b", "spec: {template: "+pod+"}") +
		object("serving.knative.dev/v1", "Service", "a", "spec: {template: "+pod+"}") +
		object("ray.io/v1", "RayCluster", "a", "spec: {workerGroupSpecs: [{replicas: 1}, {template: "+pod+"}]}") +
		"---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, metadata: {name: a}, spec: {template: " + pod + "}}\n" +
		object("example.com/v1", "Widget", "a", "spec: {template: "+pod+"}") +
		// None of these: read, none, a reference, a schema, a version that is a gap.
		object("apps/v1", "Deployment", "a", "spec: {template: "+pod+"}") +
		object("argoproj.io/v1alpha1", "Rollout", "a", "spec: {workloadRef: {kind: Deployment, name: a}}") +
		object("example.com/v1", "List", "a", "spec: {containers: [one, two]}") +
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "a", "spec: {properties: {spec: {properties: {containers: {items: {}}}}}}") +
		object("extensions/v1beta1", "Deployment", "a", "spec: {template: "+pod+"}")
	widget := snapshot.Custom("example.com", "v1", "Widget")
	rbac, _ := snapshot.KindNamed("ClusterRole")
	for name, tt := range map[string]struct {
		scope Scope
		want  map[string]int
	}{
		"all": {Scope{Kinds: kinds}, map[string]int{
			"PodTemplate": 1, "Rollout.argoproj.io": 2, "Service.serving.knative.dev": 1, "RayCluster.ray.io": 1, "CloneSet.apps.kruise.io": 1, "Widget.example.com": 1,
		}},
		"what only a pack's checks read": {Scope{Kinds: append(slices.Clone(kinds), widget), Namespaces: []string{"a"}}, map[string]int{
			"PodTemplate": 1, "Rollout.argoproj.io": 1, "Service.serving.knative.dev": 1, "RayCluster.ray.io": 1, "Widget.example.com": 1,
		}},
		"nobody asks for workloads": {Scope{Kinds: []snapshot.Kind{rbac}}, map[string]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got receiver
			cov, err := Manifests{Path: "-", Stdin: strings.NewReader(text)}.Collect(t.Context(), tt.scope, got.emit)
			if err != nil || !maps.Equal(cov.Templates, tt.want) {
				t.Errorf("counted %v, want %v: %v", cov.Templates, tt.want, err)
			}
		})
	}
}

func TestManifestsOfAFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "charts", map[string]string{
		"b/pod.yml":          manifest("Pod", "pod"),
		"b/deep/er/web.yaml": manifest("Deployment", "web"),
		"a.json":             `{"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web", "namespace": "a"}}`,
		"broken.YAML":        "a: [",
		".git/config.yaml":   "a: [",
		"README.md":          "a: [",
		"other.yaml":         manifest("Service", "s"),
	})
	if err := os.Symlink("charts", "link"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"charts", "./charts/", "link"} {
		var got receiver
		cov, err := Manifests{Path: dir}.Collect(t.Context(), Scope{Kinds: kinds}, got.emit)
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		if want := map[string]int{"Namespace": 0, "ClusterRole": 0, "Deployment": 1, "ReplicaSet": 1, "Pod": 1}; !reflect.DeepEqual(cov.Objects, want) {
			t.Errorf("%s: counted %v, want %v", dir, cov.Objects, want)
		}
		if want := []string{"Deployment", "ReplicaSet", "Pod"}; !slices.Equal(got.order, want) {
			t.Errorf("%s: came in the order %v, want %v", dir, got.order, want)
		}
		if len(cov.Gaps) != 1 || cov.Gaps[0].Kind != "Manifest" || !strings.HasPrefix(cov.Gaps[0].Message, filepath.Join(dir, "broken.YAML")+":1: ") {
			t.Errorf("%s: gaps %v", dir, cov.Gaps)
		}
		if want := strings.Trim(dir, "./") + "/b/deep/er/web.yaml"; got.all[0].File != want {
			t.Errorf("%s: the file is %s, want %s", dir, got.all[0].File, want)
		}
	}
}

func TestManifestsScope(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"all.yaml": strings.Join([]string{
		manifest("Namespace", "a"), manifest("Namespace", "b"), manifest("ClusterRole", "r"), manifest("Service", "not asked for"),
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\n", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: b}\n",
	}, "---\n")})
	tests := []struct {
		scope Scope
		want  map[string][]string
	}{
		{Scope{}, map[string][]string{"Namespace": {"/a", "/b"}, "ClusterRole": {"/r"}, "Pod": {"a/p", "b/p"}}},
		{Scope{ExcludeNamespaces: []string{"b"}}, map[string][]string{"Namespace": {"/a"}, "ClusterRole": {"/r"}, "Pod": {"a/p"}}},
		{Scope{Namespaces: []string{"b"}}, map[string][]string{"Pod": {"b/p"}}}, // as of a live cluster
	}
	for _, tt := range tests {
		tt.scope.Kinds = kinds
		var got receiver
		if _, err := (Manifests{Path: dir}).Collect(t.Context(), tt.scope, got.emit); err != nil || !reflect.DeepEqual(got.names, tt.want) {
			t.Errorf("got %v, %v, want %v", got.names, err, tt.want)
		}
	}
}

// Two overlays hold an object of one name: both are judged, and their findings lead to their files.
func TestManifestsOfOneName(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, ".", map[string]string{"base/a.yaml": manifest("Pod", "same"), "prod/a.yaml": "\n" + manifest("Pod", "same")})
	var got receiver
	cov, err := Manifests{Path: "."}.Collect(t.Context(), Scope{Kinds: kinds}, got.emit)
	if err != nil || cov.Objects["Pod"] != 2 {
		t.Fatalf("%v, counted %v", err, cov.Objects)
	}
	var at []string
	for _, o := range got.all {
		at = append(at, fmt.Sprintf("%s:%d", o.File, o.Line("metadata.name")))
	}
	if want := []string{"base/a.yaml:3", "prod/a.yaml:4"}; !slices.Equal(at, want) {
		t.Errorf("got %v, want %v", at, want)
	}
}

func TestManifestsOfAStream(t *testing.T) {
	var got receiver
	in := strings.NewReader("---\n# Source: shop/templates/pod.yaml\n" + manifest("Pod", "p"))
	cov, err := Manifests{Path: "-", Stdin: in}.Collect(t.Context(), Scope{Kinds: kinds}, got.emit)
	if err != nil || cov.Objects["Pod"] != 1 || got.all[0].File != "stdin.yaml" || got.all[0].Line("metadata") != 5 {
		t.Errorf("%v, %+v", err, cov)
	}
}

// Nothing that could be judged is not the same as nothing wrong.
func TestManifestsWithoutObjects(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"none/README.md": "", "values/values.yaml": "replicas: 3\n", "others/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
	})
	tests := []struct {
		path, stdin string
		want        string // the error's end; empty: none
	}{
		{"-", "", "standard input holds no Kubernetes object"},
		{"-", "Error: chart not found\n", "standard input holds no Kubernetes object"},
		{filepath.Join(dir, "values"), "", "values holds no Kubernetes object"},
		{filepath.Join(dir, "none"), "", "none holds no .yaml, .yml or .json file"},
		{filepath.Join(dir, "missing"), "", "missing: no such file or directory"},
		{filepath.Join(dir, "others"), "", ""}, // nothing that is judged, and nothing amiss
	}
	for _, tt := range tests {
		m := Manifests{Path: tt.path, Stdin: strings.NewReader(tt.stdin)}
		_, err := m.Collect(t.Context(), Scope{Kinds: kinds}, (&receiver{}).emit)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %s", tt.path, err, tt.want)
		}
	}
}

// A file that cannot be read is a gap, and the others are judged.
func TestManifestsUnreadable(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.yaml": manifest("Pod", "p")})
	if err := os.Symlink("missing", filepath.Join(dir, "b.yaml")); err != nil {
		t.Fatal(err)
	}
	large, err := os.Create(filepath.Join(dir, "c.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(large.Truncate(maxManifest+1), large.Close()); err != nil {
		t.Fatal(err)
	}
	cov, err := Manifests{Path: dir}.Collect(t.Context(), Scope{Kinds: kinds}, (&receiver{}).emit)
	if err != nil || cov.Objects["Pod"] != 1 || len(cov.Gaps) != 2 {
		t.Fatalf("%v, %+v", err, cov)
	}
	for i, want := range []string{"b.yaml: no such file", "c.yaml is larger than 64 MiB"} {
		if !strings.Contains(cov.Gaps[i].Message, want) {
			t.Errorf("got %v, want %s", cov.Gaps[i], want)
		}
	}
}

// A terminal that says nothing does not hold up an interrupt.
func TestManifestsEndWithTheirContext(t *testing.T) {
	silent, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Manifests{Path: "-", Stdin: silent}.Collect(ctx, Scope{Kinds: kinds}, (&receiver{}).emit)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestManifestsEndWithTheirReceiver(t *testing.T) {
	full := errors.New("the disk is full")
	_, err := Manifests{Path: "-", Stdin: strings.NewReader(manifest("Pod", "p"))}.Collect(t.Context(), Scope{Kinds: kinds}, func([]snapshot.Object) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

// Whatever a file holds, parsing ends, objects have what findings are made of, and lines are in the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		manifest("Pod", "p"),
		"---\n# Source: x\n" + manifest("Deployment", "web") + "---\n" + manifest("Namespace", "n"),
		`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}]}`,
		"apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n",
		"x: &x {apiVersion: v1, kind: Pod, metadata: {name: a}}\n<<: *x\n",
		"apiVersion: v1\nkind: List\nitems: &i [*i]\n",
		"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
		"%YAML 1.1\n---\nkind: Pod\n...\n---\n- x\n",
		"? [a]\n: b\n", "\xff\xfek\x00:\x00", "kind: !!binary Pod\n", "\t", "--- |\n  kind\n---\n", "kind: Pod\r---\rx",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := parser{file: "f.yaml"}
		p.parse(data)
		last := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1
		for _, o := range p.objects {
			if o.Value.GetName() == "" || o.Kind.Name == "" || o.Kind.Namespaced == (o.Value.GetNamespace() == "") {
				t.Errorf("%s %q in %q", o.Kind.Name, o.Value.GetName(), o.Value.GetNamespace())
			}
			for _, path := range []string{"", "metadata.name", "spec.template.spec.containers[0].image", "spec.containers[99]"} {
				if n := o.Line(path); n < 1 || n > last {
					t.Errorf("%s is said to be in line %d of %d", path, n, last)
				}
			}
		}
		for _, g := range p.gaps {
			if strings.ContainsAny(g.Message, "\n\r") || !strings.HasPrefix(g.Message, "f.yaml:") {
				t.Errorf("got %q", g.Message)
			}
		}
	})
}
