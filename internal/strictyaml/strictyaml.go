// Package strictyaml reads the files that users write: unknown keys are refused with the nearest known one, and values that
// look like a credential are refused without being repeated.
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// Decode reads data, one YAML document or none, into the struct that v points to. Its fields' yaml tags are the keys. Errors
// name path, line and key.
func Decode(path string, data []byte, v any) error {
	_, err := DecodeLines(path, data, v)
	return err
}

// DecodeLines is Decode, and tells the line of every key and item by its path, as in limits.qps or targets[0].
func DecodeLines(path string, data []byte, v any) (map[string]int, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("%s: %s", path, redact.Quoted(strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: holds more than one YAML document", path)
	}
	r := reader{path: path, lines: map[string]int{}}
	if err := r.known("", doc.Content[0], reflect.TypeOf(v).Elem()); err != nil {
		return nil, err
	}
	if err := doc.Decode(v); err != nil {
		text := strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n  ")
		return nil, fmt.Errorf("%s: %s", path, redact.Quoted(strings.Join(strings.Fields(text), " ")))
	}
	return r.lines, nil
}

type reader struct {
	path  string
	lines map[string]int
}

// known refuses keys that the type has not, and values that look like a credential.
func (r reader) known(at string, node *yaml.Node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Kind == yaml.ScalarNode && redact.String(node.Value) != node.Value {
		return fmt.Errorf("%s:%d: %s holds a secret literally; write env:NAME or file:PATH in its place", r.path, node.Line, at)
	}
	if want := misfit(node, t); want != "" {
		return fmt.Errorf("%s:%d: %s must be %s", r.path, node.Line, cmp.Or(at, "the file"), want)
	}
	switch {
	case node.Kind == yaml.SequenceNode && (t.Kind() == reflect.Slice || t.Kind() == reflect.Interface):
		of := t // anything goes below what takes anything
		if t.Kind() == reflect.Slice {
			of = t.Elem()
		}
		for i, item := range node.Content {
			place := fmt.Sprintf("%s[%d]", at, i)
			r.lines[place] = item.Line
			if err := r.known(place, item, of); err != nil {
				return err
			}
		}
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			if key.Tag == "!!merge" {
				return fmt.Errorf("%s:%d: %s: keys are not merged here (<<); write them out", r.path, key.Line, cmp.Or(at, "the file"))
			}
			r.lines[join(at, key.Value)] = key.Line
			var of reflect.Type
			switch t.Kind() {
			case reflect.Map:
				of = t.Elem()
			case reflect.Struct:
				var keys []string
				if of, keys = fieldNamed(t, key.Value); of == nil {
					return fmt.Errorf("%s:%d: unknown key %q%s", r.path, key.Line, join(at, key.Value), nearest(key.Value, keys))
				}
			default:
				return fmt.Errorf("%s:%d: %s takes no keys", r.path, key.Line, at)
			}
			if err := r.known(join(at, key.Value), value, of); err != nil {
				return err
			}
		}
	}
	return nil
}

// misfit says what a value has to be, where it is of another form. Nothing is nothing of any form, and an alias is told by what
// it stands for.
func misfit(node *yaml.Node, t reflect.Type) string {
	if node.Kind == yaml.AliasNode || node.Tag == "!!null" {
		return ""
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		if node.Kind != yaml.MappingNode {
			return "keys with values"
		}
	case reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			return "a list"
		}
	}
	return ""
}

func fieldNamed(t reflect.Type, name string) (reflect.Type, []string) {
	var keys []string
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		if key == "" {
			continue // it is no key
		}
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
