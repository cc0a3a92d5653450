package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// parametersRoot is where checks read their parameters: data.kubemuster.parameters.<ID>.<name>.
var parametersRoot = ast.MustParseRef("data.kubemuster.parameters")

var parameterName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// parameterTypes are the types that a parameter may have, and their schemas.
var parameterTypes = map[string]schema{
	"string": text, "number": number, "boolean": {"type": "boolean"}, "strings": array(text),
}

// parametersOf checks what the metadata says of parameters.
func parametersOf(list []finding.Parameter) ([]finding.Parameter, error) {
	var out []finding.Parameter
	for _, p := range list {
		switch {
		case !parameterName.MatchString(p.Name):
			return nil, fmt.Errorf("the name %q must be in camelCase", p.Name)
		case slices.ContainsFunc(out, func(o finding.Parameter) bool { return o.Name == p.Name }):
			return nil, fmt.Errorf("%s stands twice", p.Name)
		case parameterTypes[p.Type] == nil:
			return nil, fmt.Errorf("%s has the type %q; choose one of string, number, boolean, strings", p.Name, p.Type)
		case p.Help == "":
			return nil, fmt.Errorf("%s has no help: say what it is for", p.Name)
		}
		if p.Default != nil {
			value, err := parameterValue(p.Type, p.Default)
			if err != nil {
				return nil, fmt.Errorf("the default of %s %w", p.Name, err)
			}
			p.Default = value
		}
		out = append(out, p)
	}
	return out, nil
}

// parameterValue is a value as JSON has it, if it is of the type.
func parameterValue(of string, value any) (any, error) {
	switch v := value.(type) {
	case string:
		if of == "string" {
			return v, nil
		}
	case bool:
		if of == "boolean" {
			return v, nil
		}
	case int:
		if of == "number" {
			return v, nil
		}
	case float64:
		if of == "number" && !math.IsInf(v, 0) && !math.IsNaN(v) {
			return v, nil
		}
	case json.Number:
		if of == "number" {
			return v, nil
		}
	case []any:
		if of == "strings" && !slices.ContainsFunc(v, func(item any) bool { _, ok := item.(string); return !ok }) {
			return v, nil
		}
	}
	return nil, fmt.Errorf("must be %s", map[string]string{
		"string": "a string", "number": "a number", "boolean": "true or false", "strings": "a list of strings",
	}[of])
}

// parametersSchema describes what the check may read below parametersRoot: its own parameters and no others.
func parametersSchema(c *check) schema {
	own := schema{}
	for _, p := range c.Parameters {
		own[p.Name] = parameterTypes[p.Type]
	}
	return object(schema{c.ID: object(own)})
}

// configure sets the check's parameters, and what it then still waits for.
func (c *check) configure(set map[string]any) (err error) {
	if c.values, c.missing, err = c.configured(set); err != nil {
		return err
	}
	c.OptIn = ""
	for _, name := range c.Requires {
		if k, _ := snapshot.KindNamed(name); k.OptIn != "" {
			c.OptIn = "--" + k.OptIn
		}
	}
	if c.missing != "" {
		c.OptIn = fmt.Sprintf("policies.parameters.%s.%s", c.ID, c.missing)
	}
	return nil
}

// configured is the check's parameters by name, as set or by default. One that has neither is missing: the check has nothing to
// say then.
func (c *check) configured(set map[string]any) (values map[string]any, missing string, err error) {
	values = map[string]any{}
	for name, value := range set {
		i := slices.IndexFunc(c.Parameters, func(p finding.Parameter) bool { return p.Name == name })
		if i < 0 {
			return nil, "", &SettingError{"parameters." + c.ID + "." + name, fmt.Sprintf("check %s has no parameter %q%s", c.ID, name, nearest(name, c.parameterNames()))}
		}
		if values[name], err = parameterValue(c.Parameters[i].Type, value); err != nil {
			return nil, "", &SettingError{"parameters." + c.ID + "." + name, fmt.Sprintf("the parameter %s of check %s %v", name, c.ID, err)}
		}
	}
	for _, p := range c.Parameters {
		if _, ok := values[p.Name]; !ok && p.Default != nil {
			values[p.Name] = p.Default
		} else if !ok {
			missing = cmp.Or(missing, p.Name)
		}
	}
	return values, missing, nil
}

func (c *check) parameterNames() []string {
	var names []string
	for _, p := range c.Parameters {
		names = append(names, p.Name)
	}
	return names
}
