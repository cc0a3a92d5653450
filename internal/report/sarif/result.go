package sarif

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// fingerprintKey names our identity of a finding, with the version of the way it is made.
const fingerprintKey = "kubemuster/v1"

var levels = map[finding.Severity]string{
	finding.Critical: "error", finding.High: "error", finding.Medium: "warning", finding.Low: "note", finding.Info: "note",
}

// kinds are SARIF's words for verdicts. All but fail want the level none.
var kinds = map[finding.Verdict]string{
	finding.Fail: "fail", finding.Pass: "pass", finding.NotApplicable: "notApplicable", finding.NotEvaluated: "open", finding.Manual: "review",
}

func (w Writer) newResult(c *report.Cluster, f *finding.Finding, rules rules) (*sarif.Result, error) {
	index, ok := rules.index[f.Check]
	if !ok {
		return nil, fmt.Errorf("the report does not list check %s of a finding on %s", f.Check, f.Object)
	}
	kind, ok := kinds[f.Verdict]
	if !ok {
		return nil, fmt.Errorf("%q is no verdict, in a finding of check %s on %s", f.Verdict, f.Check, f.Object)
	}
	level, severity := "none", ""
	if f.Verdict == finding.Fail {
		level, severity = levels[f.Severity], f.Severity.String()
	}
	fingerprint := f.Fingerprint(c.ID)
	text := w.Profile.text(unlinked(cmp.Or(f.Message, *rules.descriptors[index].ShortDescription.Text)))
	result := &sarif.Result{
		RuleID:       &f.Check,
		RuleIndex:    &index,
		Kind:         &kind,
		Level:        &level,
		Message:      sarif.Message{Text: &text},
		Locations:    []*sarif.Location{newLocation(c, f)},
		Fingerprints: map[string]any{fingerprintKey: fingerprint},
		PartialFingerprints: map[string]any{
			fingerprintKey: fingerprint,
			// GitHub knows an alert again by this one and else computes it from a file that is not there.
			"primaryLocationLineHash": fingerprint + ":1",
		},
	}
	result.Properties = properties(
		"severity", severity,
		"path", f.Path,
		"key", f.Key,
		"managedBy", f.ManagedBy,
		"owner", f.Owner,
		"provider", c.Provider,
		"cluster", c.ID,
		"group", f.Object.Group,
		"version", f.Object.Version,
		"kind", f.Object.Kind,
		"resource", f.Object.Resource,
		"namespace", f.Object.Namespace,
		"name", f.Object.Name,
		"sub", f.Sub,
		"file", f.File,
	)
	lists(result.Properties, "folded", f.Folded)
	addWays(result, c.Alias, f.Ways)
	for i := range c.Carried {
		if f == &c.Carried[i] {
			result.Properties["carried"] = true // from the baseline: this time nobody could look
		}
	}
	if f.Baseline != "" {
		result.BaselineState = new(string(f.Baseline))
	}
	if f.Waiver != nil {
		result.Suppressions = []*sarif.Suppression{suppression(f.Waiver)}
	}
	return result, nil
}

// suppression is the waiver as SARIF has it: accepted outside the scanned object, and by whom.
func suppression(w *finding.Waiver) *sarif.Suppression {
	s := &sarif.Suppression{Kind: "external", Status: new("accepted"), Justification: &w.Reason}
	s.Properties = properties("owner", w.Owner, "ticket", w.Ticket, "expires", w.Expires, "source", w.Source)
	return s
}

// encodeResult is the result on one line. Only suppressions and ways have nulls of go-sarif's.
func encodeResult(r *sarif.Result) ([]byte, error) {
	if r.Suppressions == nil && r.CodeFlows == nil {
		return encode(r, "", "")
	}
	v, err := generic(r)
	if err != nil {
		return nil, err
	}
	return encode(v, "", "")
}

func newLocation(c *report.Cluster, f *finding.Finding) *sarif.Location {
	line := max(f.Line, 1)
	uri := objectURI(c.Alias, f.Object, f.Sub)
	if f.File != "" {
		uri = fileURI(f.File)
	}
	return &sarif.Location{
		PhysicalLocation: &sarif.PhysicalLocation{
			ArtifactLocation: &sarif.ArtifactLocation{URI: &uri},
			Region:           &sarif.Region{StartLine: &line},
		},
		LogicalLocations: []*sarif.LogicalLocation{{
			Name:               &f.Object.Name,
			FullyQualifiedName: new(qualifiedName(c.Alias, f.Object, f.Sub)),
			Kind:               new("resource"),
		}},
	}
}

// objectURI gives an object, or a part of it, a path of its own. Services take rule, file and line for the identity of an
// alert, and GitHub refuses a whole file for one URI with a scheme.
func objectURI(alias string, o finding.Object, sub string) string {
	resource := cmp.Or(o.Resource, strings.ToLower(o.Kind))
	if o.Group != "" {
		resource += "." + o.Group
	}
	segments := []string{"clusters", alias, cmp.Or(o.Namespace, "_cluster"), resource, o.Name}
	if sub != "" {
		part, name, ok := strings.Cut(sub, "/")
		if segments = append(segments, part); ok {
			segments = append(segments, name)
		}
	}
	return join(segments) + ".yaml"
}

// fileURI is the URI of a manifest, relative.
func fileURI(file string) string {
	return join(strings.Split(strings.TrimPrefix(strings.TrimPrefix(file, "/"), "./"), "/"))
}

func join(segments []string) string {
	for i, s := range segments {
		segments[i] = escape(s)
	}
	return strings.Join(segments, "/")
}

// escape percent-encodes all but the unreserved characters of RFC 3986: names of RBAC objects hold colons. A segment that
// a consumer would take for a way up or drop gets an underscore, which no Kubernetes name starts with.
func escape(segment string) string {
	switch segment {
	case "", ".", "..":
		segment = "_" + segment
	}
	return strings.ReplaceAll(url.QueryEscape(strings.ToValidUTF8(segment, "\uFFFD")), "+", "%20")
}

// qualifiedName is "<alias>/apps/v1/namespaces/shop/deployments/web#containers/nginx".
func qualifiedName(alias string, o finding.Object, sub string) string {
	parts := []string{alias}
	for _, s := range []string{o.Group, o.Version} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if o.Namespace != "" {
		parts = append(parts, "namespaces", o.Namespace)
	}
	name := strings.Join(append(parts, cmp.Or(o.Resource, strings.ToLower(o.Kind)), o.Name), "/")
	if sub != "" {
		name += "#" + sub
	}
	return name
}

// unlinked breaks what SARIF would show as a link: what a message quotes was written by whoever may create objects.
func unlinked(text string) string { return strings.ReplaceAll(text, "](", "] (") }

// properties makes a property bag of pairs, without those that are empty.
func properties(pairs ...string) sarif.Properties {
	p := sarif.Properties{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			p[pairs[i]] = pairs[i+1]
		}
	}
	return p
}
