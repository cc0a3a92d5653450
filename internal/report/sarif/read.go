package sarif

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Read reads a report that Writer wrote with the profile Full. What SARIF has no place for is lost: hints, the controls that
// no check answers, and of findings of one identity all but the worst; messages are as SARIF has them. Errors say what is wrong with the document, and not where it came
// from.
func Read(in io.Reader) (*report.Report, error) {
	var doc document
	d := json.NewDecoder(bufio.NewReaderSize(in, 64<<10))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the report is cut off")
	case err != nil:
		return nil, fmt.Errorf("it is no SARIF: %w", err)
	case doc.Version != version:
		return nil, fmt.Errorf("it is no SARIF %s", version)
	case len(doc.Runs) == 0:
		return nil, errors.New("it holds no run")
	case d.More():
		return nil, errors.New("something follows the report")
	}
	r := &report.Report{}
	seen := map[string]bool{}
	for i := range doc.Runs {
		run := &doc.Runs[i]
		if run.Tool.Driver.Name != driver {
			return nil, fmt.Errorf("it is no report of ours: %q made run %d", run.Tool.Driver.Name, i)
		}
		if p := run.Properties.Profile; p != "" {
			return nil, fmt.Errorf("it was written with -o sarif-%s, which leaves out what the service must not see", p)
		}
		r.Version = run.Tool.Driver.Version
		for _, rule := range run.Tool.Driver.Rules {
			if c, err := rule.check(); err != nil {
				return nil, err
			} else if !seen[c.ID] {
				seen[c.ID] = true
				r.Checks = append(r.Checks, c)
			}
		}
		c, err := run.cluster()
		if err != nil {
			return nil, err
		}
		r.Clusters = append(r.Clusters, c)
		if i > 0 {
			continue
		}
		for _, e := range run.Tool.Extensions {
			r.Components = append(r.Components, report.Component{Kind: e.Properties.Kind, Name: e.Name, Version: e.Version, SHA256: e.Properties.SHA256})
		}
		for _, t := range run.Taxonomies {
			r.Frameworks = append(r.Frameworks, t.framework(r.Checks))
		}
	}
	for _, c := range r.Clusters {
		if r.Started.IsZero() || c.Started.Before(r.Started) {
			r.Started = c.Started
		}
		if c.Ended.After(r.Ended) {
			r.Ended = c.Ended
		}
	}
	if len(doc.Runs) > 0 && len(doc.Runs[0].Invocations) > 0 {
		r.ExitCode = doc.Runs[0].Invocations[0].ExitCode
	}
	return r, nil
}

// The parts of a document that are read.
type (
	document struct {
		Version string
		Runs    []readRun
	}
	readRun struct {
		Tool struct {
			Driver struct {
				Name, Version string
				Rules         []readRule
			}
			Extensions []struct {
				Name, Version string
				Properties    struct{ Kind, SHA256 string }
			}
		}
		Taxonomies  []readTaxonomy
		Invocations []struct {
			StartTimeUTC, EndTimeUTC                                   time.Time
			ExitCode                                                   int
			ToolConfigurationNotifications, ToolExecutionNotifications []readNotification
		}
		AutomationDetails struct{ ID string }
		Properties        struct {
			Target, Cluster, Provider, Account, Region, Name, ServerVersion, Status string
			Profile                                                                 string
			Compared                                                                bool
			Objects                                                                 map[string]int
			Namespaces, ExcludeNamespaces, Selection, Unfilled                      []string
			Checks                                                                  []readTally
		}
		Results []readResult
	}
	readRule struct {
		ID, Name                                string
		ShortDescription, FullDescription, Help text
		Properties                              struct {
			Severity, Scope, Remediation, OptIn, Pack string
			Kinds, Requires, Needs, References        []string
			Parameters                                []finding.Parameter
			Frameworks                                map[string][]string
			Severities                                map[string]string
		}
	}
	text         struct{ Text string }
	readTaxonomy struct {
		Name, FullName, Version, InformationURI string
		Taxa                                    []struct {
			ID               string
			ShortDescription text
		}
	}
	readNotification struct {
		Descriptor     struct{ ID string }
		AssociatedRule struct{ ID string }
		Level          string
		Message        text
		Properties     struct {
			Kind, Namespace, Name, Reason, Message string
			ObjectsRead                            int
		}
	}
	readTally struct {
		Check   string
		Counts  map[finding.Verdict]int
		Skipped bool
		Reason  string
	}
	readResult struct {
		RuleID, Kind, BaselineState string
		Message                     text
		Fingerprints                map[string]string
		Locations                   []struct {
			PhysicalLocation struct{ Region struct{ StartLine int } }
		}
		CodeFlows []struct {
			ThreadFlows []struct {
				Locations []struct{ Location struct{ Message text } }
			}
		}
		Suppressions []struct {
			Justification string
			Properties    struct{ Owner, Ticket, Expires, Source string }
		}
		Properties struct {
			Severity, Path, Key, ManagedBy, Owner                      string
			Folded                                                     []string
			Carried                                                    bool
			Group, Version, Kind, Resource, Namespace, Name, Sub, File string
		}
	}
)

