package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// framework is a file in a pack's frameworks/ folder: every control, and why no check answers those that none answers.
type framework struct {
	id       string
	at       string            // the file
	Name     string            `yaml:"name"`
	Version  string            `yaml:"version"`
	URL      string            `yaml:"url"`
	Reasons  map[string]string `yaml:"reasons"`
	Controls []control         `yaml:"controls"`
}

type control struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	// Needs is facts where only the cloud's API could tell.
	Needs string `yaml:"needs"`
	// Manual is the key of the reason why only a person can tell.
	Manual string `yaml:"manual"`
}

const needsFacts = "facts"

// loadFrameworks reads a pack's frameworks.
func loadFrameworks(pack Pack) ([]*framework, error) {
	if pack.FS == nil {
		return nil, nil // a bundle holds Rego alone
	}
	files, err := fs.Glob(pack.FS, "frameworks/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []*framework
	var problems []error
	for _, file := range files {
		at := pack.Name + "/" + file
		f, err := loadFramework(pack.FS, file)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", at, err))
			continue
		}
		f.id, f.at = strings.TrimSuffix(path.Base(file), ".yaml"), at
		all = append(all, f)
	}
	return all, errors.Join(problems...)
}

func loadFramework(fsys fs.FS, file string) (*framework, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	var f framework
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) { // an empty file lacks what is asked below
		return nil, err
	}
	if f.Name == "" || len(f.Controls) == 0 {
		return nil, errors.New("a framework needs a name and controls")
	}
	seen := map[string]bool{}
	for _, c := range f.Controls {
		switch {
		case c.ID == "" || c.Title == "":
			return nil, fmt.Errorf("control %q needs an id and a title", cmp.Or(c.ID, c.Title))
		case seen[c.ID]:
			return nil, fmt.Errorf("control %s stands twice", c.ID)
		case c.Manual != "" && f.Reasons[c.Manual] == "":
			return nil, fmt.Errorf("control %s: %q is none of the reasons", c.ID, c.Manual)
		case c.Needs != "" && c.Needs != needsFacts:
			return nil, fmt.Errorf("control %s: needs may be facts, and nothing else", c.ID)
		}
		seen[c.ID] = true
	}
	return &f, nil
}

// known refuses mappings to controls that a framework of these does not have, and to frameworks that are all but one of these. Packs
// may map to others of their own without listing them.
func known(frameworks []*framework, checks []*check) error {
	var problems []error
	var ids []string
	for _, f := range frameworks {
		ids = append(ids, f.id)
	}
	for _, c := range checks {
		for _, id := range slices.Sorted(maps.Keys(c.Frameworks)) {
			if hint := didYouMeanOneOf(id, ids); hint != "" && !slices.Contains(ids, id) {
				problems = append(problems, fmt.Errorf("%s: no pack lists a framework %q%s", c.at, id, hint))
			}
		}
		for _, f := range frameworks {
			for _, id := range c.Frameworks[f.id] {
				if !slices.ContainsFunc(f.Controls, func(k control) bool { return k.ID == id }) {
					problems = append(problems, fmt.Errorf("%s: %s has no control %q; %s lists them", c.at, f.id, id, f.at))
				}
			}
		}
	}
	return errors.Join(problems...)
}

// Frameworks returns every framework with the catalogue's checks that answer its controls, by ID.
func (c *Catalog) Frameworks() []finding.Framework {
	var all []finding.Framework
	checks := c.Checks()
	for _, f := range c.frameworks {
		out := finding.Framework{ID: f.id, Name: f.Name, Version: f.Version, URL: f.URL}
		for _, k := range f.Controls {
			answer := finding.Control{ID: k.ID, Title: k.Title}
			switch answer.Answer(f.id, checks); {
			case len(answer.Checks) > 0:
			case k.Needs != "":
				answer.Coverage, answer.Reason = finding.NeedsFacts, "it is a setting of the cloud's API, which this version does not read"
			case k.Manual != "":
				answer.Coverage, answer.Reason = finding.ByHand, f.Reasons[k.Manual]
			default:
				answer.Coverage, answer.Reason = finding.Unlisted, "no check answers it"
			}
			out.Controls = append(out.Controls, answer)
		}
		all = append(all, out)
	}
	slices.SortFunc(all, func(a, b finding.Framework) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Framework returns the framework with this ID.
func (c *Catalog) Framework(id string) (finding.Framework, error) {
	var ids []string
	for _, f := range c.Frameworks() {
		if f.ID == id {
			return f, nil
		}
		ids = append(ids, f.ID)
	}
	return finding.Framework{}, fmt.Errorf("there is no framework %q; choose one of %s", id, strings.Join(ids, ", "))
}
