package policy

import (
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Most checks look for something that few objects have: a hostPath volume, a host port, an image called nginx. Rego is not asked
// about the others. What has to be there is found in the compiled rules, and it is rather too little than too much.

// condition is what has to be in the input, or a rule yields nothing: any of some clauses.
type condition []clause

// clause is a way to meet a condition: all that is needed is there, and all other conditions are met.
type clause struct {
	needs []need
	of    []condition
}

// need is something that has to be there, at the end of a path through the input.
type need struct {
	path []string
	is   func(s string) bool // what a text there has to be; nil for anything
}

// always is met by every input.
var always = condition{{}}

// conditionOf returns what has to be there for a check's rule to yield anything.
func conditionOf(compiler *ast.Compiler, rule ast.Ref) condition {
	rules := compiler.GetRulesExact(rule)
	if slices.ContainsFunc(rules, func(r *ast.Rule) bool { return r.Head.RuleKind() != ast.MultiValue }) {
		return always // without a value it would be an error
	}
	return (&analysis{compiler: compiler}).condition(rules, nil)
}

// condition is what has to be there for any of the rules to be defined. Within are those that it is asked for.
func (a *analysis) condition(rules, within []*ast.Rule) condition {
	var any condition
	for _, r := range rules {
		if r.Default || r.Else != nil || len(r.Head.Args) > 0 || slices.Contains(within, r) {
			return always
		}
		any = append(any, a.scopeOfBody(r).clause(r, append(slices.Clip(within), r)))
	}
	return any
}

// scopeOfBody has the names alone that hold wherever the rule yields something: not those of a negation or a comprehension, which
// compare what they name.
func (a *analysis) scopeOfBody(rule *ast.Rule) *scope {
	s := a.scope(rule)
	for v := range s.names {
		if !slices.ContainsFunc(rule.Body, func(e *ast.Expr) bool { name, _, ok := naming(e); return ok && name == v && !e.Negated }) {
			delete(s.names, v)
		}
	}
	return s
}

func (s *scope) clause(rule *ast.Rule, within []*ast.Rule) clause {
	var all clause
	for _, e := range rule.Body {
		if e.Negated || len(e.With) > 0 {
			continue
		}
		terms, _ := e.Terms.([]*ast.Term) // it may be an every, which is passed over
		if t, ok := e.Terms.(*ast.Term); ok {
			terms = []*ast.Term{t}
		} else if len(terms) > 0 {
			s.compared(&all, e)
			terms = terms[1:]
		}
		for _, t := range terms {
			ast.NewGenericVisitor(func(x any) bool {
				switch x := x.(type) {
				case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
					return true // they are defined without it
				case ast.Ref:
					s.require(&all, x, within)
				}
				return false
			}).Walk(t)
		}
	}
	return all
}

// compared adds what an expression asks of a text in the input.
func (s *scope) compared(all *clause, e *ast.Expr) {
	if len(e.Operands()) != 2 {
		return
	}
	a, b := e.Operand(0), e.Operand(1)
	of, ok := map[string]func(s, with string) bool{
		ast.Equality.Name:   func(s, with string) bool { return s == with },
		ast.Equal.Name:      func(s, with string) bool { return s == with },
		ast.Contains.Name:   strings.Contains,
		ast.StartsWith.Name: strings.HasPrefix,
		ast.EndsWith.Name:   strings.HasSuffix,
		ast.Member.Name:     nil,
	}[e.Operator().String()]
	if !ok {
		return
	}
	constant := s.constant(b)
	if constant == nil && e.IsEquality() {
		a, constant = b, s.constant(a)
	}
	if constant == nil {
		return
	}
	if of == nil {
		if set, ok := constant.(ast.Set); ok { // of an object it would be the values
			s.needOf(all, a, oneOf(set))
		}
	} else if with, ok := constant.(ast.String); ok {
		s.needOf(all, a, func(s string) bool { return of(s, string(with)) })
	}
}

// oneOf tells whether a text is in a set or among the keys of an object; nil where it may be.
func oneOf(v ast.Value) func(s string) bool {
	switch v := v.(type) {
	case ast.Set:
		return func(s string) bool { return v.Contains(ast.StringTerm(s)) }
	case ast.Object:
		return func(s string) bool { return v.Get(ast.StringTerm(s)) != nil }
	}
	return nil
}

// constant returns the value of a term that has the same for every input, or nil.
func (s *scope) constant(t *ast.Term) ast.Value {
	if v, ok := t.Value.(ast.Var); ok && len(s.names[v]) == 1 {
		t = ast.NewTerm(s.names[v][0])
	}
	if ref, ok := t.Value.(ast.Ref); ok {
		return s.constantRule(ref)
	}
	if t.IsGround() {
		return t.Value
	}
	return nil
}

// constantRule is the value of a rule that has but one.
func (s *scope) constantRule(ref ast.Ref) ast.Value {
	rules := s.compiler.GetRulesExact(ref)
	if len(rules) != 1 || rules[0].Else != nil || rules[0].Head.RuleKind() != ast.SingleValue || !rules[0].Head.Value.IsGround() || !rules[0].Body.Equal(ast.NewBody(ast.NewExpr(ast.InternedTerm(true)))) {
		return nil
	}
	if _, isRef := rules[0].Head.Value.Value.(ast.Ref); isRef {
		return nil
	}
	return rules[0].Head.Value.Value
}

// needOf adds that a term has to be such a text, if it stands for a part of the input.
func (s *scope) needOf(all *clause, t *ast.Term, is func(s string) bool) {
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		ref = ast.Ref{t}
	}
	if path, ok := s.path(ref, 0); ok && is != nil {
		all.needs = append(all.needs, need{path, is})
	}
}

