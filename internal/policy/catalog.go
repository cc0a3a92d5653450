package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Pack is a folder of Rego: checks/ and lib/.
type Pack struct {
	Name string // the folder, for packs that come from one
	FS   fs.FS
}

// check is a check with its logic.
type check struct {
	finding.Check
	kinds []snapshot.Kind
	// needsVersion is set where there is no verdict without the API server's version.
	needsVersion bool
	rule         ast.Ref // data.….violations
	at           string  // file:line of its metadata

	values        map[string]any // its parameters
	missing       string         // the parameter without which it has nothing to say, if that is not set
	severityFixed bool           // by the settings: its violations have no say
}

// metadata is what stands under custom in a check's METADATA block.
type metadata struct {
	ID          string              `json:"id"`
	Name        string              `json:"name"`
	Severity    string              `json:"severity"`
	Scope       finding.Scope       `json:"scope"`
	Kinds       []string            `json:"kinds"`
	Requires    []string            `json:"requires"`
	Needs       []string            `json:"needs"`
	Remediation string              `json:"remediation"`
	Frameworks  map[string][]string `json:"frameworks"`
	Parameters  []finding.Parameter `json:"parameters"`
}

// needsVersion, under needs in metadata, says that the check compares with the API server's version.
const needsVersion = "version"

// workloadKinds is what the kind Workload in metadata stands for.
const workloadKinds = "Workload"

var (
	idPattern   = regexp.MustCompile(`^[A-Z]{2,8}[0-9]{4}$`)
	namePattern = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`)
)

var checksRoot = ast.MustParseRef("data.kubemuster.checks")

// load parses a pack's modules. Every module below checks/ is a check.
func load(pack Pack) (modules map[string]*ast.Module, checks []*check, err error) {
	modules = map[string]*ast.Module{}
	var problems []error
	err = fs.WalkDir(pack.FS, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".rego") || strings.HasSuffix(file, "_test.rego") {
			return err
		}
		source, err := fs.ReadFile(pack.FS, file)
		if err != nil {
			return err
		}
		path := pack.Name + "/" + file // as messages name it
		module, err := ast.ParseModuleWithOpts(path, string(source), ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
		if err != nil {
			problems = append(problems, err)
			return nil
		}
		if module == nil {
			return nil
		}
		modules[path] = module
		if module.Package.Path.HasPrefix(checksRoot) {
			c, err := newCheck(pack.Name, path, module)
			if err != nil {
				problems = append(problems, err)
				return nil
			}
			checks = append(checks, c)
		}
		return nil
	})
	return modules, checks, errors.Join(append(problems, err)...)
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
	at := fmt.Sprintf("%s:%d", path, note.Location.Row)
	custom, err := json.Marshal(note.Custom)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	var m metadata
	decoder := json.NewDecoder(bytes.NewReader(custom))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: custom: %s", at, strings.TrimPrefix(err.Error(), "json: "))
	}
	severity, err := finding.ParseSeverity(m.Severity)
	if err != nil {
		return nil, fmt.Errorf("%s: severity: %w", at, err)
	}
	for _, rule := range []struct {
		ok   bool
		want string
	}{
		{idPattern.MatchString(m.ID), "custom.id must be letters and four digits, as in KM1005"},
		{namePattern.MatchString(m.Name), "custom.name must be in PascalCase"},
		{note.Title != "", "title is missing"},
		{note.Description != "", "description is missing: say what an attacker gains"},
		{m.Remediation != "", "custom.remediation is missing: name the field or command"},
		{m.Scope == finding.ObjectScope || m.Scope == finding.ClusterScope, "custom.scope must be object or cluster"},
		{len(m.Needs) == 0 || slices.Equal(m.Needs, []string{needsVersion}), "custom.needs may hold version, and nothing else"},
		{len(m.Kinds) > 0, "custom.kinds is missing"},
		{m.Scope != finding.ClusterScope || len(m.Requires) > 0, "custom.requires is missing: name the kinds that must have been read"},
	} {
		if !rule.ok {
			return nil, fmt.Errorf("%s: %s", at, rule.want)
		}
	}
	kinds, err := kindsNamed(m.Kinds)
	if err != nil {
		return nil, fmt.Errorf("%s: custom.kinds: %w", at, err)
	}
	requires, err := kindsNamed(m.Requires)
	if err != nil {
		return nil, fmt.Errorf("%s: custom.requires: %w", at, err)
	}
	parameters, err := parametersOf(m.Parameters)
	if err != nil {
		return nil, fmt.Errorf("%s: custom.parameters: %w", at, err)
	}
	if m.Scope == finding.ObjectScope {
		requires = append(requires, kinds...)
	}
	c := &check{kinds: kinds, at: at, needsVersion: len(m.Needs) > 0, rule: module.Package.Path.Append(ast.StringTerm("violations")), Check: finding.Check{
		ID: m.ID, Name: m.Name, Title: note.Title, Description: note.Description, Remediation: m.Remediation,
		Severity: severity, Scope: m.Scope, Kinds: names(kinds), Requires: names(requires), Frameworks: m.Frameworks, Parameters: parameters, Pack: pack,
	}}
	if c.values, c.missing, err = c.configured(nil); err != nil {
		return nil, err
	}
	for _, r := range note.RelatedResources {
		c.References = append(c.References, r.Ref.String())
	}
	return c, nil
}

// byID sorts the checks and reports IDs that stand twice.
func byID(checks []*check) error {
	slices.SortStableFunc(checks, func(a, b *check) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(checks); i++ {
		if checks[i].ID == checks[i-1].ID {
			return fmt.Errorf("check ID %s stands twice: at %s and at %s; give one of them another", checks[i].ID, checks[i-1].at, checks[i].at)
		}
	}
	return nil
}

func kindsNamed(list []string) ([]snapshot.Kind, error) {
	var out []snapshot.Kind
	for _, name := range list {
		if name == workloadKinds {
			for _, k := range snapshot.Kinds {
				if k.PodSpec != "" {
					out = append(out, k)
				}
			}
			continue
		}
		k, ok := snapshot.KindNamed(name)
		if !ok {
			return nil, fmt.Errorf("%q is no kind that is read", name)
		}
		out = append(out, k)
	}
	return out, nil
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
