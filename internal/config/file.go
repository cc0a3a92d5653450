package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// File is kubemuster.yaml.
type File struct {
	Targets    []Target   `yaml:"targets"`
	Plugins    Plugins    `yaml:"plugins"`
	Policies   Policies   `yaml:"policies"`
	Namespaces Namespaces `yaml:"namespaces"`
	Outputs    []string   `yaml:"outputs"`
	Gate       Gate       `yaml:"gate"`
	Limits     Limits     `yaml:"limits"`

	path  string
	lines map[string]int // of every key and item, by its path
}

// Target is one cluster.
type Target struct {
	Target string            `yaml:"target"` // provider://path?parameters
	Alias  string            `yaml:"alias"`  // in reports; unique
	ID     string            `yaml:"id"`     // identity of the cluster's findings, in place of the cloud's
	Params map[string]string `yaml:"params"`
}

// Plugins says where auth plugins are and what each may have.
type Plugins struct {
	Dir       string              `yaml:"dir"`
	Providers map[string]Provider `yaml:"providers"`
}

// Provider is what the targets of one provider share.
type Provider struct {
	Env    []string          `yaml:"env"`    // environment variables that the plugin may see, of those it declares
	Params map[string]string `yaml:"params"` // parameters of every target, unless the target has its own
}

// Policies says which checks there are and how they judge.
type Policies struct {
	Packs       []Pack                    `yaml:"packs"` // beside our own
	Select      []string                  `yaml:"select"`
	Skip        []string                  `yaml:"skip"`
	Frameworks  []string                  `yaml:"frameworks"`
	MinSeverity string                    `yaml:"minSeverity"`
	Severity    map[string]string         `yaml:"severity"`   // by check, in place of its own
	Parameters  map[string]map[string]any `yaml:"parameters"` // by check and name
}

// Pack is a source of further checks.
type Pack struct {
	Path string `yaml:"path"` // a folder, a bundle FILE.tar.gz, or oci://registry/repository:tag
	Key  string `yaml:"key"`  // PEM file of the public key that must have signed the bundle
	// For oci://. The secrets are references: env:NAME or file:PATH.
	CAFile   string `yaml:"caFile"`
	Username string `yaml:"username"`
	Password string `yaml:"password"`
}

// Namespaces selects namespaces by name.
type Namespaces struct {
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`
}

// Gate says what fails a run.
type Gate struct {
	FailOn          string `yaml:"failOn"`
	AllowIncomplete *bool  `yaml:"allowIncomplete"`
}

// Limits bound a run.
type Limits struct {
	Concurrency int     `yaml:"concurrency"` // clusters at once
	Timeout     string  `yaml:"timeout"`     // of one target, as in 15m
	Check       string  `yaml:"check"`       // time of a check for one object, as in 5s
	QPS         float64 `yaml:"qps"`         // requests a second to one API server
}

// readFile reads and checks a configuration file. Errors name file, line and key.
func readFile(path string) (File, error) {
	var f File
	data, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("reading the configuration: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return f, nil
	} else if err != nil {
		return f, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return f, fmt.Errorf("%s: holds more than one YAML document", path)
	}
	f.path, f.lines = path, map[string]int{}
	if err := f.known("", doc.Content[0], reflect.TypeFor[File]()); err != nil {
		return f, err
	}
	if err := doc.Decode(&f); err != nil {
		text := strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n  ")
		return f, fmt.Errorf("%s: %s", path, strings.Join(strings.Fields(text), " "))
	}
	return f, nil
}

// known refuses keys that the type has not, and values that look like a credential. It takes note of where keys stand.
func (f *File) known(at string, node *yaml.Node, t reflect.Type) error {
	path := f.path
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Kind == yaml.ScalarNode && redact.String(node.Value) != node.Value {
		return fmt.Errorf("%s:%d: %s holds a secret literally; write env:NAME or file:PATH in its place", path, node.Line, at)
	}
	switch {
	case node.Kind == yaml.SequenceNode && (t.Kind() == reflect.Slice || t.Kind() == reflect.Interface):
		of := t
		if t.Kind() == reflect.Slice {
			of = t.Elem()
		}
		for i, item := range node.Content {
			f.lines[fmt.Sprintf("%s[%d]", at, i)] = item.Line
			if err := f.known(fmt.Sprintf("%s[%d]", at, i), item, of); err != nil {
				return err
			}
		}
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			f.lines[join(at, key.Value)] = key.Line
			var of reflect.Type
			switch t.Kind() {
			case reflect.Map:
				of = t.Elem()
			case reflect.Struct:
				var keys []string
				if of, keys = fieldNamed(t, key.Value); of == nil {
					return fmt.Errorf("%s:%d: unknown key %q%s", path, key.Line, join(at, key.Value), nearest(key.Value, keys))
				}
			default:
				return fmt.Errorf("%s:%d: %s takes no keys", path, key.Line, at)
			}
			if err := f.known(join(at, key.Value), value, of); err != nil {
				return err
			}
		}
	}
	return nil
}

func fieldNamed(t reflect.Type, name string) (reflect.Type, []string) {
	var keys []string
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		if key == name {
			return t.Field(i).Type, nil
		}
		keys = append(keys, key)
	}
	return nil, keys
}

func nearest(key string, keys []string) string {
	best := slices.MinFunc(keys, func(a, b string) int {
		return levenshtein.ComputeDistance(key, a) - levenshtein.ComputeDistance(key, b)
	})
	if levenshtein.ComputeDistance(strings.ToLower(key), strings.ToLower(best)) <= max(2, len(key)/3) {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; the known keys here are " + strings.Join(keys, ", ")
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}
