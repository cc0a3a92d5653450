// Package policy judges objects and clusters with Rego. The engine is compiled once for a run and shared, read-only, by
// all clusters.
package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/rbac"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Engine holds the compiled checks. It is safe for concurrent use.
type Engine struct {
	*Catalog
	compiled chan struct{} // closed when it is; nil for one that was configured of another
	err      error
	compiler *ast.Compiler
	objects  map[string][]*router // of one check each, by the kind's name
	apart    map[string][]*router // those of the checks that do not share
	shared   *form                // of the others
	cluster  *router
	holders  *router // checks of the cluster that look for permissions
	grants   *router
}

// Cluster is what a check may know of the cluster that it judges.
type Cluster struct {
	Provider string
	Version  string // of the API server, as in v1.37.2; empty if unknown
	Host     string // of the API server; empty if unknown
	// Time is the scan's: checks have no clock.
	Time time.Time
	// Timeouts gives a check up that runs out of time again and again in this cluster; nil: none is given up.
	Timeouts *Timeouts
}

// Judgement is what the checks said.
type Judgement struct {
	Findings []finding.Finding
	Verdicts []Verdict
	// Unjudged are bindings to roles that were not read: nothing passes there.
	Unjudged []finding.Object
}

// Verdict is one check's verdict on one object, or on the cluster.
type Verdict struct {
	Check   string
	Verdict finding.Verdict
	Reason  string // with NotEvaluated
}

// Why a check may not call a built-in function. Those that OPA itself says look outside a check's input, such as http.send and
// time.now_ns, depend on more than it.
const (
	dependsOnMore = "a verdict depends on the input alone"
	unstoppable   = "no time limit stops it"
)

// forbidden are others that no check needs, by how their names begin. What no time limit stops recurses without end, or takes long
// or much memory for a short argument, without a look at the clock.
var forbidden = map[string]string{
	"bits.lsh":                          unstoppable,
	"crypto.parse_private_keys":         unstoppable,
	"crypto.x509.parse_and_verify_":     dependsOnMore, // certificates are compared with the clock
	"crypto.x509.parse_keypair":         unstoppable,
	"crypto.x509.parse_rsa_private_key": unstoppable,
	"glob.match":                        unstoppable,
	"graph.reachable_paths":             unstoppable,
	"graphql.":                          unstoppable,
	"io.jwt.verify_":                    unstoppable,
	"json.patch":                        unstoppable,
	"net.cidr_contains_matches":         unstoppable,
	"regex.globs_match":                 unstoppable,
	"rego.parse_module":                 unstoppable,
	"strings.render_template":           unstoppable,
	"trace":                             dependsOnMore,
}

// refuses says why checks may not call a built-in function; it is empty for those that they may.
func refuses(b *ast.Builtin) string {
	if b.Nondeterministic {
		return dependsOnMore
	}
	for beginning, why := range forbidden {
		if strings.HasPrefix(b.Name, beginning) {
			return why
		}
	}
	return ""
}

// New loads the packs and compiles all their checks. Errors name file and line.
func New(ctx context.Context, packs ...Pack) (*Engine, error) {
	c, err := Load(packs...)
	if err != nil {
		return nil, err
	}
	return c.Compile(ctx)
}

// Compile makes an engine of the catalogue's checks. Errors name file and line.
func (c *Catalog) Compile(ctx context.Context) (*Engine, error) {
	e := c.Compiling(ctx)
	if err := e.Err(); err != nil {
		return nil, err
	}
	return e, nil
}

// Compiling returns an engine that is compiled while something else is done. Of what it holds, only the catalogue may be asked
// before Err has been.
func (c *Catalog) Compiling(ctx context.Context) *Engine {
	e := &Engine{Catalog: c.withoutModules(), compiled: make(chan struct{})}
	go func() {
		defer close(e.compiled)
		e.err = e.compile(ctx, c.modules)
	}()
	return e
}

// Err waits until the engine is compiled, and says why it cannot be.
func (e *Engine) Err() error {
	if e.compiled != nil {
		<-e.compiled
	}
	return e.err
}

