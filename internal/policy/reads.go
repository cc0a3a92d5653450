package policy

import (
	"math"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reads is the part of a document that checks read: the whole of it, or what they read of some fields. It is found in the
// compiled rules and holds rather too much than too little: what it leaves out, no verdict depends on.
type reads struct {
	whole bool
	told  bool // it goes into what a check says, and nothing depends on what it is: see tells
	there bool // a name stands for it, and is undefined where it is not there
	of    map[string]*reads
}

// each, as a field, stands for every element.
const each = "*"

// at returns what is read of a field, or nil.
func (r *reads) at(field string) *reads {
	if r == nil || r.whole || r.told {
		return r
	}
	if f, ok := r.of[field]; ok {
		return f
	}
	return r.of[each]
}

// unlike returns itself where more of metadata is read than labels and annotations that are named: what else stands there is
// each pod's own, or may be.
func (r *reads) unlike() *reads {
	if r == nil {
		return nil
	}
	if r.whole || r.told {
		return r
	}
	for field, f := range r.of {
		if field != "labels" && field != "annotations" || f.whole || f.told || f.of[each] != nil {
			return r
		}
	}
	return nil
}

// grow returns the part at a path, and makes it where nothing of it was read so far.
func (r *reads) grow(path []string) *reads {
	for _, field := range path {
		if r.of == nil {
			r.of = map[string]*reads{}
		}
		if r.of[field] == nil {
			r.of[field] = &reads{}
		}
		r = r.of[field]
	}
	return r
}

// settle adds what is read of every element to what is read of each that is named.
func (r *reads) settle() {
	for field, f := range r.of {
		if field != each {
			f.add(r.of[each])
		}
		f.settle()
	}
}

func (r *reads) add(other *reads) {
	if other == nil {
		return
	}
	r.whole, r.told, r.there = r.whole || other.whole, r.told || other.told, r.there || other.there
	for field, f := range other.of {
		r.grow([]string{field}).add(f)
	}
}

// fully returns the same with the whole of what is told.
func (r *reads) fully() *reads {
	out := &reads{whole: r.whole || r.told, there: r.there, of: make(map[string]*reads, len(r.of))}
	for field, f := range r.of {
		out.of[field] = f.fully()
	}
	return out
}

// readsOf returns what the rule, and all rules that it uses, read of the input, and whether the rule asks of each container by
// itself: what it yields for a workload is then what it yields for its containers one by one, taken together.
func readsOf(compiler *ast.Compiler, rule ast.Ref) (*reads, bool) {
	a := &analysis{compiler: compiler, input: &reads{}, seen: map[*ast.Rule]bool{}, severally: true}
	for _, r := range compiler.GetRulesExact(rule) {
		a.seen[r] = true
		s := a.scope(r)
		s.told = tells(r)
		s.walk(r)
		a.severally = a.severally && (s.ranges == 0 || s.ranges == 1 && s.rangesOverContainers(r))
	}
	a.follow(rule)
	a.input.settle()
	return a.input, a.severally
}

type analysis struct {
	compiler  *ast.Compiler
	input     *reads
	seen      map[*ast.Rule]bool
	severally bool // no other rule than the one that is asked for reads a container
}

func (a *analysis) follow(ref ast.Ref) {
	for _, rule := range a.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{}) {
		if !a.seen[rule] {
			a.seen[rule] = true
			s := a.scope(rule)
			s.walk(rule)
			a.severally = a.severally && s.ranges == 0
		}
	}
}

// scope is one rule: its variables that only name a part of the input, as in container := input.workload.containers[_].
type scope struct {
	*analysis
	names  map[ast.Var][]ast.Ref // the references that a variable is made equal to
	told   map[ast.Var]bool
	ranges int // how often it turns to the containers
}

// containers is where they stand in the input.
var containers = []string{"workload", "containers", each}