// require adds what has to be there for a reference to be defined.
func (s *scope) require(all *clause, ref ast.Ref, within []*ast.Rule) {
	if path, ok := s.path(ref, 0); ok {
		all.needs = append(all.needs, need{path: path})
		return
	}
	if !ref[0].Equal(ast.DefaultRootDocument) {
		return
	}
	last := len(ref) - 1
	if c := s.constantRule(ref[:last]); c != nil {
		s.needOf(all, ref[last], oneOf(c))
		return
	}
	rules := s.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{})
	for _, r := range rules {
		// A set or an object that rules make is defined with nothing in it.
		if n := len(r.Ref().GroundPrefix()); len(ref) < n || len(ref) == n && (r.Head.RuleKind() == ast.MultiValue || len(r.Ref()) > n) {
			return
		}
	}
	if len(rules) > 0 {
		all.of = append(all.of, s.condition(rules, within))
	}
}

// presence reports whether something is there.
type presence func(o snapshot.Object, run *workload) bool

// presence returns whether an object of a type meets the condition; nil where all do.
func (c condition) presence(object reflect.Type) presence {
	var any []presence
	for _, all := range c {
		var parts []presence
		for _, n := range all.needs {
			if there := n.presence(object); there != nil {
				parts = append(parts, there)
			}
		}
		for _, of := range all.of {
			if there := of.presence(object); there != nil {
				parts = append(parts, there)
			}
		}
		if len(parts) == 0 {
			return nil
		}
		any = append(any, func(o snapshot.Object, run *workload) bool {
			return !slices.ContainsFunc(parts, func(there presence) bool { return !there(o, run) })
		})
	}
	return func(o snapshot.Object, run *workload) bool {
		return slices.ContainsFunc(any, func(there presence) bool { return there(o, run) })
	}
}

// presence is nil where it may be there in every object.
func (n need) presence(object reflect.Type) presence {
	there := n.in(object)
	if there == nil || n.path[0] != "workload" {
		return there
	}
	return func(o snapshot.Object, run *workload) bool { return run != nil && there(o, run) } // of other kinds there is none
}

func (n need) in(object reflect.Type) presence {
	if len(n.path) < 2 {
		return nil
	}
	switch first, rest := n.path[1], n.path[2:]; n.path[0] {
	case "object":
		switch {
		case first == "kind": // lists leave it out of their items, and the input has it
			return func(o snapshot.Object, _ *workload) bool { return n.met(o.Kind.Kind()) }
		case first == "apiVersion":
			return func(o snapshot.Object, _ *workload) bool { return n.met(o.Kind.APIVersion()) }
		case object == nil || object == reflect.TypeFor[unstructured.Unstructured]():
			return nil
		}
		if there := thereIn(object, n.path[1:], n.is); there != nil {
			return func(o snapshot.Object, _ *workload) bool { return there(reflect.ValueOf(o.Value).Elem()) }
		}
	case "workload":
		switch first {
		case "staticPod":
			return func(_ snapshot.Object, run *workload) bool { return run.staticPod != "" && n.met(run.staticPod) }
		case "namespace":
			return func(_ snapshot.Object, run *workload) bool { return n.met(run.namespace) }
		case "kind":
			return func(_ snapshot.Object, run *workload) bool { return n.met(run.kind) }
		case "name":
			return func(_ snapshot.Object, run *workload) bool { return n.met(run.name) }
		case "spec":
			if there := thereIn(reflect.TypeFor[corev1.PodSpec](), rest, n.is); there != nil {
				return func(_ snapshot.Object, run *workload) bool { return there(reflect.ValueOf(run.spec).Elem()) }
			}
		case "metadata":
			if there := thereIn(reflect.TypeFor[*metav1.ObjectMeta](), rest, n.is); there != nil {
				return func(_ snapshot.Object, run *workload) bool { return there(reflect.ValueOf(run.metadata)) }
			}
		case "containers":
			if len(rest) > 1 {
				return n.inContainers(rest[1], rest[2:])
			}
		}
	}
	return nil
}

