package collect

import (
	"bytes"
	"context"
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
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Manifests reads YAML and JSON files, or one stream of documents.
type Manifests struct {
	// Path is a file, a folder that is searched to any depth, or "-" for Stdin.
	Path  string
	Stdin io.Reader
}

// Collect implements Source. A document that cannot be read is a gap that names its file and line; kinds that no scan
// reads are passed over.
func (m Manifests) Collect(ctx context.Context, scope Scope, emit func([]snapshot.Object) error) (Coverage, error) {
	cov := Coverage{Objects: map[string]int{}}
	files, err := m.files()
	if err != nil {
		return cov, err
	}
	for _, k := range scope.Kinds {
		cov.Objects[k.Name] = 0 // manifests hold what they hold: a kind that does not occur has been read
	}
	var objects []snapshot.Object
	for _, file := range files {
		if ctx.Err() != nil {
			return cov, ctx.Err()
		}
		data, err := m.read(file)
		if err != nil {
			cov.Gaps = append(cov.Gaps, snapshot.Gap{Kind: "Manifest", Reason: snapshot.Failed, Message: err.Error()})
			continue
		}
		found, gaps := parse(file, data)
		objects, cov.Gaps = append(objects, found...), append(cov.Gaps, gaps...)
	}
	wanted := func(o snapshot.Object) bool {
		return scope.includes(o) && slices.ContainsFunc(scope.Kinds, func(k snapshot.Kind) bool { return k.Name == o.Kind.Name })
	}
	for _, wave := range []int{0, 1, 2} {
		var page []snapshot.Object
		for _, o := range objects {
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

// files returns the files to read, with slashes, relative to the working directory where they are below it.
func (m Manifests) files() ([]string, error) {
	if m.Path == "-" {
		return []string{"-"}, nil
	}
	var files []string
	err := filepath.WalkDir(m.Path, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != m.Path && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := strings.ToLower(filepath.Ext(path)); path == m.Path || ext == ".yaml" || ext == ".yml" || ext == ".json" {
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

func (m Manifests) read(file string) ([]byte, error) {
	in := m.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("%s is larger than 64 MiB", file)
	}
	return data, err
}

// parse reads the documents of one file.
func parse(file string, data []byte) (objects []snapshot.Object, gaps []snapshot.Gap) {
	name := displayName(file)
	gap := func(line int, err error) {
		gaps = append(gaps, snapshot.Gap{Kind: "Manifest", Reason: snapshot.Failed, Message: fmt.Sprintf("%s:%d: %s", name, line, oneLine(err))})
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return objects, gaps
		}
		if err != nil {
			gap(yamlLine(err), err)
			return objects, gaps
		}
		if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
			continue // an empty document, or none of Kubernetes
		}
		for _, node := range items(doc.Content[0]) {
			o, ok, err := object(name, node)
			if err != nil {
				gap(node.Line, err)
			} else if ok {
				objects = append(objects, o)
			}
		}
	}
}

// items returns the objects of a List, or the node itself.
func items(node *yaml.Node) []*yaml.Node {
	if kind := child(node, "kind"); kind != nil && strings.HasSuffix(kind.Value, "List") {
		if list := child(node, "items"); list != nil && list.Kind == yaml.SequenceNode {
			return list.Content
		}
	}
	return []*yaml.Node{node}
}

func object(file string, node *yaml.Node) (snapshot.Object, bool, error) {
	var head struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
	}
	if err := node.Decode(&head); err != nil {
		return snapshot.Object{}, false, err
	}
	kind, ok := snapshot.KindNamed(head.Kind)
	if !ok || kind.APIVersion() != head.APIVersion {
		return snapshot.Object{}, false, nil
	}
	var raw any // aliases may point outside the node: decoding resolves them, marshalling the node would not
	if err := node.Decode(&raw); err != nil {
		return snapshot.Object{}, false, err
	}
	data, err := sigsyaml.Marshal(raw)
	if err != nil {
		return snapshot.Object{}, false, err
	}
	v := reflect.New(kind.Type).Interface()
	if err := sigsyaml.Unmarshal(data, v); err != nil {
		return snapshot.Object{}, false, fmt.Errorf("this is no valid %s: %w", kind.Name, err)
	}
	value := v.(metav1.Object)
	if value.GetName() == "" {
		value.SetName(value.GetGenerateName())
	}
	if kind.Namespaced && value.GetNamespace() == "" {
		value.SetNamespace(metav1.NamespaceDefault)
	}
	Strip(value)
	return snapshot.Object{Kind: kind, Value: value, File: file, Line: func(path string) int { return line(node, path) }}, true, nil
}

// line finds where the path stands, or the nearest node above it that is there.
func line(node *yaml.Node, path string) int {
	at := node.Line
	for _, part := range finding.SplitPath(path) {
		if node.Kind == yaml.AliasNode {
			node = node.Alias
		}
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

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