func (a *analysis) scope(rule *ast.Rule) *scope {
	s := &scope{analysis: a, names: map[ast.Var][]ast.Ref{}}
	ast.WalkExprs(rule, func(e *ast.Expr) bool {
		if v, ref, ok := naming(e); ok {
			s.names[v] = append(s.names[v], ref)
		}
		return false
	})
	for v, refs := range s.names {
		if len(refs) > 1 { // what is made equal to two things compares them, and names neither
			delete(s.names, v)
		}
	}
	return s
}

// rangesOverContainers reports whether the rule yields something for any of the containers, one at a time.
func (s *scope) rangesOverContainers(rule *ast.Rule) bool {
	return rule.Else == nil && rule.Head.RuleKind() == ast.MultiValue && slices.ContainsFunc(rule.Body, func(e *ast.Expr) bool {
		v, ref, ok := naming(e)
		if !ok || e.Negated || len(s.names[v]) != 1 {
			return false
		}
		path, ok := s.path(ref, 0)
		index, isVar := ref[len(ref)-1].Value.(ast.Var)
		return ok && slices.Equal(path, containers) && isVar && occurrences(rule)[index] == 1
	})
}

// naming returns the two sides of an expression that makes a variable equal to a reference.
func naming(e *ast.Expr) (ast.Var, ast.Ref, bool) {
	if !e.IsEquality() || len(e.With) > 0 {
		return "", nil, false
	}
	a, b := e.Operand(0).Value, e.Operand(1).Value
	if _, ok := b.(ast.Var); ok {
		a, b = b, a
	}
	v, isVar := a.(ast.Var)
	ref, isRef := b.(ast.Ref)
	return v, ref, isVar && isRef
}

// walk notes what the parts of a rule read: a reference its end, a name all that it stands for.
func (s *scope) walk(x any) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Head:
			for _, t := range x.Reference[1:] {
				s.walk(t)
			}
			for _, t := range append([]*ast.Term{x.Key, x.Value}, x.Args...) {
				if t != nil {
					s.walk(t)
				}
			}
			return true
		case *ast.With:
			s.input.whole = true // another input, or other data, for part of a rule
			s.ranges = math.MaxInt
		case *ast.Expr:
			if v, ref, ok := naming(x); ok && len(s.names[v]) == 1 {
				at := s.read(ref)
				at.told, at.there = at.told || s.told[v], true
				return true
			}
		case *ast.Term:
			switch v := x.Value.(type) {
			case ast.Var:
				if !s.told[v] {
					s.read(ast.Ref{x}).whole = true
				}
				return true
			case ast.Ref:
				s.read(v).whole = true
				return true
			}
		}
		return false
	}).Walk(x)
}

// read notes that a reference is followed, and returns what is read at its end.
func (s *scope) read(ref ast.Ref) *reads {
	for _, t := range ref[1:] {
		s.walk(t)
	}
	if ref[0].Equal(ast.DefaultRootDocument) {
		s.follow(ref)
		return &reads{}
	}
	path, ok := s.path(ref, 0)
	if !ok {
		return &reads{}
	}
	if head, _ := s.path(ref[:1], 0); len(head) < len(containers) && within(path, containers) {
		s.ranges++
	}
	return s.input.grow(path)
}

// within reports whether a path leads to what the other one does, or into it, or to something that holds it.
func within(path, other []string) bool {
	for i := range min(len(path), len(other)) {
		if path[i] != other[i] && path[i] != each {
			return false
		}
	}
	return true
}

// path returns where in the input a reference leads, if it does.
func (s *scope) path(ref ast.Ref, depth int) ([]string, bool) {
	head, ok := ref[0].Value.(ast.Var)
	if !ok {
		return nil, false
	}
	var path []string
	if !ref[0].Equal(ast.InputRootDocument) {
		named := s.names[head]
		if len(named) == 0 || depth > len(s.names) { // no name, or one that leads back to itself
			return nil, false
		}
		if path, ok = s.path(named[0], depth+1); !ok {
			return nil, false
		}
	}
	for _, t := range ref[1:] {
		if field, ok := t.Value.(ast.String); ok {
			path = append(path, string(field))
		} else {
			path = append(path, each)
		}
	}
	return path, true
}
