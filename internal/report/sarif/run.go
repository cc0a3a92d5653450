package sarif

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const (
	driver = "Kubemuster"
	home   = "https://github.com/kubemuster/kubemuster"
)

// newRun returns the run of a cluster without its results. All that go-sarif would write as null is set.
func (w Writer) newRun(r *report.Report, c *report.Cluster, rules rules) *sarif.Run {
	configuration, execution := notifications(c, rules)
	run := &sarif.Run{
		Tool: sarif.Tool{
			Driver: &sarif.ToolComponent{
				Name:           driver,
				Version:        optional(r.Version),
				InformationURI: new(home),
				// Several services read rules nowhere but here, so those of all packs are here.
				Rules:         rules.descriptors,
				Notifications: describe(configuration, execution),

				SupportedTaxonomies: rules.taxonomies.references,
			},
			Extensions: extensions(r.Components),
		},
		Invocations: []*sarif.Invocation{{
			StartTimeUTC:                   utc(c.Started),
			EndTimeUTC:                     utc(c.Ended),
			ExitCode:                       &r.ExitCode,
			ExecutionSuccessful:            new(c.Status != report.NotScanned),
			ToolConfigurationNotifications: configuration,
			ToolExecutionNotifications:     execution,
		}},
		AutomationDetails: &sarif.RunAutomationDetails{ID: new("kubemuster/" + c.Alias + "/" + w.Profile.category(c))},
		Results:           []*sarif.Result{},
		Taxonomies:        rules.taxonomies.components,
	}
	run.Properties = properties(
		"target", c.Target,
		"cluster", c.ID,
		"provider", c.Provider,
		"account", c.Account,
		"region", c.Region,
		"name", c.Name,
		"serverVersion", c.ServerVersion,
		"status", string(c.Status),
		"profile", w.Profile.name(),
	)
	if len(c.Tallies) > 0 {
		run.Properties["verdicts"] = c.Counts()
		run.Properties["checks"] = tallies(c.Tallies)
	}
	if len(c.Objects) > 0 {
		run.Properties["objects"] = c.Objects
	}
	if c.Compared {
		run.Properties["compared"] = true
	}
	lists(run.Properties, "namespaces", c.Namespaces, "excludeNamespaces", c.ExcludeNamespaces, "selection", c.Selection, "unfilled", c.Unfilled)
	return run
}

// tallies are the verdicts of each check.
func tallies(all []finding.Tally) []map[string]any {
	var out []map[string]any
	for _, t := range all {
		m := map[string]any{"check": t.Check, "counts": t.Counts}
		if t.Reason != "" {
			m["reason"] = t.Reason
		}
		if t.Skipped {
			m["skipped"] = true
		}
		out = append(out, m)
	}
	return out
}

// lists adds pairs of a name and a list to the properties, without those that are empty.
func lists(p sarif.Properties, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		if list := pairs[i+1].([]string); len(list) > 0 {
			p[pairs[i].(string)] = list
		}
	}
}

// extensions is the inventory of what took part beside the core.
func extensions(components []report.Component) []*sarif.ToolComponent {
	var all []*sarif.ToolComponent
	for _, c := range components {
		t := &sarif.ToolComponent{Name: c.Name, Version: optional(c.Version), Rules: []*sarif.ReportingDescriptor{}}
		t.Properties = properties("kind", c.Kind, "sha256", c.SHA256)
		all = append(all, t)
	}
	return all
}

// rules are the checks of a report as SARIF has them, and the index of each by its ID.
type rules struct {
	descriptors []*sarif.ReportingDescriptor
	index       map[string]uint
	taxonomies  taxonomies
}

func newRules(checks []finding.Check, frameworks []finding.Framework) rules {
	all := rules{descriptors: []*sarif.ReportingDescriptor{}, index: map[string]uint{}, taxonomies: newTaxonomies(frameworks)}
	for i := range checks {
		all.index[checks[i].ID] = uint(i)
		all.descriptors = append(all.descriptors, newRule(&checks[i]))
	}
	return all
}