func (n need) met(s string) bool { return n.is == nil || n.is(s) }

// inContainers is the presence of a part in any of the containers.
func (n need) inContainers(part string, rest []string) presence {
	var there func(v reflect.Value) bool
	of := func(c *corev1.Container) reflect.Value { return reflect.ValueOf(c).Elem() }
	switch part {
	case "spec":
		there = thereIn(reflect.TypeFor[corev1.Container](), rest, n.is)
	case "image":
		there = thereIn(reflect.TypeFor[*image](), rest, n.is)
		of = func(c *corev1.Container) reflect.Value { return reflect.ValueOf(imageOf(c)) }
	case "literals":
		there = thereIn(reflect.TypeFor[[]literal](), rest, n.is)
		of = func(c *corev1.Container) reflect.Value { return reflect.ValueOf(literalsOf(c)) }
	case "fromSecret":
		there = thereIn(reflect.TypeFor[[]fromSecret](), rest, n.is)
		of = func(c *corev1.Container) reflect.Value { return reflect.ValueOf(secretsOf(c)) }
	}
	if there == nil {
		return nil
	}
	return func(_ snapshot.Object, run *workload) bool {
		for i := range run.containers() {
			if c, _, _, _ := run.container(i); there(of(c)) {
				return true
			}
		}
		return false
	}
}

// thereIn returns whether a path leads to something in a value of a type, as codec encodes it; nil where it may in every value.
func thereIn(t reflect.Type, path []string, is func(s string) bool) func(v reflect.Value) bool {
	switch t.Kind() {
	case reflect.Pointer:
		in := thereIn(t.Elem(), path, is)
		return func(v reflect.Value) bool { return !v.IsNil() && (in == nil || in(v.Elem())) }
	case reflect.String:
		if len(path) == 0 && is != nil {
			return func(v reflect.Value) bool { return is(v.String()) }
		}
	case reflect.Slice:
		if len(path) == 0 {
			return nil
		}
		in := thereIn(t.Elem(), path[1:], is)
		return func(v reflect.Value) bool {
			for i := range v.Len() {
				if in == nil || in(v.Index(i)) {
					return true
				}
			}
			return false
		}
	case reflect.Map:
		if len(path) > 0 && t.Key().Kind() == reflect.String {
			return thereInMap(t, path, is)
		}
	case reflect.Struct:
		if len(path) > 0 {
			return thereInStruct(t, path, is)
		}
	}
	return nil
}

func thereInMap(t reflect.Type, path []string, is func(s string) bool) func(v reflect.Value) bool {
	if path[0] == each {
		return func(v reflect.Value) bool { return v.Len() > 0 }
	}
	key, in := reflect.ValueOf(path[0]).Convert(t.Key()), thereIn(t.Elem(), path[1:], is)
	return func(v reflect.Value) bool {
		at := v.MapIndex(key)
		return at.IsValid() && (in == nil || in(at))
	}
}

func thereInStruct(t reflect.Type, path []string, is func(s string) bool) func(v reflect.Value) bool {
	for _, f := range fieldsOf(t) {
		ft := t.Field(f.index).Type
		if f.inline && ft.Kind() == reflect.Struct {
			if in := thereInStruct(ft, path, is); in != nil {
				return func(v reflect.Value) bool { return in(v.Field(f.index)) }
			}
		}
		if f.name != path[0] {
			continue
		}
		in := thereIn(ft, path[1:], is)
		if in == nil && !f.omitEmpty {
			return nil
		}
		return func(v reflect.Value) bool {
			fv := v.Field(f.index)
			if f.omitEmpty && fv.Kind() != reflect.Struct && fv.IsZero() || isEmptyList(fv) {
				return false
			}
			return in == nil || in(fv)
		}
	}
	return nil
}
