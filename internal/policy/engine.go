// Package policy judges objects and clusters with Rego. The engine is compiled once for a run and shared, read-only, by
// all clusters.
package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Engine holds the compiled checks. It is safe for concurrent use.
type Engine struct {
	compiler *ast.Compiler
	packs    []Pack
	checks   []*check
	objects  map[string]*router // by the kind's name
	cluster  *router
	timeout  time.Duration // of a check on one object; zero means DefaultTimeout

	frameworks []*framework
	managed    []*managed
}

// Cluster is what a check may know of the cluster that it judges.
type Cluster struct {
	Provider string
	Version  string // of the API server, as in v1.37.2; empty if unknown
	// Time is the scan's: checks have no clock.
	Time time.Time
	// Timeouts gives a check up that runs out of time again and again in this cluster; nil: none is given up.
	Timeouts *Timeouts
}

// Judgement is what the checks said.
type Judgement struct {
	Findings []finding.Finding
	Verdicts []Verdict
}

// Verdict is one check's verdict on one object, or on the cluster.
type Verdict struct {
	Check   string
	Verdict finding.Verdict
	Reason  string // with NotEvaluated
}

// forbidden are built-in functions that no check needs. Those that look outside a check's input, such as http.send and
// time.now_ns, are known as such by OPA.
var forbidden = []string{"rego.parse_module", "trace"}

// New compiles the packs. Errors name file and line.
func New(ctx context.Context, packs ...Pack) (*Engine, error) {
	e, modules, err := assemble(packs)
	if err != nil {
		return nil, err
	}
	e.compiler = compilerFor(e.checks, modules)
	if e.compiler.Compile(modules); e.compiler.Failed() {
		return nil, compileError(e.compiler.Errors)
	}
	for _, c := range e.checks {
		if len(e.compiler.GetRulesExact(c.rule)) == 0 {
			return nil, fmt.Errorf("%s: check %s has no rule named violations", c.at, c.ID)
		}
	}
	return e, e.prepare(ctx)
}

// assemble loads the packs into one catalogue and one set of modules.
func assemble(packs []Pack) (*Engine, map[string]*ast.Module, error) {
	e := &Engine{objects: map[string]*router{}}
	modules := map[string]*ast.Module{}
	for _, p := range packs {
		if slices.ContainsFunc(e.packs, func(o Pack) bool { return o.Name == p.Name }) {
			return nil, nil, fmt.Errorf("two packs are called %s; name each once", p.Name)
		}
		m, checks, err := load(p)
		if err != nil {
			return nil, nil, err
		}
		if p.SHA256, err = p.digest(); err != nil {
			return nil, nil, err
		}
		e.packs = append(e.packs, p)
		if e.checks, err = merge(e.checks, checks, modules); err != nil {
			return nil, nil, err
		}
		if err := add(modules, m); err != nil {
			return nil, nil, err
		}
		f, err := loadFrameworks(p)
		if err != nil {
			return nil, nil, err
		}
		e.frameworks = append(e.frameworks, f...)
		managed, err := loadManaged(p)
		if err != nil {
			return nil, nil, err
		}
		e.managed = append(e.managed, managed...)
		if len(checks) == 0 {
			return nil, nil, fmt.Errorf("pack %s: %w", p.Name, errNoChecks)
		}
	}
	return e, modules, known(e.frameworks, e.checks)
}

// compilerFor returns a compiler with the rules that every pack's Rego is held to. The modules of checks are told what their input is.
func compilerFor(checks []*check, modules map[string]*ast.Module) *ast.Compiler {
	schemas := ast.NewSchemaSet()
	byRule := map[string]*check{}
	for _, c := range checks {
		byRule[c.rule.String()] = c
	}
	for _, module := range modules {
		violations := module.Package.Path.Append(ast.StringTerm("violations"))
		if c, ok := byRule[violations.String()]; ok {
			checkAgainst(schemas, c, module)
		}
	}
	return ast.NewCompiler().WithStrict(true).WithCapabilities(capabilities()).WithSchemas(schemas).WithUseTypeCheckAnnotations(true)
}

// prepare makes the queries of the engine's checks.
func (e *Engine) prepare(ctx context.Context) (err error) {
	perKind := map[string][]*check{}
	var cluster []*check
	parameters := map[string]any{}
	for _, c := range e.checks {
		if c.missing != "" {
			continue
		}
		parameters[c.ID] = c.values
		if c.Scope == finding.ClusterScope {
			cluster = append(cluster, c)
			continue
		}
		for _, k := range c.Check.Kinds {
			perKind[k] = append(perKind[k], c)
		}
	}
	store := parameterStore(parameters)
	if e.cluster, err = newRouter(ctx, e.compiler, store, cluster); err != nil {
		return err
	}
	e.cluster.limit = clusterTimes * cmp.Or(e.timeout, DefaultTimeout)
	for kind, checks := range perKind {
		if e.objects[kind], err = newRouter(ctx, e.compiler, store, checks); err != nil {
			return err
		}
		e.objects[kind].limit = cmp.Or(e.timeout, DefaultTimeout)
	}
	return nil
}