// securitySeverity is GitHub's scale: above 9 critical, from 7 high, from 4 medium, below it low.
var securitySeverity = map[finding.Severity]string{
	finding.Critical: "9.5", finding.High: "8.0", finding.Medium: "5.5", finding.Low: "3.0", finding.Info: "1.0",
}

func newRule(c *finding.Check) *sarif.ReportingDescriptor {
	p := properties(
		"security-severity", securitySeverity[c.Severity],
		"precision", "high",
		"pack", c.Pack,
		"severity", c.Severity.String(),
		"scope", string(c.Scope),
		"remediation", c.Remediation,
	)
	if c.OptIn != "" {
		p["optIn"] = c.OptIn
	}
	lists(p, "kinds", c.Kinds, "requires", c.Requires, "needs", c.Needs, "references", c.References)
	if len(c.Parameters) > 0 {
		p["parameters"] = c.Parameters
	}
	p["tags"] = tags(c)
	if len(c.Frameworks) > 0 {
		p["frameworks"] = c.Frameworks
	}
	if len(c.Severities) > 0 {
		p["severities"] = c.Severities
	}
	return &sarif.ReportingDescriptor{
		ID:                   c.ID,
		Name:                 optional(c.Name),
		ShortDescription:     sarif.NewMultiformatMessageString(c.Title),
		FullDescription:      sarif.NewMultiformatMessageString(cmp.Or(c.Description, c.Title)),
		Help:                 help(c),
		HelpURI:              optional(helpURI(c)),
		DefaultConfiguration: &sarif.ReportingConfiguration{Level: levels[c.Severity]},
		Properties:           p,
	}
}

// help says why, how to fix it, and where to read on, as text and as markdown.
func help(c *finding.Check) *sarif.MultiformatMessageString {
	var text, markdown []string
	for _, section := range []struct{ title, body string }{
		{"Why it matters", c.Description},
		{"How to fix it", c.Remediation},
	} {
		if section.body != "" {
			text = append(text, section.title+": "+section.body)
			markdown = append(markdown, "## "+section.title+"\n\n"+section.body)
		}
	}
	if len(c.References) > 0 {
		text = append(text, "References:\n"+strings.Join(c.References, "\n"))
		markdown = append(markdown, "## References\n\n- <"+strings.Join(c.References, ">\n- <")+">")
	}
	if text == nil {
		text, markdown = []string{c.Title}, []string{c.Title}
	}
	return sarif.NewMultiformatMessageString(strings.Join(text, "\n\n")).WithMarkdown(strings.Join(markdown, "\n\n"))
}

// helpURI is the page of a check of ours, and the first reference of others.
func helpURI(c *finding.Check) string {
	if c.Pack == finding.BuiltInPack {
		return home + "/blob/main/docs/checks/" + c.ID + ".md"
	}
	for _, reference := range c.References {
		if strings.HasPrefix(reference, "https://") || strings.HasPrefix(reference, "http://") {
			return reference
		}
	}
	return ""
}

// maxTags is the number of tags of a rule that every service shows.
const maxTags = 10

// tags are the family of the check and controls as "<framework>/<control>": each framework's first, then each one's
// second, as far as there is room. The property frameworks has them all.
func tags(c *finding.Check) []string {
	all := []string{"security", "kubernetes"}
	if d := c.Domain(); d != "" {
		all = append(all, d)
	}
	frameworks := slices.Sorted(maps.Keys(c.Frameworks))
	for i, more := 0, true; more; i++ {
		more = false
		for _, f := range frameworks {
			if controls := c.Frameworks[f]; i < len(controls) {
				all = append(all, f+"/"+controls[i])
				more = true
			}
		}
	}
	return all[:min(len(all), maxTags)]
}

