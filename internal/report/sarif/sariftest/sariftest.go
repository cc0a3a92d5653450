// Package sariftest says whether a SARIF file is one that the services we write for accept: GitHub and GitLab code
// scanning, Azure's Scans tab, DefectDojo. They refuse, or misread, files that the schema allows.
package sariftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	// The schema is a constant of this package.
	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaPackage = "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

// Check fails the test for each rule that the document breaks.
func Check(t testing.TB, document []byte) {
	t.Helper()
	for _, err := range Errors(document) {
		t.Error(err)
	}
}

// Errors returns what is wrong with the document; nothing where it conforms:
//
//   - it is valid by the schema of SARIF 2.1.0, formats included, and holds no null;
//   - each run has an automationDetails.id of its own, and says for each invocation whether it succeeded;
//   - each rule has an ID of its own, a level and a security-severity, and at most 10 tags; each notification's
//     descriptor and rule are in bounds and match;
//   - each result has a level, none unless it failed, a ruleIndex in bounds that matches its ruleId, a fingerprint that
//     no other result of the run has, and exactly one location;
//   - each location has a relative, percent-encoded URI without a way up and a startLine of at least 1.
func Errors(document []byte) []error {
	var c checker
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return []error{fmt.Errorf("no JSON: %w", err)}
	}
	schema, err := schema()
	if err != nil {
		return []error{fmt.Errorf("read the SARIF schema: %w", err)}
	}
	if err := schema.Validate(value); err != nil {
		c.errorf("schema: %w", err)
	}
	c.nulls("", value)
	var log sarifLog
	if err := json.Unmarshal(document, &log); err != nil {
		c.errorf("unreadable: %w", err)
		return c.errs
	}
	categories := map[string]bool{}
	for i, r := range log.Runs {
		where := fmt.Sprintf("runs[%d]", i)
		id := r.AutomationDetails.ID
		if id == "" || categories[id] {
			c.errorf("%s: automationDetails.id %q is empty or another run's", where, id)
		}
		categories[id] = true
		c.run(where, r)
	}
	return c.errs
}

// The parts of a SARIF file that are looked at.
type (
	sarifLog struct{ Runs []run }
	run      struct {
		Tool struct {
			Driver struct{ Rules, Notifications []descriptor }
		}
		Invocations []struct {
			ExecutionSuccessful                                        *bool
			ToolConfigurationNotifications, ToolExecutionNotifications []notification
		}
		AutomationDetails struct{ ID string }
		Results           []result
	}
	descriptor struct {
		ID                   string
		DefaultConfiguration struct{ Level string }
		Properties           struct {
			Tags             []string
			SecuritySeverity string `json:"security-severity"`
		}
	}
	notification struct{ Descriptor, AssociatedRule *reference }
	reference    struct {
		ID    string
		Index *int
	}
	result struct {
		RuleID       string
		RuleIndex    *int
		Kind, Level  string
		Fingerprints map[string]string
		Locations    []location
	}
	location struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine int }
		}
	}
)

type checker struct{ errs []error }

