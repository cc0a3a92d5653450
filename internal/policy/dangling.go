package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// dangling is an error that names each reference to data that no rule makes and no parameter holds. Such a one is never defined, and
// a check that needs it would pass in silence.
func (c *Catalog) dangling(compiler *ast.Compiler) error {
	lines, parameters := map[string]bool{}, map[string][]string{}
	for _, check := range c.Whole().checks {
		parameters[check.ID] = nil
		for _, p := range check.Parameters {
			parameters[check.ID] = append(parameters[check.ID], p.Name)
		}
	}
	for _, module := range compiler.Modules {
		for _, rule := range module.Rules {
			ast.WalkRefs(rule, func(ref ast.Ref) bool {
				if missing, have := absent(compiler.RuleTree, parameters, ref); missing > 0 {
					name, _ := ref[missing].Value.(ast.String)
					at := ref[0].Location
					if at == nil || at.Row == 0 {
						at = rule.Location
					}
					lines[fmt.Sprintf("%s:%d: undefined ref: %s%s", at.File, at.Row, ref[:missing+1], didYouMeanOneOf(string(name), have))] = true
				}
				return false
			})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(slices.Sorted(maps.Keys(lines)), "\n"))
}

// absent returns which part of a reference does not exist, and what does in its place; zero for none. What is in a rule's value is
// not looked at. The parameters are names by the check's ID.
func absent(tree *ast.TreeNode, parameters map[string][]string, ref ast.Ref) (int, []string) {
	if !ref[0].Equal(ast.DefaultRootDocument) {
		return 0, nil
	}
	if own := len(parametersRoot); ref.HasPrefix(parametersRoot) {
		ids := slices.Sorted(maps.Keys(parameters))
		if id, ok := stringAt(ref, own); ok && !slices.Contains(ids, id) {
			return own, ids
		} else if name, ok := stringAt(ref, own+1); ok && !slices.Contains(parameters[id], name) {
			return own + 1, parameters[id]
		}
		return 0, nil
	}
	node := tree.Child(ref[0].Value)
	for i := 1; i < len(ref) && len(node.Values) == 0; i++ {
		if !ref[i].IsGround() {
			return 0, nil
		}
		next := node.Child(ref[i].Value)
		if next == nil {
			var have []string
			for key := range node.Children {
				if name, ok := key.(ast.String); ok {
					have = append(have, string(name))
				}
			}
			slices.Sort(have)
			return i, have
		}
		node = next
	}
	return 0, nil
}

func stringAt(ref ast.Ref, i int) (string, bool) {
	if i >= len(ref) {
		return "", false
	}
	s, ok := ref[i].Value.(ast.String)
	return string(s), ok
}
