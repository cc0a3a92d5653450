package collect

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Manifests reads YAML and JSON files, or one stream of documents. Two documents of one kind, namespace and name, as in two
// overlays, are two objects: each is judged, and the file is part of a finding's identity.
type Manifests struct {
	// Path is a file, a folder that is searched to any depth, or "-" for Stdin.
	Path  string
	Stdin io.Reader
}

// Collect implements Source. A document that cannot be read is a gap that names its file and line; kinds that no scan
// reads are passed over, and counted where they run containers. Files that hold no Kubernetes object at all are an error: an
// empty stream is what a generator that failed leaves, and not what passes.
func (m Manifests) Collect(ctx context.Context, scope Scope, emit func([]snapshot.Object) error) (Coverage, error) {
	cov := Coverage{Objects: map[string]int{}, Templates: map[string]int{}}
	files, err := m.files()
	if err != nil {
		return cov, err
	}
	for _, k := range scope.Kinds {
		cov.Objects[k.Name] = 0 // manifests hold what they hold: a kind that does not occur has been read
	}
	var objects, templates []snapshot.Object
	others, custom := 0, 0
	for _, file := range files {
		data, err := m.read(ctx, file)
		if ctx.Err() != nil {
			return cov, ctx.Err()
		}
		if err != nil {
			cov.Gaps = append(cov.Gaps, snapshot.Gap{Kind: snapshot.Manifest, Name: displayName(file), Reason: snapshot.Failed, Message: oneLine(err)})
			continue
		}
		p := parser{file: file, kinds: slices.DeleteFunc(slices.Clone(scope.Kinds), func(k snapshot.Kind) bool { return !k.Custom() })}
		p.parse(data)
		objects, cov.Gaps, others = append(objects, p.objects...), append(cov.Gaps, p.gaps...), others+p.others
		templates, custom = append(templates, p.templates...), custom+p.custom
	}
	if len(objects)+len(cov.Gaps)+others == 0 {
		return cov, fmt.Errorf("%s holds no Kubernetes object", m.name())
	}
	if len(objects)+len(cov.Gaps) == 0 && custom > 0 {
		return cov, fmt.Errorf("%s holds %d custom resources and nothing else that checks could judge, and those they do not read", m.name(), custom)
	}
	wanted := func(o snapshot.Object) bool {
		return scope.includes(o) && slices.ContainsFunc(scope.Kinds, func(k snapshot.Kind) bool { return k.Name == o.Kind.Name })
	}
	for _, ns := range scope.Namespaces {
		if !slices.ContainsFunc(objects, func(o snapshot.Object) bool {
			return o.Value.GetNamespace() == ns || o.Kind == namespaceKind && o.Value.GetName() == ns
		}) {
			cov.Gaps = append(cov.Gaps, snapshot.Gap{Kind: namespaceKind.Name, Namespace: ns, Reason: snapshot.Failed, Message: "nothing is in this namespace; check the name that --namespace gives"})
		}
	}
	for _, o := range templates {
		if scope.includes(o) && slices.ContainsFunc(scope.Kinds, func(k snapshot.Kind) bool { return k.PodSpec != "" }) {
			cov.Templates[o.Kind.Name]++
		}
	}
	for _, wave := range []int{0, 1, 2} {
		var page []snapshot.Object
		for _, o := range objects {
			if len(scope.Namespaces) > 0 && o.Kind.Custom() && !o.Kind.Namespaced {
				delete(cov.Objects, o.Kind.Name) // it is there, and left out
			}
			if o.Kind.Wave == wave && wanted(o) {
				page = append(page, o)
				cov.Objects[o.Kind.Name]++
			}
		}
		if len(page) > 0 {
			if err := emit(page); err != nil {
				return cov, err
			}
		}
	}
	return cov, nil
}

func (m Manifests) name() string {
	if m.Path == "-" {
		return "standard input"
	}
	return m.Path
}

// files returns the files to read, in the order of their names.
func (m Manifests) files() ([]string, error) {
	if m.Path == "-" {
		return []string{"-"}, nil
	}
	info, err := os.Stat(m.Path)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	if !info.IsDir() {
		return []string{m.Path}, nil
	}
	var files []string
	root := m.Path + string(filepath.Separator) // so that a link to a folder is followed
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				return fmt.Errorf("%s is a link to a folder, which is not followed; name the folder itself as a target", path)
			}
		}
		if ext := strings.ToLower(filepath.Ext(path)); ext == ".yaml" || ext == ".yml" || ext == ".json" {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no .yaml, .yml or .json file", m.Path)
	}
	return files, nil
}