// withoutModules is the catalogue without what only a compiler needs: it has its own.
func (c *Catalog) withoutModules() *Catalog {
	bare := *c
	bare.modules = nil
	if c.whole != nil {
		bare.whole = c.whole.withoutModules()
	}
	return &bare
}

func (e *Engine) compile(ctx context.Context, modules map[string]*ast.Module) error {
	compiler := compilerFor(e.checks, modules)
	if compiler.Compile(modules); compiler.Failed() {
		return compileError(compiler.Errors)
	}
	if err := e.dangling(compiler); err != nil {
		return err
	}
	if err := e.circles(); err != nil {
		return err
	}
	compiler.WithSchemas(nil) // they have done their work
	for _, check := range e.checks {
		if len(compiler.GetRulesExact(check.rule)) == 0 {
			return fmt.Errorf("%s: check %s has no rule named violations", check.at, check.ID)
		}
		check.reads, check.severally = readsOf(compiler, check.rule)
		check.condition = conditionOf(compiler, check.rule)
	}
	e.compiler = compiler
	if err := e.readPermissions(ctx); err != nil {
		return err
	}
	e.prepare()
	return nil
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

// prepare makes the routers of the engine's checks.
func (e *Engine) prepare() {
	var objects, cluster, holders, grants []*check
	parameters := map[string]any{}
	for _, c := range e.checks {
		if c.missing != "" {
			continue
		}
		parameters[c.ID] = c.values
		switch {
		case c.Scope == finding.GrantScope:
			grants = append(grants, c)
		case c.Scope == finding.ClusterScope && c.permissions != nil:
			holders = append(holders, c)
		case c.Scope == finding.ClusterScope:
			cluster = append(cluster, c)
		default:
			objects = append(objects, c)
		}
	}
	data, limit := newData(parameters), e.limit()
	ofCluster := func(checks []*check) *router { return newRouter(e.compiler, data, limit.ofCluster(), checks, nil) }
	e.cluster, e.holders, e.grants = ofCluster(cluster), ofCluster(holders), ofCluster(grants)
	e.objects, e.apart = map[string][]*router{}, map[string][]*router{}
	shared := &reads{}
	for _, c := range objects {
		var ofAll *router
		for _, k := range c.kinds {
			r := ofAll
			if r == nil {
				r = newRouter(e.compiler, data, limit, []*check{c}, k.Type)
			}
			if c.reads.at("object") == nil { // it sees all kinds alike
				ofAll = r
			}
			e.objects[k.Name] = append(e.objects[k.Name], r)
			if !c.shares() {
				e.apart[k.Name] = append(e.apart[k.Name], r)
			}
		}
		if c.shares() {
			shared.add(c.reads)
		}
	}
	shared.settle()
	e.shared = newForm(shared.fully(), nil)
}

// shares reports whether the check judges whatever runs pods, and nothing of it but those pods: a template that it passes has
// pods that it passes, as far as they are like it.
func (c *check) shares() bool {
	if c.Scope != finding.ObjectScope {
		return false
	}
	r := c.reads
	w := r.at("workload")
	s := w.at("spec")
	for _, own := range []*reads{ // in which a pod is never like its template, or need not be
		r.at("object"), w.at("kind"), w.at("name"), w.at("metadata").unlike(), s.at("affinity"), s.at("nodeName"), s.at("hostname"), s.at("subdomain"),
	} {
		if own != nil {
			return false
		}
	}
	return !slices.ContainsFunc(snapshot.Kinds, func(k snapshot.Kind) bool { return k.PodSpec != "" && !slices.Contains(c.Check.Kinds, k.Name) })
}

// Judges reports whether a check judges objects of a kind.
func (e *Engine) Judges(id, kind string) bool {
	return slices.ContainsFunc(e.objects[kind], func(r *router) bool { return r.checks[0].ID == id })
}

// Stands reports whether what a check finds holds whatever else there is: who holds what is not less for what was not read. A
// check of the whole cluster that looks for permissions or judges grants is such a one; others may miss something that is there.
func (e *Engine) Stands(id string) bool {
	return slices.ContainsFunc(e.checks, func(c *check) bool { return c.ID == id && (c.Scope == finding.GrantScope || c.permissions != nil) })
}

// Object judges one object with the checks of its kind.
func (e *Engine) Object(ctx context.Context, o snapshot.Object, cluster Cluster) Judgement {
	return e.For(cluster).Object(ctx, o)
}

// Cluster judges the whole cluster with the checks that skip does not name. Of grants it tells which are the provider's own.
func (e *Engine) Cluster(ctx context.Context, inv snapshot.Inventory, cluster Cluster, skip func(finding.Check) bool) Judgement {
	find := func(c *check, v violation) finding.Finding {
		k, ok := snapshot.KindNamed(v.Object.Kind)
		if !ok {
			k = snapshot.Kind{Name: v.Object.Kind}
		}
		return finding.Finding{
			Check: c.ID, Severity: c.severity(v), Verdict: finding.Fail,
			Object: identity(k, v.Object.Namespace, v.Object.Name), Key: v.Key, Path: v.Path, Message: v.Message, Ways: v.Ways,
		}
	}
	cluster, inv = e.whose(cluster), rbac.Expand(inv)
	w := newWorld(inv)
	r := e.cluster.without(skip)
	var all Judgement
	r.judgement(&all, r.judge(ctx, r.form.ofCluster(&inv, cluster), cluster.Timeouts), cluster, find)
	for _, j := range []Judgement{
		e.holders.without(skip).holders(ctx, w, &inv, cluster, find), e.grants.without(skip).grants(ctx, w, cluster, func(n *rbac.Grant) string { return e.grantManagedBy(cluster, n) }),
	} {
		all.Findings, all.Verdicts = append(all.Findings, j.Findings...), append(all.Verdicts, j.Verdicts...)
		all.Unjudged = append(all.Unjudged, j.Unjudged...)
	}
	return all
}

func identity(k snapshot.Kind, namespace, name string) finding.Object {
	return finding.Object{Group: k.Group, Version: k.Version, Kind: k.Kind(), Resource: k.Resource, Namespace: namespace, Name: name}
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
	caps := *everyBuiltin()
	caps.Builtins = slices.DeleteFunc(slices.Clone(caps.Builtins), func(b *ast.Builtin) bool { return refuses(b) != "" })
	caps.AllowNet = []string{}
	return &caps
}

var withinMetadata = regexp.MustCompile(`^yaml: (line \d+: )?`)

// compileError names every place, one a line.
func compileError(errs ast.Errors) error {
	lines := map[string]bool{}
	for _, e := range errs {
		line := withinMetadata.ReplaceAllString(e.Message, "the METADATA block is no YAML: ") // its own count of lines begins with the block
		if e.Location != nil {
			line = fmt.Sprintf("%s:%d: %s", e.Location.File, e.Location.Row, line)
		}
		if d, ok := e.Details.(*ast.RefErrInvalidDetail); ok {
			line += didYouMean(d)
		}
		if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok && ast.BuiltinMap[name] != nil {
			line = fmt.Sprintf("%s:%d: checks may not call %s: %s", e.Location.File, e.Location.Row, name, refuses(ast.BuiltinMap[name]))
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

// router asks checks about one input. Where there are several they are a single query, and where one of them fails to evaluate,
// each runs by itself, so that only the broken one goes without a verdict.
type router struct {
	checks []*check
	form   *form
	all    *query
	single []*query
	limit  limits // of one query
	// Of a single check: that it asks of each container by itself, and what tells that it finds nothing, if anything does.
	severally bool
	concerns  presence
}

// newRouter makes the router of checks of the whole cluster, or of objects of a type.
func newRouter(compiler *ast.Compiler, data data, limit limits, checks []*check, object reflect.Type) *router {
	r := &router{checks: checks, limit: limit}
	var rules []ast.Ref
	read := &reads{}
	for _, c := range checks {
		r.single = append(r.single, newQuery(compiler, data, c.rule))
		rules = append(rules, c.rule)
		read.add(c.reads)
	}
	if len(checks) == 1 && checks[0].Scope == finding.ObjectScope {
		r.severally, r.concerns = checks[0].severally, checks[0].condition.presence(object)
	} else {
		r.all = newQuery(compiler, data, rules...)
		read = read.fully()
	}
	read.settle()
	r.form = newForm(read, object)
	return r
}

func (r *router) without(skip func(finding.Check) bool) *router {
	kept := &router{form: r.form, limit: r.limit}
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

// endedFirst is why nothing is judged once the scan's time has run out, or it was interrupted.
const endedFirst = "the scan ended before it was judged"

func (r *router) judge(ctx context.Context, input *ast.Term, late *Timeouts) []outcome {
	outcomes := make([]outcome, len(r.checks))
	if ctx.Err() != nil {
		for i := range outcomes {
			outcomes[i].failure = endedFirst
		}
		return outcomes
	}
	givenUp := late.exhausted()
	if r.all != nil && !slices.ContainsFunc(r.checks, func(c *check) bool { return givenUp(c.ID) }) {
		if sets, err := limited(ctx, r.limit, func(ctx context.Context) ([]*ast.Term, error) { return r.all.eval(ctx, input) }); err == nil {
			for i, c := range r.checks {
				outcomes[i] = outcomeOf(c, sets[i])
			}
			return outcomes
		}
	}
	for i, c := range r.checks {
		if ctx.Err() != nil {
			outcomes[i].failure = endedFirst
			continue
		}
		if givenUp(c.ID) {
			outcomes[i].failure = "it ran out of time or memory again and again, and was given up"
			continue
		}
		sets, err := limited(ctx, r.limit, func(ctx context.Context) ([]*ast.Term, error) { return r.single[i].eval(ctx, input) })
		late.note(c.ID, err)
		if err != nil {
			outcomes[i].failure = evaluationError(r.checks[i].at, err)
			continue
		}
		outcomes[i] = outcomeOf(c, sets[0])
	}
	return outcomes
}

func evaluationError(at string, err error) string {
	if errors.Is(err, errNoResult) {
		return err.Error()
	}
	if errors.As(err, new(errTimeout)) || errors.As(err, new(errMemory)) { // of others it is known where they were
		return "evaluation failed: " + at + ": " + err.Error()
	}
	return "evaluation failed: " + err.Error()
}

func outcomeOf(c *check, set *ast.Term) outcome {
	violations, err := violationsOf(c.Scope, set)
	if err != nil {
		return outcome{failure: fmt.Sprintf("%s: %v", c.at, err)}
	}
	for _, v := range violations {
		if s, err := finding.ParseSeverity(v.Severity); err == nil && s != c.own && c.Severities[s.String()] == "" {
			return outcome{failure: fmt.Sprintf("%s: a violation is %s, which the check's metadata does not say; add it to custom.severities", c.at, s)}
		}
	}
	return outcome{violations: violations}
}

// judgement adds what the outcomes say.
func (r *router) judgement(j *Judgement, outcomes []outcome, about Cluster, find func(*check, violation) finding.Finding) {
	for i, c := range r.checks {
		v := Verdict{Check: c.ID, Verdict: finding.Pass}
		switch o := outcomes[i]; {
		case o.failure != "":
			v.Verdict, v.Reason = finding.NotEvaluated, o.failure
		case len(c.Needs) > 0 && about.Version == "":
			v.Verdict, v.Reason = finding.NotEvaluated, "the API server's version is not known"
		case len(o.violations) > 0:
			v.Verdict = finding.Fail
			before := len(j.Findings)
			for _, violation := range o.violations {
				j.Findings = append(j.Findings, find(c, violation))
			}
			if len(o.violations) > 1 {
				j.Findings = append(j.Findings[:before], merged(j.Findings[before:])...)
			}
		}
		j.Verdicts = append(j.Verdicts, v)
	}
}