func (r readRule) check() (finding.Check, error) {
	p := r.Properties
	severity, err := finding.ParseSeverity(p.Severity)
	if err != nil {
		return finding.Check{}, fmt.Errorf("rule %s: %w", r.ID, err)
	}
	return finding.Check{
		ID: r.ID, Name: r.Name, Title: r.ShortDescription.Text, Description: r.FullDescription.Text, Remediation: p.Remediation,
		Severity: severity, Severities: p.Severities, Scope: finding.Scope(p.Scope), Kinds: p.Kinds, Requires: p.Requires, Needs: p.Needs, Frameworks: p.Frameworks,
		References: p.References, Parameters: p.Parameters, OptIn: p.OptIn, Pack: p.Pack,
	}, nil
}

func (t readTaxonomy) framework(checks []finding.Check) finding.Framework {
	f := finding.Framework{ID: t.Name, Name: t.FullName, Version: t.Version, URL: t.InformationURI}
	for _, taxon := range t.Taxa {
		c := finding.Control{ID: taxon.ID, Title: taxon.ShortDescription.Text}
		c.Answer(t.Name, checks)
		f.Controls = append(f.Controls, c)
	}
	return f
}

func (run readRun) cluster() (report.Cluster, error) {
	p := run.Properties
	c := report.Cluster{
		Target: p.Target, Alias: strings.TrimSuffix(strings.TrimPrefix(run.AutomationDetails.ID, "kubemuster/"), "/"), ID: p.Cluster,
		Provider: p.Provider, Account: p.Account, Region: p.Region, Name: p.Name, ServerVersion: p.ServerVersion,
		Status: report.Status(p.Status), Objects: p.Objects, Compared: p.Compared, Namespaces: p.Namespaces, ExcludeNamespaces: p.ExcludeNamespaces,
		Selection: p.Selection, Unfilled: p.Unfilled,
	}
	for _, t := range p.Checks {
		c.Tallies = append(c.Tallies, finding.Tally(t))
	}
	for _, i := range run.Invocations {
		c.Started, c.Ended = i.StartTimeUTC, i.EndTimeUTC
		for _, list := range [][]readNotification{i.ToolConfigurationNotifications, i.ToolExecutionNotifications} {
			for _, n := range list {
				n.addTo(&c)
			}
		}
	}
	for i, result := range run.Results {
		f, err := result.finding()
		switch {
		case err != nil:
			return c, fmt.Errorf("result %d of %s: %w", i, c.Alias, err)
		case f.Object.Kind == clusterKind && f.Verdict != finding.Fail: // the sum of a check, which the tallies hold
		case f.Baseline == finding.Absent:
			c.Absent = append(c.Absent, f)
		case result.Properties.Carried:
			c.Carried = append(c.Carried, f)
		default:
			c.Findings = append(c.Findings, f)
		}
	}
	return c, nil
}

func (n readNotification) addTo(c *report.Cluster) {
	id, p := n.Descriptor.ID, n.Properties
	switch {
	case strings.HasPrefix(id, "scan/") && n.Level == "error": // a note says that a snapshot was judged
		c.Problem = &report.Problem{Stage: strings.TrimPrefix(id, "scan/"), Message: n.Message.Text}
	case strings.HasPrefix(id, "read/"):
		c.Gaps = append(c.Gaps, snapshot.Gap{Kind: p.Kind, Namespace: p.Namespace, Name: p.Name, Reason: snapshot.GapReason(p.Reason), Message: p.Message, Read: p.ObjectsRead})
	case id == "check/not-evaluated": // the tallies say it
	default:
		c.Notifications = append(c.Notifications, report.Notification{ID: id, Level: n.Level, Check: n.AssociatedRule.ID, Message: n.Message.Text})
	}
}

func (r readResult) finding() (finding.Finding, error) {
	p := r.Properties
	f := finding.Finding{
		Check: r.RuleID, Message: r.Message.Text, Path: p.Path, Key: p.Key, ManagedBy: p.ManagedBy, Owner: p.Owner, Sub: p.Sub, File: p.File,
		Object:   finding.Object{Group: p.Group, Version: p.Version, Kind: p.Kind, Resource: p.Resource, Namespace: p.Namespace, Name: p.Name},
		Baseline: finding.BaselineState(r.BaselineState),
	}
	for verdict, kind := range kinds {
		if kind == r.Kind {
			f.Verdict = verdict
		}
	}
	if f.Verdict == "" || r.Fingerprints[fingerprintKey] == "" || p.Kind == "" {
		return f, errors.New("it is not as kubemuster writes it")
	}
	if f.Verdict == finding.Fail {
		var err error
		if f.Severity, err = finding.ParseSeverity(p.Severity); err != nil {
			return f, err
		}
	}
	if f.File != "" && len(r.Locations) > 0 {
		f.Line = r.Locations[0].PhysicalLocation.Region.StartLine
	}
	f.Folded = p.Folded
	for _, flow := range r.CodeFlows {
		for _, thread := range flow.ThreadFlows {
			var way []string
			for _, l := range thread.Locations {
				way = append(way, l.Location.Message.Text)
			}
			f.Ways = append(f.Ways, way)
		}
	}
	for _, s := range r.Suppressions {
		f.Waiver = &finding.Waiver{Owner: s.Properties.Owner, Reason: s.Justification, Ticket: s.Properties.Ticket, Expires: s.Properties.Expires, Source: s.Properties.Source}
	}
	return f, nil
}