// maxManifest bounds one file, in bytes.
const maxManifest = 64 << 20

func (m Manifests) read(ctx context.Context, file string) ([]byte, error) {
	if file == "-" {
		return readStream(ctx, m.Stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, file)
}

// readStream gives a stream up where ctx ends: nothing else ends the read of a terminal.
func readStream(ctx context.Context, r io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := readBounded(r, "standard input")
		done <- result{data, err}
	}()
	select {
	case got := <-done:
		return got.data, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readBounded(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("%s is larger than 64 MiB", name)
	}
	return data, err
}

// parser reads the documents of one file.
type parser struct {
	file    string
	kinds   []snapshot.Kind // of custom resources to read
	objects []snapshot.Object
	gaps    []snapshot.Gap
	// templates are what runs containers and is of a kind that checks of workloads do not know: identities alone.
	templates []snapshot.Object
	others    int // objects of kinds that no scan reads
	custom    int // of those, custom resources
}

// parse takes each document by itself, so that a broken one costs no other.
func (p *parser) parse(data []byte) {
	for _, d := range documents(data) {
		p.document(d)
	}
}

func (p *parser) gap(line int, err error) {
	name := p.file
	if name == "-" {
		name = "standard input"
	}
	p.gaps = append(p.gaps, snapshot.Gap{Kind: snapshot.Manifest, Name: displayName(p.file), Reason: snapshot.Failed, Message: fmt.Sprintf("%s:%d: %s", name, line, oneLine(err))})
}

// document is the text of one document, and how many lines of the file stand before it.
type document struct {
	text   []byte
	before int
}

// documents cuts a file where YAML does: before a line of three dashes, and after one of three dots.
func documents(data []byte) []document {
	var docs []document
	current, line := document{}, 0
	cut := func() {
		if !blank(current.text) {
			docs = append(docs, current)
		}
		current = document{before: line}
	}
	for text := range bytes.Lines(data) {
		if marks(text, "---") {
			cut()
		}
		current.text = append(current.text, text...)
		line++
		if marks(text, "...") {
			cut()
		}
	}
	cut()
	return docs
}

func marks(line []byte, mark string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(mark))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// blank reports whether the text holds comments and directives at most.
func blank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && line[0] != '%' {
			return false
		}
	}
	return true
}

// document reads a document twice: for its lines, and as kubectl reads values, for whom yes is a boolean and a date a string.
func (p *parser) document(d document) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(d.text))
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return
	}
	var values any
	if err == nil {
		err = doc.Decode(&values) // finds keys that stand twice, and aliases without end
	}
	if err == nil && !errors.Is(decoder.Decode(new(yaml.Node)), io.EOF) {
		err = errors.New("the document does not end where it should")
	}
	if err != nil {
		p.broken(d, err)
		return
	}
	if len(doc.Content) == 0 {
		return
	}
	if top := doc.Content[0]; top.Kind != yaml.MappingNode {
		if top.Kind == yaml.SequenceNode && slices.ContainsFunc(top.Content, isObject) {
			p.gap(d.before+top.Line, errors.New("objects stand in a bare list; write kind: List, or a document each"))
		}
		return
	}
	data, err := sigsyaml.YAMLToJSON(d.text)
	if err != nil {
		p.broken(d, err)
		return
	}
	p.value(doc.Content[0], data, metav1.TypeMeta{}, d.before)
}

// broken tells why a document is none that can be read.
func (p *parser) broken(d document, err error) {
	at := yamlLine(err)
	lines := bytes.Split(d.text, []byte("\n"))
	first, last := max(at-2, 0), min(at+1, len(lines)) // parsers are not exact
	if strings.Contains(err.Error(), "invalid map key") {
		first, last = 0, len(lines)
	}
	for i := first; i < last; i++ {
		if bytes.Contains(lines[i], []byte("{{")) {
			p.gap(d.before+i+1, errors.New("this looks like a template; render it first, as in helm template CHART | kubemuster scan manifests://-"))
			return
		}
	}
	p.gap(d.before+at, err)
}

