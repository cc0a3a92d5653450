// Package policy judges objects and clusters with Rego. The engine is compiled once for a run and shared, read-only, by
// all clusters.
package policy

import (
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

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Engine holds the compiled checks. It is safe for concurrent use.
type Engine struct {
	compiler *ast.Compiler
	checks   []*check
	objects  map[string][]*router // by the kind's name
	shared   *router              // of the checks that share
	apart    map[string][]*router // by the kind's name, of those that do not
	cluster  *router

	frameworks []*framework
	managed    []*managed
	holders    *router // checks of the cluster that look for permissions
	grants     *router
}

// Cluster is what a check may know of the cluster that it judges.
type Cluster struct {
	Provider string
	Version  string // of the API server, as in v1.37.2; empty if unknown
	// Time is the scan's: checks have no clock.
	Time time.Time
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

// forbidden are the built-in functions that would let a check look outside its input.
var forbidden = []string{
	"http.send", "opa.runtime", "net.lookup_ip_addr", "time.now_ns", "rand.intn", "uuid.rfc4122", "rego.parse_module", "trace",
}

// New compiles the packs. Errors name file and line.
func New(ctx context.Context, packs ...Pack) (*Engine, error) {
	e := &Engine{objects: map[string][]*router{}}
	modules := map[string]*ast.Module{}
	for _, p := range packs {
		m, checks, err := load(p)
		if err != nil {
			return nil, err
		}
		maps.Copy(modules, m)
		e.checks = append(e.checks, checks...)
		f, err := loadFrameworks(p)
		if err != nil {
			return nil, err
		}
		e.frameworks = append(e.frameworks, f...)
		managed, err := loadManaged(p)
		if err != nil {
			return nil, err
		}
		e.managed = append(e.managed, managed...)
	}
	if err := byID(e.checks); err != nil {
		return nil, err
	}
	if err := known(e.frameworks, e.checks); err != nil {
		return nil, err
	}
	schemas := ast.NewSchemaSet()
	byRule := map[string]*check{}
	for _, c := range e.checks {
		byRule[c.rule.String()] = c
	}
	for _, module := range modules {
		violations := module.Package.Path.Append(ast.StringTerm("violations"))
		if c, ok := byRule[violations.String()]; ok {
			checkAgainst(schemas, c, module)
		}
	}
	compiler := ast.NewCompiler().WithStrict(true).WithCapabilities(capabilities()).WithSchemas(schemas).WithUseTypeCheckAnnotations(true)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compileError(compiler.Errors)
	}
	for _, c := range e.checks {
		if len(compiler.GetRulesExact(c.rule)) == 0 {
			return nil, fmt.Errorf("%s: check %s has no rule named violations", c.at, c.ID)
		}
	}
	e.compiler = compiler
	if err := e.readPermissions(ctx); err != nil {
		return nil, err
	}
	e.prepare()
	return e, nil
}

// prepare makes the routers of the engine's checks.
func (e *Engine) prepare() {
	perKind := map[string][]*check{}
	var cluster, holders, grants []*check
	for _, c := range e.checks {
		switch {
		case c.Scope == finding.GrantScope:
			grants = append(grants, c)
			continue
		case c.Scope == finding.ClusterScope && c.permissions != nil:
			holders = append(holders, c)
			continue
		case c.Scope == finding.ClusterScope:
			cluster = append(cluster, c)
			continue
		}
		for _, k := range c.Check.Kinds {
			perKind[k] = append(perKind[k], c)
		}
	}
	e.cluster, e.holders, e.grants = newRouter(e.compiler, cluster, nil), newRouter(e.compiler, holders, nil), newRouter(e.compiler, grants, nil)
	var shared []*check
	for _, c := range e.checks {
		if e.shares(c) {
			shared = append(shared, c)
		}
	}
	e.shared, e.apart = newRouter(e.compiler, shared, nil), map[string][]*router{}
	for kind, checks := range perKind {
		k, _ := snapshot.KindNamed(kind)
		e.objects[kind] = e.routers(checks, k.Type)
		e.apart[kind] = e.routers(slices.DeleteFunc(slices.Clone(checks), e.shares), k.Type)
	}
}

// routers parts the checks of a kind into those that read what is each object's own and those that do not: objects that are
// alike but for that are judged once by the latter.
func (e *Engine) routers(checks []*check, object reflect.Type) []*router {
	var common, own []*check
	for _, c := range checks {
		if readsOf(e.compiler, []ast.Ref{c.rule}).own() {
			own = append(own, c)
		} else {
			common = append(common, c)
		}
	}
	var out []*router
	for _, part := range [][]*check{common, own} {
		if len(part) > 0 {
			out = append(out, newRouter(e.compiler, part, object))
		}
	}
	return out
}

// shares reports whether the check judges whatever runs pods, and nothing of it but those pods: a template that it passes has
// pods that it passes, as far as they are like it.
func (e *Engine) shares(c *check) bool {
	if c.Scope != finding.ObjectScope || readsOf(e.compiler, []ast.Ref{c.rule}).at("object") != nil {
		return false
	}
	return !slices.ContainsFunc(snapshot.Kinds, func(k snapshot.Kind) bool { return k.PodSpec != "" && !slices.Contains(c.Check.Kinds, k.Name) })
}

// Select returns an engine with the checks of these IDs (all, if there are none) less those to skip.
func (e *Engine) Select(_ context.Context, ids, skip []string) (*Engine, error) {
	if len(ids) == 0 && len(skip) == 0 {
		return e, nil
	}
	for _, id := range slices.Concat(ids, skip) {
		if !slices.ContainsFunc(e.checks, func(c *check) bool { return c.ID == id }) {
			return nil, fmt.Errorf("there is no check %q; kubemuster checks list shows all", id)
		}
	}
	selected := &Engine{compiler: e.compiler, objects: map[string][]*router{}, frameworks: e.frameworks, managed: e.managed}
	for _, c := range e.checks {
		if (len(ids) == 0 || slices.Contains(ids, c.ID)) && !slices.Contains(skip, c.ID) {
			selected.checks = append(selected.checks, c)
		}
	}
	if len(selected.checks) == 0 {
		return nil, errors.New("no check is left to run")
	}
	selected.prepare()
	return selected, nil
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
	return slices.ContainsFunc(e.objects[kind], func(r *router) bool {
		return slices.ContainsFunc(r.checks, func(c *check) bool { return c.ID == id })
	})
}

// Kinds returns the kinds that must be read for the checks, in the order of snapshot.Kinds, and behind them those of
// snapshot.OptIn.
func (e *Engine) Kinds() []snapshot.Kind {
	needed := map[string]bool{}
	for _, c := range e.checks {
		for _, k := range c.Requires {
			needed[k] = true
		}
	}
	var out []snapshot.Kind
	for _, k := range slices.Concat(snapshot.Kinds, snapshot.OptIn) {
		if needed[k.Name] {
			out = append(out, k)
		}
	}
	return out
}

// Object judges one object with the checks of its kind.
func (e *Engine) Object(ctx context.Context, o snapshot.Object, cluster Cluster) Judgement {
	return e.For(cluster).Object(ctx, o)
}

// Cluster judges the whole cluster with the checks that skip does not name.
func (e *Engine) Cluster(ctx context.Context, inv snapshot.Inventory, cluster Cluster, skip func(finding.Check) bool) Judgement {
	find := func(c *check, v violation) finding.Finding {
		k, ok := snapshot.KindNamed(v.Object.Kind)
		if !ok {
			k = snapshot.Kind{Name: v.Object.Kind}
		}
		return finding.Finding{
			Check: c.ID, Severity: v.severity(c.Severity), Verdict: finding.Fail,
			Object: identity(k, v.Object.Namespace, v.Object.Name), Key: v.Key, Path: v.Path, Message: v.Message, Ways: v.Ways,
		}
	}
	w := newWorld(inv)
	r := e.cluster.without(skip)
	all := r.judgement(r.judge(ctx, r.form.input(r.form.ofCluster(nil, &inv, cluster))), cluster, find)
	for _, j := range []Judgement{
		e.holders.without(skip).holders(ctx, w, &inv, cluster, find), e.grants.without(skip).grants(ctx, w, cluster),
	} {
		all.Findings, all.Verdicts = append(all.Findings, j.Findings...), append(all.Verdicts, j.Verdicts...)
	}
	return all
}

func identity(k snapshot.Kind, namespace, name string) finding.Object {
	return finding.Object{Group: k.Group, Version: k.Version, Kind: k.Name, Resource: k.Resource, Namespace: namespace, Name: name}
}

func checkAgainst(schemas *ast.SchemaSet, c *check, module *ast.Module) {
	name := ast.StringTerm("input_" + strings.Join(append([]string{string(c.Scope)}, c.Check.Kinds...), "_"))
	ref := ast.SchemaRootRef.Append(name)
	if schemas.Get(ref) == nil {
		schemas.Put(ref, inputSchema(c.Scope, c.kinds))
	}
	for _, a := range module.Annotations {
		if a.Scope == "package" {
			a.Schemas = append(a.Schemas, &ast.SchemaAnnotation{Path: ast.InputRootRef, Schema: ref})
		}
	}
}

func capabilities() *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.Builtins = slices.DeleteFunc(slices.Clone(caps.Builtins), func(b *ast.Builtin) bool { return slices.Contains(forbidden, b.Name) })
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
	checks []*check
	form   *form
	all    *query
	single []*query
	id     string // the same for routers of the same checks
}

