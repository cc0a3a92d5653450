package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"golang.org/x/sync/errgroup"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Catalog is what packs say of their checks, before anything is compiled.
type Catalog struct {
	packs      []Pack
	checks     []*check
	modules    map[string]*ast.Module // by file
	frameworks []*framework
	managed    []*managed
	take       limits   // of a check on one object; zero means the defaults
	whole      *Catalog // before it was configured; nil for itself
	left       []string // what the settings leave out, as reports tell it
}

// Whole is the catalogue with the checks that the settings leave out.
func (c *Catalog) Whole() *Catalog {
	if c.whole != nil {
		return c.whole
	}
	return c
}

// Load reads the packs. Errors name file and line; what is wrong in a check's logic is found when it is compiled.
func Load(packs ...Pack) (*Catalog, error) {
	c := &Catalog{modules: map[string]*ast.Module{}}
	for _, p := range packs {
		if slices.ContainsFunc(c.packs, func(o Pack) bool { return o.Name == p.Name }) {
			return nil, fmt.Errorf("two packs are called %s; name each once", p.Name)
		}
		modules, checks, err := load(p)
		if err != nil {
			return nil, err
		}
		if p.SHA256, err = p.digest(); err != nil {
			return nil, err
		}
		c.packs = append(c.packs, p)
		if c.checks, err = merge(c.checks, checks, c.modules); err != nil {
			return nil, err
		}
		if err := add(c.modules, p.Name, modules); err != nil {
			return nil, err
		}
		frameworks, err := loadFrameworks(p)
		if err != nil {
			return nil, err
		}
		c.frameworks = append(c.frameworks, frameworks...)
		managed, err := loadManaged(p)
		if err != nil {
			return nil, err
		}
		c.managed = append(c.managed, managed...)
		if len(checks) == 0 {
			return nil, fmt.Errorf("pack %s: %w", p.Name, errNoChecks)
		}
	}
	return c, known(c.frameworks, c.checks)
}

// Checks returns the catalogue, by ID.
func (c *Catalog) Checks() []finding.Check {
	out := make([]finding.Check, len(c.checks))
	for i, check := range c.checks {
		out[i] = check.Check
	}
	return out
}

// Packs returns the packs that the checks come from, with the digest of each.
func (c *Catalog) Packs() []Pack { return c.packs }

// Limits are those of the settings that it was configured with: see [Settings.Limits].
func (c *Catalog) Limits() []string { return c.left }

// Lacks says which parameter a check goes without that it cannot do without: it is not applicable then. It is empty for others.
func (c *Catalog) Lacks(id string) string {
	for _, check := range c.checks {
		if check.ID == id && check.missing != "" {
			return fmt.Sprintf("it needs its parameter %s; set %s", check.missing, check.OptIn)
		}
	}
	return ""
}