// value reads an object, or those of a List. of is what an item is that does not say so itself.
func (p *parser) value(node *yaml.Node, data []byte, of metav1.TypeMeta, before int) {
	head := of
	if err := json.Unmarshal(data, &head); err != nil {
		return // no apiVersion or kind that is a string: none of Kubernetes
	}
	item, isList := strings.CutSuffix(head.Kind, "List")
	seq := resolve(child(node, "items"))
	if !isList || seq == nil || seq.Kind != yaml.SequenceNode {
		p.object(node, data, head, before)
		return
	}
	var list struct {
		Items []stdjson.RawMessage `json:"items"`
	}
	if err := stdjson.Unmarshal(data, &list); err != nil || len(list.Items) != len(seq.Content) {
		p.gap(before+node.Line, errors.New("the list cannot be read"))
		return
	}
	of = metav1.TypeMeta{}
	if item != "" {
		of = metav1.TypeMeta{APIVersion: head.APIVersion, Kind: item}
	}
	for i, n := range seq.Content {
		if n = resolve(n); n.Kind != yaml.MappingNode {
			p.gap(before+n.Line, errors.New("an item of the list is no object"))
			continue
		}
		p.value(n, list.Items[i], of, before)
	}
}

func (p *parser) object(node *yaml.Node, data []byte, head metav1.TypeMeta, before int) {
	if head.Kind == "" || head.APIVersion == "" {
		if kind, version := key(node, "kind"), key(node, "apiVersion"); kind != nil && version != nil {
			for want, given := range map[string]*yaml.Node{"kind": kind, "apiVersion": version} {
				if given.Value != want {
					p.gap(before+given.Line, fmt.Errorf("the key %s must be written %s", given.Value, want))
					return
				}
			}
		}
		if _, known := snapshot.KindNamed(head.Kind); known && child(node, "metadata") != nil {
			p.gap(before+node.Line, fmt.Errorf("this %s has no apiVersion", head.Kind))
		}
		return
	}
	if i := slices.IndexFunc(p.kinds, func(k snapshot.Kind) bool { return k.Kind() == head.Kind && k.Is(head.APIVersion) }); i >= 0 {
		p.template(head, data)
		p.customObject(node, data, p.kinds[i].In(head.APIVersion), before)
		return
	}
	kind, ok := snapshot.KindNamed(head.Kind)
	if !ok || kind.APIVersion() != head.APIVersion {
		p.others++
		if !builtIn(head.APIVersion) {
			p.custom++
		}
		meant := slices.IndexFunc(snapshot.Kinds, func(k snapshot.Kind) bool { return !k.Custom() && strings.EqualFold(k.Name, head.Kind) })
		if !ok && meant >= 0 && builtIn(head.APIVersion) {
			p.gap(before+node.Line, fmt.Errorf("there is no kind %s; write it as %s", head.Kind, snapshot.Kinds[meant].Name))
		} else if !ok || !builtIn(head.APIVersion) {
			p.template(head, data)
		} else {
			p.gap(before+node.Line, fmt.Errorf("%s of %s is not read; write it as %s", head.Kind, head.APIVersion, kind.APIVersion()))
		}
		return
	}
	value := reflect.New(kind.Type).Interface().(metav1.Object)
	if err := json.Unmarshal(data, value); err != nil {
		p.gap(before+node.Line, fmt.Errorf("this is no valid %s: %w", kind.Name, err))
		return
	}
	p.add(node, kind, value, before)
}

// template takes note of an object that has a pod template. Names of custom kinds carry their group, as in Rollout.argoproj.io.
func (p *parser) template(head metav1.TypeMeta, data []byte) {
	value := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &value.Object); err != nil || !runsContainers(value.Object) {
		return
	}
	kind := snapshot.Kind{Name: head.GroupVersionKind().GroupKind().String(), Namespaced: true}
	if value.GetNamespace() == "" {
		value.SetNamespace(metav1.NamespaceDefault)
	}
	p.templates = append(p.templates, snapshot.Object{Kind: kind, Value: value})
}