// Checks returns the catalogue, by ID.
func (e *Engine) Checks() []finding.Check {
	out := make([]finding.Check, len(e.checks))
	for i, c := range e.checks {
		out[i] = c.Check
	}
	return out
}

// Judges reports whether a check judges objects of a kind.
func (e *Engine) Judges(id, kind string) bool {
	return slices.ContainsFunc(e.objects[kind].list(), func(c *check) bool { return c.ID == id })
}

// Packs returns the packs that the checks come from, with the digest of each.
func (e *Engine) Packs() []Pack { return e.packs }

// Lacks says which parameter a check goes without that it cannot do without: it is not applicable then. It is empty for others.
func (e *Engine) Lacks(id string) string {
	for _, c := range e.checks {
		if c.ID == id && c.missing != "" {
			return fmt.Sprintf("it needs its parameter %s; set policies.parameters.%s.%s", c.missing, c.ID, c.missing)
		}
	}
	return ""
}

// Kinds returns the kinds that must be read for the checks, in the order of snapshot.Kinds, behind them those of snapshot.OptIn,
// and those of custom resources.
func (e *Engine) Kinds() []snapshot.Kind {
	needed, custom := map[string]bool{}, map[string]snapshot.Kind{}
	for _, c := range e.checks {
		if c.missing != "" {
			continue
		}
		for _, k := range c.Requires {
			needed[k] = true
		}
		for _, k := range c.kinds {
			if k.Custom() {
				custom[k.Name] = k
			}
		}
	}
	var out []snapshot.Kind
	for _, k := range slices.Concat(snapshot.Kinds, snapshot.OptIn) {
		if needed[k.Name] {
			out = append(out, k)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		out = append(out, custom[name])
	}
	return out
}

// Object judges one object with the checks of its kind.
func (e *Engine) Object(ctx context.Context, o snapshot.Object, cluster Cluster) Judgement {
	r := e.objects[o.Kind.Name]
	if r == nil {
		return Judgement{}
	}
	input := ast.NewObject(ast.Item(ast.InternedTerm("cluster"), ast.NewTerm(cluster.value())))
	var spec *corev1.PodSpec
	if o.Kind.PodSpec != "" {
		if spec = o.PodSpec(); spec == nil {
			return Judgement{} // a ReplicationController may have no template
		}
		input.Insert(ast.InternedTerm("workload"), ast.NewTerm(workload(o, spec)))
	}
	if r.readsObject {
		input.Insert(ast.InternedTerm("object"), ast.NewTerm(withTypeMeta(o)))
	}
	return r.judge(ctx, input, cluster, func(c *check, v violation) finding.Finding {
		f := finding.Finding{
			Check: c.ID, Severity: c.severity(v), Verdict: finding.Fail,
			Object: identity(o.Kind, o.Value.GetNamespace(), o.Value.GetName()),
			Key:    v.Key, Path: v.Path, Message: v.Message, Sub: sub(spec, o.Kind.PodSpec, v.Path),
		}
		if o.Line != nil {
			f.File, f.Line = o.File, o.Line(v.Path)
		}
		return f
	})
}

// Cluster judges the whole cluster with the checks that skip does not name.
func (e *Engine) Cluster(ctx context.Context, inv snapshot.Inventory, cluster Cluster, skip func(finding.Check) bool) Judgement {
	input := ast.NewObject(
		ast.Item(ast.InternedTerm("cluster"), ast.NewTerm(cluster.value())),
		ast.Item(ast.InternedTerm("inventory"), ast.NewTerm(toValue(reflect.ValueOf(inv)))),
	)
	return e.cluster.without(skip).judge(ctx, input, cluster, func(c *check, v violation) finding.Finding {
		k, ok := snapshot.KindNamed(v.Object.Kind)
		if !ok {
			k = snapshot.Kind{Name: v.Object.Kind}
		}
		return finding.Finding{
			Check: c.ID, Severity: c.severity(v), Verdict: finding.Fail,
			Object: identity(k, v.Object.Namespace, v.Object.Name), Key: v.Key, Path: v.Path, Message: v.Message,
		}
	})
}

func (c Cluster) value() ast.Value {
	obj := ast.NewObject(ast.Item(ast.InternedTerm("provider"), ast.StringTerm(c.Provider)))
	if c.Version != "" {
		obj.Insert(ast.InternedTerm("version"), ast.StringTerm(c.Version))
	}
	if !c.Time.IsZero() {
		obj.Insert(ast.InternedTerm("time"), ast.StringTerm(c.Time.UTC().Format(time.RFC3339)))
	}
	return obj
}

func identity(k snapshot.Kind, namespace, name string) finding.Object {
	return finding.Object{Group: k.Group, Version: k.Version, Kind: k.Kind(), Resource: k.Resource, Namespace: namespace, Name: name}
}

// withTypeMeta is the object with the kind and version that lists leave out of their items.
func withTypeMeta(o snapshot.Object) ast.Value {
	value := reflect.ValueOf(o.Value)
	if u, ok := o.Value.(*unstructured.Unstructured); ok {
		value = reflect.ValueOf(u.Object)
	}
	obj, ok := toValue(value).(ast.Object)
	if !ok {
		return ast.NewObject()
	}
	obj.Insert(ast.InternedTerm("apiVersion"), ast.StringTerm(o.Kind.APIVersion()))
	obj.Insert(ast.InternedTerm("kind"), ast.StringTerm(o.Kind.Kind()))
	return obj
}

func checkAgainst(schemas *ast.SchemaSet, c *check, module *ast.Module) {
	name := ast.StringTerm("input_" + strings.Join(append([]string{string(c.Scope)}, c.Check.Kinds...), "_"))
	ref := ast.SchemaRootRef.Append(name)
	if schemas.Get(ref) == nil {
		schemas.Put(ref, inputSchema(c.Scope, c.kinds))
	}
	parameters := ast.SchemaRootRef.Append(ast.StringTerm("parameters_" + c.ID))
	schemas.Put(parameters, parametersSchema(c))
	for _, a := range module.Annotations {
		if a.Scope == "package" {
			a.Schemas = append(a.Schemas, &ast.SchemaAnnotation{Path: ast.InputRootRef, Schema: ref}, &ast.SchemaAnnotation{Path: parametersRoot, Schema: parameters})
		}
	}
}

func capabilities() *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.Builtins = slices.DeleteFunc(slices.Clone(caps.Builtins), func(b *ast.Builtin) bool { return b.Nondeterministic || slices.Contains(forbidden, b.Name) })
	caps.AllowNet = []string{}
	return caps
}