// notifications says what went wrong: what the user has to mend in targets, credentials or plugins, and what happened
// while scanning.
func notifications(c *report.Cluster, rules rules) (configuration, execution []*sarif.Notification) {
	if p := c.Problem; p != nil {
		text := p.Message
		if p.Hint != "" {
			text += "; " + p.Hint
		}
		n := notification("scan/"+p.Stage, "error", text)
		switch p.Stage {
		case "connect", "read":
			execution = append(execution, n)
		default:
			configuration = append(configuration, n)
		}
	}
	for _, g := range c.Gaps {
		n := notification(gapID(g.Reason), "warning", g.String())
		n.Properties = properties("kind", g.Kind, "namespace", g.Namespace, "reason", string(g.Reason), "message", g.Message)
		n.Properties["objectsRead"] = g.Read
		if g.Name != "" {
			n.Properties["name"] = g.Name
		}
		execution = append(execution, n)
	}
	for _, t := range c.Tallies {
		// A cluster that was not scanned has said so above, once.
		if t.Counts[finding.NotEvaluated] > 0 && c.Status != report.NotScanned {
			execution = append(execution, rules.associate(notification("check/not-evaluated", "warning", notEvaluated(t)), t.Check))
		}
	}
	for _, n := range c.Notifications {
		told := rules.associate(notification(n.ID, n.Level, n.Message), n.Check)
		if strings.HasPrefix(n.ID, "waiver/") {
			configuration = append(configuration, told)
		} else {
			execution = append(execution, told)
		}
	}
	return configuration, execution
}

// notEvaluated says why a check gave no verdict.
func notEvaluated(t finding.Tally) string {
	return fmt.Sprintf("%s was not evaluated: %s", t.Check, cmp.Or(t.Reason, "something that it requires could not be read"))
}

func notification(id, level, text string) *sarif.Notification {
	switch level {
	case "error", "warning", "note":
	default:
		level = "warning"
	}
	return &sarif.Notification{
		Descriptor: &sarif.ReportingDescriptorReference{Id: &id},
		Level:      level,
		Message:    sarif.NewTextMessage(unlinked(text)),
	}
}

// associate points the notification to the rule of the check, where there is one.
func (r rules) associate(n *sarif.Notification, check string) *sarif.Notification {
	if index, ok := r.index[check]; ok {
		n.AssociatedRule = &sarif.ReportingDescriptorReference{Id: &check, Index: &index}
	}
	return n
}

func gapID(reason snapshot.GapReason) string {
	return "read/" + strings.ReplaceAll(string(reason), " ", "-")
}

// descriptions of the notifications that are made here; any other is described by its ID.
var descriptions = map[string]string{
	"scan/target":               "The target names no cluster that can be scanned",
	"scan/plugin":               "The auth plugin could not be found, verified or run",
	"scan/access":               "The cloud gave no access to the cluster",
	"scan/token":                "The cloud gave no token for the cluster",
	"scan/connect":              "The API server could not be reached",
	"scan/read":                 "The cluster could not be read",
	gapID(snapshot.Forbidden):   "Something exists that the identity may not read",
	gapID(snapshot.TimedOut):    "Something could not be read in time",
	gapID(snapshot.Interrupted): "Reading was interrupted",
	gapID(snapshot.Failed):      "Something could not be read",
	"check/not-evaluated":       "A check lacked what it requires and gave no verdict",
	"policy/evaluation-error":   "The evaluation of a check failed",
	"waiver/expired":            "A waiver has expired",
	"waiver/unused":             "A waiver matches no finding",
	"waiver/over-broad":         "A waiver takes in more than anybody can answer for",
	"waiver/invalid-annotation": "An object asks to be waived without saying why or until when",
	"baseline/unseen":           "The baseline could not have seen some of the findings",
	"report/cut":                "The service takes fewer findings than there are",
}

// describe returns descriptors of the notifications, by ID, and points each notification to its own.
func describe(groups ...[]*sarif.Notification) []*sarif.ReportingDescriptor {
	all := slices.Concat(groups...)
	ids := map[string]uint{}
	for _, n := range all {
		ids[*n.Descriptor.Id] = 0
	}
	var descriptors []*sarif.ReportingDescriptor
	for i, id := range slices.Sorted(maps.Keys(ids)) {
		ids[id] = uint(i)
		descriptors = append(descriptors, &sarif.ReportingDescriptor{
			ID:               id,
			ShortDescription: sarif.NewMultiformatMessageString(cmp.Or(descriptions[id], id)),
		})
	}
	for _, n := range all {
		index := ids[*n.Descriptor.Id]
		n.Descriptor.Index = &index
	}
	return descriptors
}

// utc returns the time as SARIF wants it, and nil for none.
func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Truncate(time.Millisecond))
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