// Kinds returns the kinds that must be read for the checks, in the order of snapshot.Kinds, behind them those of snapshot.OptIn,
// and those of custom resources.
func (c *Catalog) Kinds() []snapshot.Kind {
	needed, custom := map[string]bool{}, map[string]snapshot.Kind{}
	for _, check := range c.checks {
		if check.missing != "" {
			continue
		}
		for _, k := range check.Requires {
			needed[k] = true
		}
		for _, k := range check.kinds {
			if ofPack(k) {
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

// check is a check with its logic.
type check struct {
	finding.Check
	kinds    []snapshot.Kind
	rule     ast.Ref // data.….violations
	at       string  // file:line of its metadata
	module   string  // its file
	replaces string  // the ID of the check whose place it takes

	values        map[string]any   // its parameters
	missing       string           // the parameter without which it has nothing to say, if that is not set
	own           finding.Severity // as the pack says it
	severityFixed bool             // by the settings: its violations have no say
	// reads is what the check reads of its input, once it is compiled.
	reads *reads
	// severally: it asks of each container by itself.
	severally bool
	// condition is what has to be there, or it finds nothing.
	condition condition
	// permissions are what the check looks for; nil without such a rule.
	permissions permissions
	// foldedUnder are the checks whose finding stands for this one's at the same grant.
	foldedUnder []string
}

// metadata is what stands under custom in a check's METADATA block.
type metadata struct {
	ID          string              `json:"id"`
	Name        string              `json:"name"`
	Severity    string              `json:"severity"`
	Severities  map[string]string   `json:"severities"`
	Scope       finding.Scope       `json:"scope"`
	Kinds       []string            `json:"kinds"`
	Requires    []string            `json:"requires"`
	Needs       []string            `json:"needs"`
	Remediation string              `json:"remediation"`
	Frameworks  map[string][]string `json:"frameworks"`
	FoldedUnder []string            `json:"foldedUnder"`
	Parameters  []finding.Parameter `json:"parameters"`
	Replaces    string              `json:"replaces"`
}

// needed is what needs in metadata may hold.
var needed = []string{"version", "cluster"}

var scopes = []finding.Scope{finding.ObjectScope, finding.ClusterScope, finding.GrantScope}

// grantKinds are what every check of scope grant needs; it judges the first two.
var grantKinds = []string{"ClusterRoleBinding", "RoleBinding", "ClusterRole", "Role"}

// groupsOfKinds are the names in metadata that stand for several kinds.
var groupsOfKinds = map[string]func(snapshot.Kind) bool{
	"Workload":         func(k snapshot.Kind) bool { return k.PodSpec != "" },
	"AnyNetworkPolicy": snapshot.Kind.NetworkPolicy,
}

var (
	idPattern   = regexp.MustCompile(`^[A-Z]{2,8}[0-9]{4}$`)
	customGroup = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	apiVersion  = regexp.MustCompile(`^v[0-9]+((alpha|beta)[0-9]+)?$`)
	namePattern = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`)
)

var (
	productRoot = ast.MustParseRef("data.kubemuster")
	checksRoot  = ast.MustParseRef("data.kubemuster.checks")
	libRoot     = ast.MustParseRef("data.kubemuster.lib")
)

// load parses a pack's modules. Every module in a package below kubemuster.checks is a check.
func load(pack Pack) (modules map[string]*ast.Module, checks []*check, err error) {
	type file struct {
		path   string // as messages name it
		module *ast.Module
		check  *check
		err    error
	}
	var files []*file
	var parsing errgroup.Group
	parsing.SetLimit(runtime.GOMAXPROCS(0))
	err = pack.sources(func(name string, source []byte) error {
		tests := strings.HasSuffix(name, testEnding)
		if tests && !bytes.Contains(source, []byte("custom:")) {
			return nil
		}
		f := &file{path: pack.Name + "/" + name}
		files = append(files, f)
		parsing.Go(func() error {
			module, err := parse(f.path, source)
			if err == nil && module != nil {
				err = misplaced(f.path, module)
			}
			if f.err = err; err != nil || module == nil || tests {
				return nil
			}
			if f.module = module; module.Package.Path.HasPrefix(checksRoot) {
				f.check, f.err = newCheck(pack.Name, f.path, module)
			}
			return nil
		})
		return nil
	})
	_ = parsing.Wait() // each file has its own error
	modules = map[string]*ast.Module{}
	var problems []error
	for _, f := range files {
		switch {
		case f.err != nil:
			problems = append(problems, f.err)
		case f.module != nil:
			modules[f.path] = f.module
		}
		if f.check != nil {
			checks = append(checks, f.check)
		}
	}
	if err != nil {
		problems = append(problems, fmt.Errorf("pack %s: %w", pack.Name, err))
	}
	return modules, checks, errors.Join(problems...)
}

// everyBuiltin is what Rego's text may call: what checks may not is told when they are compiled.
var everyBuiltin = sync.OnceValue(func() *ast.Capabilities { return ast.CapabilitiesForThisVersion() })

func parse(path string, source []byte) (*ast.Module, error) {
	module, err := ast.ParseModuleWithOpts(path, string(source), ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: everyBuiltin()})
	var errs ast.Errors
	if errors.As(err, &errs) {
		return nil, compileError(errs)
	}
	if err != nil || module == nil {
		return module, err
	}
	for _, note := range module.Annotations {
		if len(note.Schemas) > 0 { // a $ref may lead to any file
			return nil, fmt.Errorf("%s:%d: schemas are not for packs: the input's own is known; leave them out", path, note.Location.Row)
		}
	}
	return module, nil
}

// misplaced refuses a file that describes a check and that nobody would take for one.
func misplaced(path string, module *ast.Module) error {
	for _, note := range module.Annotations {
		if note.Scope != "package" || note.Custom["id"] == nil {
			continue
		}
		switch {
		case strings.HasSuffix(path, testEnding):
			return fmt.Errorf("%s:%d: check %v stands in a file of tests; give the file another name than *%s", path, note.Location.Row, note.Custom["id"], testEnding)
		case !module.Package.Path.HasPrefix(checksRoot):
			return fmt.Errorf("%s:%d: check %v is in package %s, where none is looked for; name the package kubemuster.checks.…", path, note.Location.Row, note.Custom["id"],
				strings.TrimPrefix(module.Package.Path.String(), "data."))
		}
	}
	return nil
}

func newCheck(pack, path string, module *ast.Module) (*check, error) {
	var note *ast.Annotations
	for _, a := range module.Annotations {
		if a.Scope == "package" {
			note = a
		}
	}
	if note == nil {
		return nil, fmt.Errorf("%s: the package has no METADATA block; a check needs one", path)
	}
	at := func(key string) string { return fmt.Sprintf("%s:%d", path, lineOf(module, note, key)) }
	custom, err := json.Marshal(note.Custom)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at("custom"), err)
	}
	var m metadata
	decoder := json.NewDecoder(bytes.NewReader(custom))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		key, problem := misfit(err)
		return nil, fmt.Errorf("%s: custom: %s", at(key), problem)
	}
	if m.Scope == finding.GrantScope {
		m.Kinds, m.Requires = slices.Concat(m.Kinds, grantKinds[:2]), slices.Concat(m.Requires, grantKinds)
	}
	severity, err := finding.ParseSeverity(m.Severity)
	if err != nil {
		return nil, fmt.Errorf("%s: severity: %w", at("severity"), err)
	}
	for _, rule := range []struct {
		key  string
		ok   bool
		want string
	}{
		{"id", idPattern.MatchString(m.ID), "custom.id must be letters and four digits, as in KM1005"},
		{"name", namePattern.MatchString(m.Name), "custom.name must be in PascalCase"},
		{"title", note.Title != "", "title is missing"},
		{"description", note.Description != "", "description is missing: say what an attacker gains"},
		{"remediation", m.Remediation != "", "custom.remediation is missing: name the field or command"},
		{"scope", slices.Contains(scopes, m.Scope), "custom.scope must be object, cluster or grant"},
		{"foldedUnder", m.Scope == finding.GrantScope || len(m.FoldedUnder) == 0, "custom.foldedUnder is for the scope grant alone"},
		{"needs", !slices.ContainsFunc(m.Needs, func(n string) bool { return !slices.Contains(needed, n) }), "custom.needs may hold version and cluster, and nothing else"},
		{"kinds", len(m.Kinds) > 0, "custom.kinds is missing"},
		{"requires", m.Scope != finding.ClusterScope || len(m.Requires) > 0, "custom.requires is missing: name the kinds that must have been read"},
	} {
		if !rule.ok {
			return nil, fmt.Errorf("%s: %s", at(rule.key), rule.want)
		}
	}
	others, err := severitiesOf(m.Severities, severity)
	if err != nil {
		return nil, fmt.Errorf("%s: custom.severities: %w", at("severities"), err)
	}
	kinds, err := kindsNamed(m.Kinds)
	if err != nil {
		return nil, fmt.Errorf("%s: custom.kinds: %w", at("kinds"), err)
	}
	if m.Scope == finding.ClusterScope && slices.ContainsFunc(kinds, ofPack) {
		return nil, fmt.Errorf("%s: custom.kinds: custom resources are judged one at a time; custom.scope must be object", at("scope"))
	}
	requires, err := kindsNamed(m.Requires)
	if err != nil {
		return nil, fmt.Errorf("%s: custom.requires: %w", at("requires"), err)
	}
	parameters, err := parametersOf(m.Parameters)
	if err != nil {
		return nil, fmt.Errorf("%s: custom.parameters: %w", at("parameters"), err)
	}
	if m.Scope == finding.ObjectScope {
		requires = append(requires, kinds...)
	}
	if i := slices.IndexFunc(requires, func(k snapshot.Kind) bool { return ofPack(k) && !slices.Contains(kinds, k) }); i >= 0 {
		return nil, fmt.Errorf("%s: custom.requires: no check sees %s but one that names it in custom.kinds, where it is required already; leave it out", at("requires"), requires[i].Name)
	}
	c := &check{kinds: kinds, foldedUnder: m.FoldedUnder, at: at(""), module: path, own: severity, replaces: m.Replaces, rule: module.Package.Path.Append(ast.StringTerm("violations")), Check: finding.Check{
		ID: m.ID, Name: m.Name, Title: note.Title, Description: note.Description, Remediation: m.Remediation,
		Severity: severity, Severities: others, Scope: m.Scope, Kinds: names(kinds), Requires: names(requires), Needs: m.Needs, Frameworks: m.Frameworks, Parameters: parameters, Pack: pack,
	}}
	if err = c.configure(nil); err != nil {
		return nil, err
	}
	if err := misnamed(path, module); err != nil {
		return nil, err
	}
	for _, r := range note.RelatedResources {
		c.References = append(c.References, r.Ref.String())
	}
	return c, nil
}

// severitiesOf are the severities beside its own that a check's findings may have.
func severitiesOf(named map[string]string, own finding.Severity) (map[string]string, error) {
	var out map[string]string
	for _, name := range slices.Sorted(maps.Keys(named)) {
		s, err := finding.ParseSeverity(name)
		switch {
		case err != nil:
			return nil, err
		case s == own:
			return nil, fmt.Errorf("%s is the check's own severity; name others, and where findings have them", name)
		case strings.TrimSpace(named[name]) == "":
			return nil, fmt.Errorf("%s needs a word on where findings have it", name)
		case out == nil:
			out = map[string]string{}
		}
		out[s.String()] = named[name]
	}
	return out, nil
}

// lineOf is where a key stands in a METADATA block, or where the block begins.
func lineOf(module *ast.Module, note *ast.Annotations, key string) int {
	for _, c := range module.Comments {
		if row := c.Location.Row; key != "" && row > note.Location.Row && row < module.Package.Location.Row &&
			strings.HasPrefix(strings.TrimSpace(string(c.Text)), key+":") {
			return row
		}
	}
	return note.Location.Row
}

// misfit says which key of the metadata has no place in it, or has a value of another form.
func misfit(err error) (key, problem string) {
	var form *json.UnmarshalTypeError
	if errors.As(err, &form) {
		key, _, _ = strings.Cut(form.Field, ".")
		wants := map[reflect.Kind]string{reflect.String: "a string", reflect.Slice: "a list", reflect.Map: "a map", reflect.Struct: "a map"}[form.Type.Kind()]
		return key, fmt.Sprintf("%s must be %s, and there is a JSON %s", form.Field, wants, form.Value)
	}
	problem = strings.TrimPrefix(err.Error(), "json: ")
	if key, ok := strings.CutPrefix(problem, "unknown field "); ok {
		return strings.Trim(key, `"`), problem
	}
	return "custom", problem
}

// merge adds a pack's checks to those of the packs before it, and takes away those whose place they take.
func merge(before, pack []*check, modules map[string]*ast.Module) ([]*check, error) {
	at := map[string]*check{} // by ID
	for _, c := range before {
		at[c.ID] = c
	}
	replaced := map[string]*check{}
	for _, c := range pack {
		switch old := at[c.replaces]; {
		case c.replaces == "":
		case replaced[c.replaces] != nil:
			return nil, fmt.Errorf("check %s is replaced twice: at %s and at %s; take one of them away", c.replaces, replaced[c.replaces].at, c.at)
		case old == nil:
			return nil, fmt.Errorf("%s: custom.replaces: there is no check %s in the packs before this one", c.at, c.replaces)
		default:
			replaced[c.replaces] = c
			delete(modules, old.module)
		}
	}
	before = slices.DeleteFunc(before, func(c *check) bool { return replaced[c.ID] != nil })
	all := append(before, pack...)
	slices.SortStableFunc(all, func(a, b *check) int { return strings.Compare(a.ID, b.ID) })
	version := map[string]*check{} // of custom resources, by the name of the kind
	for _, c := range all {
		for _, k := range c.kinds {
			other := version[k.Name]
			if version[k.Name] = c; other == nil || !k.Custom() {
				continue
			}
			i := slices.IndexFunc(other.kinds, func(o snapshot.Kind) bool { return o.Name == k.Name })
			if v := other.kinds[i].Version; v != k.Version {
				return nil, fmt.Errorf("%s and %s want %s in two versions, %s and %s; settle on one", other.at, c.at, k.Name, v, k.Version)
			}
		}
	}
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			return nil, fmt.Errorf("check ID %s stands twice: at %s and at %s; give one of them another, or say custom.replaces", all[i].ID, all[i-1].at, all[i].at)
		}
	}
	return all, nil
}

// add puts a pack's modules to those of the packs before it. A package belongs to one pack, with all above and below it: in package
// a, b.c := 1 is a rule of package a.b, and rules of another pack would change its verdicts in silence.
func add(modules map[string]*ast.Module, pack string, own map[string]*ast.Module) error {
	for _, file := range slices.Sorted(maps.Keys(own)) {
		path := own[file].Package.Path
		at := fmt.Sprintf("%s:%d: package %s", file, own[file].Package.Location.Row, shortName(path))
		if path.HasPrefix(productRoot) && !path.HasPrefix(checksRoot) && (pack != finding.BuiltInPack || !path.HasPrefix(libRoot)) {
			return fmt.Errorf("%s is reserved; checks belong in kubemuster.checks.<domain>.<name>, and functions in a package of any other name", at)
		}
		for _, other := range slices.Sorted(maps.Keys(modules)) {
			if theirs := modules[other].Package.Path; path.HasPrefix(theirs) || theirs.HasPrefix(path) {
				return fmt.Errorf("%s overlaps package %s of %s, in another pack; give it a name of its own", at, shortName(theirs), other)
			}
		}
	}
	maps.Copy(modules, own)
	return nil
}

func shortName(path ast.Ref) string { return strings.TrimPrefix(path.String(), "data.") }

func kindsNamed(list []string) ([]snapshot.Kind, error) {
	var out []snapshot.Kind
	for _, name := range list {
		if of, ok := groupsOfKinds[name]; ok {
			for _, k := range snapshot.Kinds {
				if of(k) {
					out = append(out, k)
				}
			}
			continue
		}
		k, ok := snapshot.KindNamed(name)
		if !ok {
			k, ok = customKind(name)
		}
		if !ok {
			return nil, fmt.Errorf("%q is no kind that is read; write a custom resource's as group/version/Kind, as in cert-manager.io/v1/Certificate", name)
		}
		if known, ok := snapshot.KindNamed(k.Name); ok && known != k {
			return nil, fmt.Errorf("%q is read as %s/%s; write that", name, known.APIVersion(), known.Kind())
		}
		out = append(out, k)
	}
	return out, nil
}

// customKind reads group/version/Kind. Groups without a dot are Kubernetes' own: what is not in snapshot.Kinds is left unread on
// purpose, as Secrets are.
func customKind(name string) (snapshot.Kind, bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 || !customGroup.MatchString(parts[0]) || !apiVersion.MatchString(parts[1]) || !namePattern.MatchString(parts[2]) ||
		slices.ContainsFunc(snapshot.Kinds, func(k snapshot.Kind) bool { return k.Group == parts[0] && k.Name == parts[2] }) {
		return snapshot.Kind{}, false
	}
	for _, k := range snapshot.Kinds {
		if k.Kind() == parts[2] && k.Is(parts[0]+"/"+parts[1]) {
			return k, true
		}
	}
	return snapshot.Custom(parts[0], parts[1], parts[2]), true
}

// ofPack reports whether the kind is known from a pack alone: nothing of it is in the inventory.
func ofPack(k snapshot.Kind) bool {
	_, known := snapshot.KindNamed(k.Name)
	return !known
}

func names(kinds []snapshot.Kind) []string {
	var out []string
	for _, k := range kinds {
		if !slices.Contains(out, k.Name) {
			out = append(out, k.Name)
		}
	}
	return out
}

// circles refuses a check that is folded under itself, by whatever way: none of those on it would be told.
func (c *Catalog) circles() error {
	under := map[string][]string{}
	for _, check := range c.checks {
		under[check.ID] = check.foldedUnder
	}
	for _, check := range c.checks {
		way := slices.Clone(check.foldedUnder)
		for i := 0; i < len(way); i++ {
			if way[i] == check.ID {
				return fmt.Errorf("%s: check %s is folded under itself, at once or by way of others; take custom.foldedUnder out of one of them", check.at, check.ID)
			}
			for _, next := range under[way[i]] {
				if !slices.Contains(way, next) {
					way = append(way, next)
				}
			}
		}
	}
	return nil
}
