package sarif

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// taxonomies are the frameworks that the checks answer to, with the controls that they answer.
type taxonomies struct {
	components []*sarif.ToolComponent
	references []*sarif.ToolComponentReference
	// related are the relationships of each rule, by the check's ID. go-sarif's rules have no place for them.
	related map[string][]relationship
}

type relationship struct {
	Target struct {
		ID            string `json:"id"`
		Index         int    `json:"index"`
		ToolComponent struct {
			Name  string `json:"name"`
			Index int    `json:"index"`
		} `json:"toolComponent"`
	} `json:"target"`
	Kinds []string `json:"kinds"`
}

func newTaxonomies(frameworks []finding.Framework) taxonomies {
	t := taxonomies{related: map[string][]relationship{}}
	for _, f := range frameworks {
		component := &sarif.ToolComponent{
			Name: f.ID, FullName: optional(f.Name), Version: optional(f.Version), InformationURI: optional(f.URL),
			Rules: []*sarif.ReportingDescriptor{},
		}
		for _, c := range f.Controls {
			if len(c.Checks) == 0 {
				continue
			}
			for _, check := range c.Checks {
				r := relationship{Kinds: []string{"relevant"}}
				r.Target.ID, r.Target.Index = c.ID, len(component.Taxa)
				r.Target.ToolComponent.Name, r.Target.ToolComponent.Index = f.ID, len(t.components)
				t.related[check] = append(t.related[check], r)
			}
			component.Taxa = append(component.Taxa, &sarif.ReportingDescriptor{ID: c.ID, ShortDescription: sarif.NewMultiformatMessageString(c.Title)})
		}
		if len(component.Taxa) == 0 {
			continue
		}
		index := uint(len(t.components))
		t.references = append(t.references, &sarif.ToolComponentReference{Name: &component.Name, Index: &index})
		t.components = append(t.components, component)
	}
	return t
}

// encodeRun is the run as JSON: with the relationships of its rules, and without the nulls that go-sarif writes where the
// schema allows none.
func encodeRun(run *sarif.Run, related map[string][]relationship) ([]byte, error) {
	v, err := generic(run)
	if err != nil {
		return nil, err
	}
	for i, rule := range v["tool"].(map[string]any)["driver"].(map[string]any)["rules"].([]any) {
		if r := related[run.Tool.Driver.Rules[i].ID]; r != nil {
			rule.(map[string]any)["relationships"] = r
		}
	}
	return encode(v, "    ", "  ")
}

// generic is the value as JSON has it, without nulls.
func generic(v any) (map[string]any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var out map[string]any
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	withoutNulls(out)
	return out, nil
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			if withoutNulls(child) == nil {
				delete(v, key)
			}
		}
	case []any:
		for i, child := range v {
			v[i] = withoutNulls(child)
		}
		return slices.DeleteFunc(v, func(child any) bool { return child == nil })
	}
	return v
}

func encode(v any, prefix, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, indent)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