func (c *checker) errorf(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// nulls finds nulls, which the schema allows in some places and readers in none.
func (c *checker) nulls(where string, value any) {
	switch v := value.(type) {
	case nil:
		c.errorf("%s is null", where)
	case map[string]any:
		for key, child := range v {
			c.nulls(where+"/"+key, child)
		}
	case []any:
		for i, child := range v {
			c.nulls(where+"/"+strconv.Itoa(i), child)
		}
	}
}

func (c *checker) run(where string, r run) {
	ids := map[string]bool{}
	for i, rule := range r.Tool.Driver.Rules {
		if ids[rule.ID] {
			c.errorf("%s: rule %s is there twice", where, rule.ID)
		}
		ids[rule.ID] = true
		if rule.DefaultConfiguration.Level == "" {
			c.errorf("%s.rules[%d]: no level", where, i)
		}
		if n, err := strconv.ParseFloat(rule.Properties.SecuritySeverity, 64); err != nil || n < 0 || n > 10 {
			c.errorf("%s.rules[%d]: security-severity %q is no number from 0 to 10", where, i, rule.Properties.SecuritySeverity)
		}
		if n := len(rule.Properties.Tags); n > 10 {
			c.errorf("%s.rules[%d]: %d tags", where, i, n)
		}
	}
	if len(r.Invocations) == 0 {
		c.errorf("%s: no invocation", where)
	}
	for _, invocation := range r.Invocations {
		if invocation.ExecutionSuccessful == nil {
			c.errorf("%s: no executionSuccessful", where)
		}
		for _, list := range [][]notification{invocation.ToolConfigurationNotifications, invocation.ToolExecutionNotifications} {
			for _, n := range list {
				c.reference(where+": notification's descriptor", n.Descriptor, r.Tool.Driver.Notifications)
				if n.AssociatedRule != nil {
					c.reference(where+": notification's rule", n.AssociatedRule, r.Tool.Driver.Rules)
				}
			}
		}
	}
	seen := map[string]int{}
	for i, result := range r.Results {
		where := fmt.Sprintf("%s.results[%d]", where, i)
		c.reference(where+": rule", &reference{result.RuleID, result.RuleIndex}, r.Tool.Driver.Rules)
		c.result(where, result)
		for key, print := range result.Fingerprints {
			if other, ok := seen[key+" "+print]; ok {
				c.errorf("%s: has the fingerprint of results[%d]", where, other)
			}
			seen[key+" "+print] = i
		}
	}
}

func (c *checker) result(where string, r result) {
	if r.Level == "" {
		c.errorf("%s: no level", where)
	}
	if failed := r.Kind == "" || r.Kind == "fail"; r.Level != "" && failed == (r.Level == "none") {
		c.errorf("%s: level %s does not go with kind %q", where, r.Level, r.Kind)
	}
	if len(r.Fingerprints) == 0 {
		c.errorf("%s: no fingerprint", where)
	}
	if len(r.Locations) != 1 {
		c.errorf("%s: %d locations, not one", where, len(r.Locations))
	}
	for _, l := range r.Locations {
		if line := l.PhysicalLocation.Region.StartLine; line < 1 {
			c.errorf("%s: startLine %d is below 1", where, line)
		}
		if err := checkURI(l.PhysicalLocation.ArtifactLocation.URI); err != nil {
			c.errorf("%s: %w", where, err)
		}
	}
}

func (c *checker) reference(where string, ref *reference, to []descriptor) {
	switch {
	case ref == nil || ref.Index == nil:
		c.errorf("%s: no index", where)
	case *ref.Index < 0 || *ref.Index >= len(to):
		c.errorf("%s: index %d is out of bounds", where, *ref.Index)
	case to[*ref.Index].ID != ref.ID:
		c.errorf("%s: index %d is %s, not %s", where, *ref.Index, to[*ref.Index].ID, ref.ID)
	}
}

// encoded matches what may stand in a segment: unreserved characters of RFC 3986 and escapes.
var encoded = regexp.MustCompile(`^([A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+$`)

func checkURI(uri string) error {
	if uri == "" {
		return fmt.Errorf("no URI")
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return fmt.Errorf("URI %s: %w", uri, err)
	case u.IsAbs() || u.Host != "" || strings.HasPrefix(uri, "/"):
		return fmt.Errorf("URI %s is not relative", uri)
	}
	for segment := range strings.SplitSeq(uri, "/") {
		name, err := url.PathUnescape(segment)
		if err != nil || !encoded.MatchString(segment) {
			return fmt.Errorf("URI %s: segment %q is empty or not percent-encoded", uri, segment)
		}
		if name == "." || name == ".." {
			return fmt.Errorf("URI %s leaves its folder", uri)
		}
	}
	return nil
}

// schema compiles the schema once.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := schemaText()
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	const name = "sarif-schema-2.1.0.json"
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, doc); err != nil {
		return nil, err
	}
	return compiler.Compile(name)
})

// schemaText reads the constant, which its package does not export, from that package's source.
func schemaText() (string, error) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", schemaPackage).Output()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", schemaPackage, err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		return "", err
	}
	for _, decl := range file.Decls {
		if decl, ok := decl.(*ast.GenDecl); ok && decl.Tok == token.CONST {
			if literal, ok := decl.Specs[0].(*ast.ValueSpec).Values[0].(*ast.BasicLit); ok {
				return strconv.Unquote(literal.Value)
			}
		}
	}
	return "", fmt.Errorf("%s holds no schema", schemaPackage)
}