// runsContainers reports whether a pod's spec stands anywhere in the value.
func runsContainers(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if spec, ok := v["spec"].(map[string]any); ok {
			containers, _ := spec["containers"].([]any)
			if slices.ContainsFunc(containers, func(c any) bool { _, ok := c.(map[string]any); return ok }) {
				return true
			}
		}
		for _, part := range v {
			if runsContainers(part) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, runsContainers)
	}
	return false
}

// customObject reads a custom resource. Whether a pack's kind has namespaces is not known: it has the one that it names.
func (p *parser) customObject(node *yaml.Node, data []byte, kind snapshot.Kind, before int) {
	value := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &value.Object); err != nil {
		p.gap(before+node.Line, fmt.Errorf("this is no valid %s: %w", kind.Kind(), err))
		return
	}
	value.SetAPIVersion(kind.APIVersion())
	value.SetKind(kind.Kind())
	if _, known := snapshot.KindNamed(kind.Name); !known {
		kind.Namespaced = value.GetNamespace() != ""
	}
	p.add(node, kind, value, before)
}

func (p *parser) add(node *yaml.Node, kind snapshot.Kind, value metav1.Object, before int) {
	if value.GetName() == "" {
		value.SetName(value.GetGenerateName())
	}
	if kind.Name == kubeletKind.Name && value.GetName() == "" {
		value.SetName("kubelet") // its file names no node
	}
	switch {
	case value.GetName() == "":
		p.gap(before+node.Line, fmt.Errorf("this %s has no name", kind.Kind()))
		return
	case !kind.Namespaced:
		value.SetNamespace("")
	case value.GetNamespace() == "":
		value.SetNamespace(metav1.NamespaceDefault)
	}
	strip(value)
	p.objects = append(p.objects, snapshot.Classified(snapshot.Object{
		Kind: kind, Value: value, File: displayName(p.file), Line: func(path string) int { return before + line(node, path) },
	}))
}

// key finds a key, also one that differs by capital letters.
func key(node *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if k := node.Content[i]; strings.EqualFold(k.Value, name) {
			return k
		}
	}
	return nil
}

// isObject reports whether a node looks like an object of Kubernetes.
func isObject(node *yaml.Node) bool {
	node = resolve(node)
	return node.Kind == yaml.MappingNode && child(node, "kind") != nil && child(node, "apiVersion") != nil
}

// builtIn reports whether the group is one of Kubernetes' own: those of CRDs have a dot, and k8s.io is reserved.
func builtIn(apiVersion string) bool {
	group, _, ok := strings.Cut(apiVersion, "/")
	return !ok || !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

// line finds where the path stands, or the nearest node above it that is there.
func line(node *yaml.Node, path string) int {
	at := node.Line
	for _, part := range finding.SplitPath(path) {
		node = resolve(node)
		switch node.Kind {
		case yaml.MappingNode:
			key, value := entry(node, part)
			if value == nil {
				return at
			}
			at, node = key.Line, value
		case yaml.SequenceNode:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(node.Content) {
				return at
			}
			node = node.Content[i]
			at = node.Line
		default:
			return at
		}
	}
	return at
}

func child(node *yaml.Node, key string) *yaml.Node {
	_, value := entry(node, key)
	return value
}

// resolve returns what an alias stands for, and any other node itself.
func resolve(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func entry(node *yaml.Node, key string) (k, v *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i], node.Content[i+1]
		}
	}
	return nil, nil
}

// displayName is the file as a report names it: relative and with slashes where it is below the working directory.
func displayName(file string) string {
	if file == "-" {
		return "stdin.yaml"
	}
	if abs, err := filepath.Abs(file); err == nil {
		if wd, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(wd, abs); err == nil && filepath.IsLocal(rel) {
				return filepath.ToSlash(rel)
			}
		}
	}
	return strings.TrimLeft(filepath.ToSlash(filepath.Clean(file)), "./")
}

// yamlLine takes the line out of the parser's message, which says it nowhere else.
func yamlLine(err error) int {
	_, rest, ok := strings.Cut(err.Error(), "line ")
	n, convErr := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, ":", 2)[0]))
	if !ok || convErr != nil {
		return 1
	}
	return n
}

// oneLine tells an error without what parsers quote of the file.
func oneLine(err error) string { return strings.Join(strings.Fields(redact.Quoted(err.Error())), " ") }
