// Generate writes what is made from the code: docs/checks, a page a check and an index, and docs/schemas, the JSON Schemas of
// the JSON report and of kubemuster.yaml.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/invopop/jsonschema"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report/jsonreport"
	"github.com/kubemuster/kubemuster/policies"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes the pages of the repository at root, and removes those of checks that are no more.
func run(root string) error {
	all, err := pages(root)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(root, "docs/checks/*.md"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for file, text := range all {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(file)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, file), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pages returns the generated pages by their path below root.
func pages(root string) (map[string][]byte, error) {
	catalog, err := policy.Load(policy.Pack{Name: finding.BuiltInPack, FS: policies.FS})
	if err != nil {
		return nil, err
	}
	checks := catalog.Checks()
	all := map[string][]byte{}
	for _, c := range checks {
		text, err := page(root, c, catalog.Frameworks())
		if err != nil {
			return nil, err
		}
		all["docs/checks/"+c.ID+".md"] = text
	}
	if all["docs/checks/README.md"], err = execute(indexTemplate, domains(checks)); err != nil {
		return nil, err
	}
	if all["docs/schemas/report-v1.json"], err = schema("Report of Kubemuster", jsonreport.Report{}, "json", true); err != nil {
		return nil, err
	}
	all["docs/schemas/kubemuster-yaml.json"], err = schema("kubemuster.yaml", config.File{}, "yaml", false)
	return all, err
}

// schema is the JSON Schema of a type, by the names in its tags. An open one allows what later versions may add.
func schema(title string, v any, tag string, open bool) ([]byte, error) {
	r := jsonschema.Reflector{FieldNameTag: tag, DoNotReference: false, AllowAdditionalProperties: open, Anonymous: true, RequiredFromJSONSchemaTags: tag == "yaml"}
	s := r.Reflect(v)
	s.Title = title
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

var (
	//go:embed check.md.tmpl
	checkPage     string
	checkTemplate = template.Must(template.New("check").Funcs(functions).Parse(checkPage))
	//go:embed index.md.tmpl
	indexPage     string
	indexTemplate = template.Must(template.New("index").Funcs(functions).Parse(indexPage))

	functions = template.FuncMap{"join": strings.Join, "line": func(s string) string { return strings.Join(strings.Fields(s), " ") }}
)

func execute(t *template.Template, data any) ([]byte, error) {
	var b bytes.Buffer
	err := t.Execute(&b, data)
	return b.Bytes(), err
}

// maxExample is the length, in lines, to which an example still helps.
const maxExample = 60

func page(root string, c finding.Check, frameworks []finding.Framework) ([]byte, error) {
	data := struct {
		finding.Check
		Domain    string
		Controls  []string
		Bad, Good string
	}{Check: c, Domain: c.Domain()}
	for _, f := range frameworks {
		for _, k := range f.Controls {
			if slices.Contains(k.Checks, c.ID) {
				data.Controls = append(data.Controls, fmt.Sprintf("[%s %s](%s), %s: %s", f.Name, f.Version, f.URL, k.ID, k.Title))
			}
		}
	}
	var err error
	if data.Bad, err = example(root, c.ID, "bad"); err != nil {
		return nil, err
	}
	if data.Good, err = example(root, c.ID, "good"); err != nil {
		return nil, err
	}
	return execute(checkTemplate, data)
}

// example returns the shortest manifest of a kind, or nothing if even that is long.
func example(root, id, name string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, "testdata/manifests", id, name+"*.yaml"))
	if err != nil {
		return "", err
	}
	var best string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if best == "" || len(text) < len(best) {
			best = strings.TrimSpace(string(text))
		}
	}
	if strings.Count(best, "\n") >= maxExample {
		return "", nil
	}
	return best, nil
}

// domain is a family of checks.
type domain struct {
	Name   string
	Checks []finding.Check
}

func domains(checks []finding.Check) []domain {
	var all []domain
	for _, c := range checks { // they are in the order of their IDs, and so of their domains
		if len(all) == 0 || all[len(all)-1].Name != c.Domain() {
			all = append(all, domain{Name: c.Domain()})
		}
		last := &all[len(all)-1]
		last.Checks = append(last.Checks, c)
	}
	return all
}