// compileError names every place, one a line.
func compileError(errs ast.Errors) error {
	lines := map[string]bool{}
	for _, e := range errs {
		line := e.Message
		if e.Location != nil {
			line = fmt.Sprintf("%s:%d: %s", e.Location.File, e.Location.Row, e.Message)
		}
		if d, ok := e.Details.(*ast.RefErrInvalidDetail); ok {
			line += didYouMean(d)
		}
		if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok && ast.BuiltinMap[name] != nil {
			line = fmt.Sprintf("%s:%d: checks may not call %s: a verdict depends on the input alone", e.Location.File, e.Location.Row, name)
		}
		lines[line] = true
	}
	return errors.New(strings.Join(slices.Sorted(maps.Keys(lines)), "\n"))
}

// didYouMean names the field that comes nearest to one that does not exist.
func didYouMean(d *ast.RefErrInvalidDetail) string {
	if d.Pos >= len(d.Ref) || len(d.OneOf) == 0 {
		return ""
	}
	have, _ := d.Ref[d.Pos].Value.(ast.String)
	best, distance := "", len(have)
	for _, v := range d.OneOf {
		name, _ := v.(ast.String)
		if n := levenshtein.ComputeDistance(string(have), string(name)); n < distance {
			best, distance = string(name), n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// router runs all checks of one kind as a single query; where one of them fails to evaluate, each runs by itself, so that
// only the broken one goes without a verdict.
type router struct {
	checks      []*check
	all         rego.PreparedEvalQuery
	single      []rego.PreparedEvalQuery
	readsObject bool
	limit       time.Duration // of one query
}

func (r *router) list() []*check {
	if r == nil {
		return nil
	}
	return r.checks
}

func newRouter(ctx context.Context, compiler *ast.Compiler, store storage.Store, checks []*check) (*router, error) {
	r := &router{checks: checks}
	var rules []string
	for _, c := range checks {
		q, err := prepare(ctx, compiler, store, "["+c.rule.String()+"]")
		if err != nil {
			return nil, fmt.Errorf("%s: preparing check %s: %w", c.at, c.ID, err)
		}
		r.single = append(r.single, q)
		rules = append(rules, c.rule.String())
		for _, rule := range compiler.GetRulesExact(c.rule) {
			r.readsObject = r.readsObject || mentionsObject(rule.Module)
		}
	}
	var err error
	r.all, err = prepare(ctx, compiler, store, "["+strings.Join(rules, ", ")+"]")
	return r, err
}

func prepare(ctx context.Context, compiler *ast.Compiler, store storage.Store, query string) (rego.PreparedEvalQuery, error) {
	return rego.New(
		rego.Compiler(compiler), rego.Store(store), rego.Query(query), rego.StrictBuiltinErrors(true),
		// The result is read as it is: most are empty sets, and a conversion to Go values would cost more than the query.
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }),
	).PrepareForEval(ctx)
}

var objectRef = ast.MustParseRef("input.object")

func mentionsObject(module *ast.Module) bool {
	found := false
	ast.WalkRefs(module, func(r ast.Ref) bool {
		found = found || r.HasPrefix(objectRef) || r.Equal(ast.InputRootRef)
		return found
	})
	return found
}

func (r *router) without(skip func(finding.Check) bool) *router {
	kept := &router{readsObject: r.readsObject, limit: r.limit}
	for i, c := range r.checks {
		if !skip(c.Check) {
			kept.checks, kept.single = append(kept.checks, c), append(kept.single, r.single[i])
		}
	}
	if len(kept.checks) == len(r.checks) {
		return r
	}
	return kept
}

func (r *router) judge(ctx context.Context, input ast.Value, about Cluster, find func(*check, violation) finding.Finding) Judgement {
	var j Judgement
	if givenUp := about.Timeouts.exhausted(); givenUp != nil {
		for _, c := range r.checks {
			if givenUp(c.Check) {
				j.Verdicts = append(j.Verdicts, Verdict{c.ID, finding.NotEvaluated, "it ran out of time again and again, and was given up"})
			}
		}
		r = r.without(givenUp)
	}
	if len(r.single) == len(r.checks) && !reflect.ValueOf(r.all).IsZero() {
		if sets, err := eval(ctx, r.all, input, r.limit); err == nil && len(sets) == len(r.checks) {
			for i, c := range r.checks {
				j.add(c, sets[i], about, find)
			}
			return j
		}
	}
	for i, c := range r.checks {
		sets, err := eval(ctx, r.single[i], input, r.limit)
		about.Timeouts.note(c.ID, err)
		if err != nil || len(sets) != 1 {
			j.Verdicts = append(j.Verdicts, Verdict{c.ID, finding.NotEvaluated, evaluationError(err)})
			continue
		}
		j.add(c, sets[0], about, find)
	}
	return j
}

func eval(ctx context.Context, q rego.PreparedEvalQuery, input ast.Value, limit time.Duration) ([]*ast.Term, error) {
	rs, err := limited(ctx, limit, func(ctx context.Context) (rego.ResultSet, error) { return q.Eval(ctx, rego.EvalParsedInput(input)) })
	if err != nil {
		return nil, err
	}
	if len(rs) != 1 || len(rs[0].Expressions) != 1 {
		return nil, errors.New("the check gives no result")
	}
	term, ok := rs[0].Expressions[0].Value.(*ast.Term)
	if !ok {
		return nil, errors.New("the check gives no result")
	}
	array, ok := term.Value.(*ast.Array)
	if !ok {
		return nil, errors.New("the check gives no result")
	}
	sets := make([]*ast.Term, array.Len())
	for i := range sets {
		sets[i] = array.Elem(i)
	}
	return sets, nil
}

func evaluationError(err error) string {
	if err == nil {
		return "the check gives no result"
	}
	return "evaluation failed: " + err.Error()
}

func (j *Judgement) add(c *check, set *ast.Term, about Cluster, find func(*check, violation) finding.Finding) {
	if len(c.Needs) > 0 && about.Version == "" {
		j.Verdicts = append(j.Verdicts, Verdict{c.ID, finding.NotEvaluated, "the API server's version is not known"})
		return
	}
	violations, err := violationsOf(c.Scope, set)
	if err != nil {
		j.Verdicts = append(j.Verdicts, Verdict{c.ID, finding.NotEvaluated, fmt.Sprintf("%s: %v", c.at, err)})
		return
	}
	verdict := finding.Pass
	for _, v := range violations {
		verdict = finding.Fail
		j.Findings = append(j.Findings, find(c, v))
	}
	j.Verdicts = append(j.Verdicts, Verdict{Check: c.ID, Verdict: verdict})
}
