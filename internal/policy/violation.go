package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// violation is what a check yields: what it saw, and where.
type violation struct {
	Path     string
	Message  string
	Key      string // tells violations apart that share the place
	Severity string // overrides the check's
	Object   struct{ Kind, Namespace, Name string }
	Ways     [][]string // that lead to what was seen
}

func (c *check) severity(v violation) finding.Severity {
	if s, err := finding.ParseSeverity(v.Severity); err == nil && !c.severityFixed {
		return s
	}
	return c.Severity
}

func violationsOf(scope finding.Scope, term *ast.Term) ([]violation, error) {
	set, ok := term.Value.(ast.Set)
	if !ok {
		return nil, errors.New("violations must be a set: violations contains {…}")
	}
	if set.Len() == 0 {
		return nil, nil
	}
	var out []violation
	for _, t := range set.Slice() {
		obj, ok := t.Value.(ast.Object)
		if !ok {
			return nil, errors.New("a violation must be an object with path and message")
		}
		var v violation
		if err := fill(obj, map[string]*string{"path": &v.Path, "message": &v.Message, "key": &v.Key, "severity": &v.Severity}, func(key string, value ast.Value) error {
			if key == "ways" {
				return ast.As(value, &v.Ways)
			}
			target, ok := value.(ast.Object)
			if key != "object" || !ok {
				return fmt.Errorf("a violation has no field %q", key)
			}
			return fill(target, map[string]*string{"kind": &v.Object.Kind, "namespace": &v.Object.Namespace, "name": &v.Object.Name}, func(key string, _ ast.Value) error {
				return fmt.Errorf("a violation's object has no field %q", key)
			})
		}); err != nil {
			return nil, err
		}
		if _, err := finding.ParseSeverity(v.Severity); err != nil && v.Severity != "" {
			return nil, fmt.Errorf("a violation's severity: %w", err)
		}
		switch named := v.Object.Kind != "" && v.Object.Name != ""; {
		case v.Message == "":
			return nil, errors.New("a violation must have a message")
		case scope == finding.ObjectScope && v.Path == "":
			return nil, errors.New("a violation of an object check must have a path: the field at fault, as in spec.replicas, whether it is set or missing")
		case scope == finding.ClusterScope && !named:
			return nil, errors.New("a violation of a cluster check must have an object with kind and name")
		case scope != finding.ClusterScope && named:
			return nil, errors.New("a violation of an object or grant check has no object of its own")
		}
		v.Message = printable(v.Message)
		out = append(out, v)
	}
	slices.SortFunc(out, byPlace)
	return out, nil
}

// fields are those of a violation.
var fields = []string{"key", "message", "object", "path", "severity", "ways"}

// misnamed finds a field that no violation has where the module writes one out.
func misnamed(path string, module *ast.Module) error {
	check := func(t *ast.Term) error {
		obj, ok := t.Value.(ast.Object)
		if !ok {
			return nil
		}
		for _, key := range obj.Keys() {
			if name, ok := key.Value.(ast.String); ok && !slices.Contains(fields, string(name)) {
				at := t.Location.Row
				if key.Location != nil {
					at = key.Location.Row
				}
				return fmt.Errorf("%s:%d: a violation has no field %q%s", path, at, string(name), didYouMeanOneOf(string(name), fields))
			}
		}
		return nil
	}
	for _, rule := range module.Rules {
		if rule.Head.Name != "violations" || rule.Head.Key == nil {
			continue
		}
		if err := check(rule.Head.Key); err != nil {
			return err
		}
		for _, e := range rule.Body {
			if e.IsAssignment() && e.Operand(0).Equal(rule.Head.Key) {
				if err := check(e.Operand(1)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func byPlace(a, b violation) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Key, b.Key), strings.Compare(a.Message, b.Message), strings.Compare(a.Severity, b.Severity))
}

// merged makes one finding of those of a check that have one identity: reports would keep only the first. It says what each said.
func merged(list []finding.Finding) []finding.Finding {
	type identity struct {
		object   finding.Object
		sub, key string
	}
	at := make(map[identity]int, len(list))
	out := list[:0]
	for _, f := range list {
		i, twice := at[identity{f.Object, f.Sub, f.Key}]
		if !twice {
			at[identity{f.Object, f.Sub, f.Key}] = len(out)
			out = append(out, f)
			continue
		}
		first := &out[i]
		first.Severity = max(first.Severity, f.Severity)
		first.Ways = append(slices.Clip(first.Ways), f.Ways...)
		if !slices.Contains(strings.Split(first.Message, andAlso), f.Message) {
			first.Message += andAlso + f.Message
		}
	}
	return out
}

// andAlso stands between the messages of findings that are one.
const andAlso = "; and "

// printable spells control characters out: names that objects carry must not reach a terminal or a log as commands.
func printable(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fill sets the strings that obj names; what else it holds goes to other.
func fill(obj ast.Object, fields map[string]*string, other func(key string, v ast.Value) error) error {
	return obj.Iter(func(k, v *ast.Term) error {
		key, _ := k.Value.(ast.String)
		field, ok := fields[string(key)]
		if !ok {
			return other(string(key), v.Value)
		}
		s, ok := v.Value.(ast.String)
		if !ok {
			return fmt.Errorf("a violation's %s must be a string", key)
		}
		*field = string(s)
		return nil
	})
}

// namedLists are the parts of a pod spec whose items have names.
var namedLists = []struct {
	field string
	count func(*corev1.PodSpec) int
	name  func(*corev1.PodSpec, int) string
}{
	{"initContainers", func(s *corev1.PodSpec) int { return len(s.InitContainers) }, func(s *corev1.PodSpec, i int) string { return s.InitContainers[i].Name }},
	{"containers", func(s *corev1.PodSpec) int { return len(s.Containers) }, func(s *corev1.PodSpec, i int) string { return s.Containers[i].Name }},
	{"ephemeralContainers", func(s *corev1.PodSpec) int { return len(s.EphemeralContainers) }, func(s *corev1.PodSpec, i int) string { return s.EphemeralContainers[i].Name }},
	{"volumes", func(s *corev1.PodSpec) int { return len(s.Volumes) }, func(s *corev1.PodSpec, i int) string { return s.Volumes[i].Name }},
}

// sub names the container or volume that the path leads into: its name outlives a change of order, its index does not.
func sub(spec *corev1.PodSpec, specPath, path string) string {
	rest, ok := strings.CutPrefix(path, specPath+".")
	if spec == nil || !ok {
		return ""
	}
	parts := finding.SplitPath(rest)
	if len(parts) < 2 {
		return ""
	}
	for _, l := range namedLists {
		if l.field != parts[0] {
			continue
		}
		if i, err := strconv.Atoi(parts[1]); err == nil && i >= 0 && i < l.count(spec) {
			return l.field + "/" + l.name(spec, i)
		}
	}
	return ""
}
