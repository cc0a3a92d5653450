package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// Settings are what a run says of the checks.
type Settings struct {
	Select      []string // IDs and domains of the checks to run; none means all
	Skip        []string // IDs and domains of those to leave out
	Frameworks  []string // only checks with a control of one of these; none means all
	MinSeverity finding.Severity
	Severity    map[string]finding.Severity // by ID: takes the place of the check's own, and of its violations' own
	Parameters  map[string]map[string]any   // by ID and name
	Timeout     time.Duration               // of a check on one object; zero means DefaultTimeout
	Memory      uint64                      // bytes that a check may take; zero means DefaultMemory
}

// Limits says which checks are selected, in the flags' words and sorted, as in check=KM1005; none for all.
func (s Settings) Limits() []string {
	var all []string
	for flag, values := range map[string][]string{"check": s.Select, "skip-check": s.Skip, "framework": s.Frameworks} {
		for _, v := range values {
			all = append(all, flag+"="+v)
		}
	}
	if s.MinSeverity > finding.Info {
		all = append(all, "severity="+s.MinSeverity.String())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// SettingError is a setting that fits no check.
type SettingError struct {
	Key     string // as in parameters.KM1037.registries
	Problem string
}

// Error implements error.
func (e *SettingError) Error() string { return e.Problem }

// Configure returns a catalogue of the checks that the settings leave, in the form that they give them.
func (c *Catalog) Configure(s Settings) (*Catalog, error) {
	if err := c.fits(s); err != nil {
		return nil, err
	}
	configured := *c
	configured.checks, configured.whole, configured.left = nil, c.Whole(), s.Limits()
	configured.take = limits{s.Timeout, s.Memory}
	for _, check := range c.checks {
		own := *check
		if severity, ok := s.Severity[own.ID]; ok {
			own.Severity, own.severityFixed = severity, true
		}
		if err := own.configure(s.Parameters[own.ID]); err != nil {
			return nil, err
		}
		if s.keeps(&own) {
			configured.checks = append(configured.checks, &own)
		}
	}
	if len(configured.checks) == 0 {
		return nil, errors.New("no check is left to run; select more or skip fewer")
	}
	return &configured, nil
}

// Configure returns an engine with the checks that the settings leave. Nothing is compiled again.
func (e *Engine) Configure(s Settings) (*Engine, error) {
	c, err := e.Catalog.Configure(s)
	if err != nil {
		return nil, err
	}
	configured := &Engine{Catalog: c, compiler: e.compiler}
	configured.prepare()
	return configured, nil
}

func (s Settings) keeps(c *check) bool {
	named := func(list []string) bool { return slices.Contains(list, c.ID) || slices.Contains(list, c.Domain()) }
	return (len(s.Select) == 0 || named(s.Select)) && !named(s.Skip) && c.highest() >= s.MinSeverity &&
		(len(s.Frameworks) == 0 || slices.ContainsFunc(s.Frameworks, func(f string) bool { return len(c.Frameworks[f]) > 0 }))
}

// highest is the highest severity that a finding of the check may have.
func (c *check) highest() finding.Severity {
	highest := c.Severity
	for name := range c.Severities {
		if s, err := finding.ParseSeverity(name); err == nil && !c.severityFixed {
			highest = max(highest, s)
		}
	}
	return highest
}

// fits refuses settings that name a check, domain or framework that is not there: they would be without effect.
func (c *Catalog) fits(s Settings) error {
	var ids, domains, frameworks []string
	for _, check := range c.checks {
		ids, domains = append(ids, check.ID), append(domains, check.Domain())
		frameworks = slices.AppendSeq(frameworks, maps.Keys(check.Frameworks))
	}
	for _, list := range []struct {
		key   string
		names []string
	}{{"select", s.Select}, {"skip", s.Skip}} {
		for i, name := range list.names {
			if !slices.Contains(ids, name) && !slices.Contains(domains, name) {
				return &SettingError{fmt.Sprintf("%s[%d]", list.key, i), fmt.Sprintf("there is no check %q%s; kubemuster checks list shows all", name, didYouMeanOneOf(name, slices.Concat(ids, domains)))}
			}
		}
	}
	for i, name := range s.Frameworks {
		if !slices.Contains(frameworks, name) {
			slices.Sort(frameworks)
			return &SettingError{fmt.Sprintf("frameworks[%d]", i), fmt.Sprintf("no check has controls of a framework %q; the frameworks are %s", name, strings.Join(slices.Compact(frameworks), ", "))}
		}
	}
	for key, of := range map[string][]string{
		"severity": slices.Sorted(maps.Keys(s.Severity)), "parameters": slices.Sorted(maps.Keys(s.Parameters)),
	} {
		for _, id := range of {
			if !slices.Contains(ids, id) {
				return &SettingError{key + "." + id, fmt.Sprintf("there is no check %q%s; kubemuster checks list shows all", id, didYouMeanOneOf(id, ids))}
			}
		}
	}
	return nil
}

// nearest says which name was meant, or which there are.
func nearest(name string, names []string) string {
	if hint := didYouMeanOneOf(name, names); hint != "" {
		return hint
	}
	if len(names) == 0 {
		return "; it takes none"
	}
	return "; it takes " + strings.Join(names, ", ")
}

// didYouMeanOneOf names what comes close to a name.
func didYouMeanOneOf(name string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	distance := func(other string) int {
		return levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(other))
	}
	best := slices.MinFunc(names, func(a, b string) int { return distance(a) - distance(b) })
	if distance(best) > max(1, len(name)/4) {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