// newRouter makes the router of checks of the whole cluster, or of objects of a type.
func newRouter(compiler *ast.Compiler, checks []*check, object reflect.Type) *router {
	r := &router{checks: checks}
	var rules []ast.Ref
	for _, c := range checks {
		r.single = append(r.single, newQuery(compiler, c.rule))
		rules = append(rules, c.rule)
		r.id += c.rule.String() + "\n"
	}
	r.all = newQuery(compiler, rules...)
	r.form = newForm(readsOf(compiler, rules), object)
	return r
}

func (r *router) without(skip func(finding.Check) bool) *router {
	kept := &router{form: r.form}
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

// outcome is what one check said: violations, or why it could not be evaluated.
type outcome struct {
	violations []violation
	failure    string
}

func (r *router) judge(ctx context.Context, input *ast.Term) []outcome {
	outcomes := make([]outcome, len(r.checks))
	if r.all != nil {
		if sets, err := r.all.eval(ctx, input); err == nil {
			for i, c := range r.checks {
				outcomes[i] = outcomeOf(c, sets[i])
			}
			return outcomes
		}
	}
	for i, c := range r.checks {
		sets, err := r.single[i].eval(ctx, input)
		if err != nil {
			outcomes[i].failure = evaluationError(err)
			continue
		}
		outcomes[i] = outcomeOf(c, sets[0])
	}
	return outcomes
}

func evaluationError(err error) string {
	if errors.Is(err, errNoResult) {
		return err.Error()
	}
	return "evaluation failed: " + err.Error()
}

func outcomeOf(c *check, set *ast.Term) outcome {
	violations, err := violationsOf(c.Scope, set)
	if err != nil {
		return outcome{failure: fmt.Sprintf("%s: %v", c.at, err)}
	}
	return outcome{violations: violations}
}

func (r *router) judgement(outcomes []outcome, about Cluster, find func(*check, violation) finding.Finding) Judgement {
	j := Judgement{Verdicts: make([]Verdict, len(r.checks))}
	for i, c := range r.checks {
		v := Verdict{Check: c.ID, Verdict: finding.Pass}
		switch o := outcomes[i]; {
		case o.failure != "":
			v.Verdict, v.Reason = finding.NotEvaluated, o.failure
		case len(c.Needs) > 0 && about.Version == "":
			v.Verdict, v.Reason = finding.NotEvaluated, "the API server's version is not known"
		case len(o.violations) > 0:
			v.Verdict = finding.Fail
			for _, violation := range o.violations {
				j.Findings = append(j.Findings, find(c, violation))
			}
		}
		j.Verdicts[i] = v
	}
	return j
}
