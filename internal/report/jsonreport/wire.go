package jsonreport

import (
	"time"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Report is the document. Its last field, and that of Cluster, are the lists that are written item by item.
type Report struct {
	Format        string      `json:"format" jsonschema:"enum=kubemuster-report"`
	FormatVersion int         `json:"formatVersion" jsonschema:"enum=1"`
	Scanner       string      `json:"scanner" jsonschema:"description=version of the scanner"`
	Started       time.Time   `json:"started"`
	Ended         time.Time   `json:"ended"`
	ExitCode      int         `json:"exitCode"`
	Components    []Component `json:"components,omitempty" jsonschema:"description=auth plugins and policy packs that took part"`
	Checks        []Check     `json:"checks" jsonschema:"description=every check of the run"`
	Frameworks    []Framework `json:"frameworks,omitempty" jsonschema:"description=standards that the checks answer to"`
	Clusters      []Cluster   `json:"clusters"`
}

// Framework is a standard.
type Framework struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	URL      string    `json:"url,omitempty"`
	Controls []Control `json:"controls"`
}

// Control is one demand of a framework.
type Control struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Coverage string   `json:"coverage" jsonschema:"enum=by default,enum=needs facts,enum=opt-in,enum=manual,enum=unlisted"`
	Checks   []string `json:"checks,omitempty"`
	Reason   string   `json:"reason,omitempty" jsonschema:"description=why no check answers it; or what has to be set for those that do"`
}

// Component is an auth plugin or a policy pack.
type Component struct {
	Kind    string `json:"kind" jsonschema:"enum=plugin,enum=pack"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
}

// Check is a rule of the catalogue.
type Check struct {
	ID          string              `json:"id"`
	Name        string              `json:"name"`
	Title       string              `json:"title"`
	Description string              `json:"description,omitempty" jsonschema:"description=what an attacker gains"`
	Remediation string              `json:"remediation,omitempty"`
	Severity    Severity            `json:"severity"`
	Severities  map[string]string   `json:"severities,omitempty" jsonschema:"description=others that its findings may have; and where"`
	Scope       string              `json:"scope,omitempty"`
	Kinds       []string            `json:"kinds,omitempty"`
	Requires    []string            `json:"requires,omitempty" jsonschema:"description=kinds that must have been read for a verdict"`
	Needs       []string            `json:"needs,omitempty" jsonschema:"description=what must be known besides: version; cluster"`
	Frameworks  map[string][]string `json:"frameworks,omitempty" jsonschema:"description=controls by framework"`
	References  []string            `json:"references,omitempty"`
	Parameters  []finding.Parameter `json:"parameters,omitempty" jsonschema:"description=values that the user may set"`
	OptIn       string              `json:"optIn,omitempty" jsonschema:"description=what the user has to set before it looks at anything"`
	Pack        string              `json:"pack,omitempty"`
}

// Severity is its name.
type Severity string

// Cluster is the outcome of one target.
type Cluster struct {
	Target        string         `json:"target"`
	Alias         string         `json:"alias"`
	ID            string         `json:"id" jsonschema:"description=stable: a part of every finding's identity"`
	Provider      string         `json:"provider,omitempty"`
	Account       string         `json:"account,omitempty"`
	Region        string         `json:"region,omitempty"`
	Name          string         `json:"name,omitempty"`
	ServerVersion string         `json:"serverVersion,omitempty"`
	Started       time.Time      `json:"started"`
	Ended         time.Time      `json:"ended"`
	Status        string         `json:"status" jsonschema:"enum=complete,enum=partial,enum=not scanned"`
	Problem       *Problem       `json:"problem,omitempty" jsonschema:"description=why it was not scanned"`
	Objects       map[string]int `json:"objects,omitempty" jsonschema:"description=objects read by kind"`
	Gaps          []Gap          `json:"gaps,omitempty" jsonschema:"description=what exists and could not be read"`
	Notifications []Notification `json:"notifications,omitempty"`
	Verdicts      []Tally        `json:"verdicts,omitempty" jsonschema:"description=each check's verdicts"`
	Namespaces    []string       `json:"namespaces,omitempty" jsonschema:"description=those that the scan was limited to"`
	Excluded      []string       `json:"excludeNamespaces,omitempty"`
	Selection     []string       `json:"selection,omitempty" jsonschema:"description=which checks were selected where not all were; as in check=KM1005"`
	Compared      bool           `json:"compared,omitempty" jsonschema:"description=the baseline knows the cluster"`
	Unfilled      []string       `json:"unfilled,omitempty" jsonschema:"description=checks that lacked something and of which the baseline does not know all findings either"`
	Carried       []Finding      `json:"carried,omitempty" jsonschema:"description=findings of the baseline of which nobody can tell"`
	Absent        []Finding      `json:"absent,omitempty" jsonschema:"description=findings of the baseline that are no more"`
	Findings      []Finding      `json:"findings"`
}

// Problem says why a target was not scanned.
type Problem struct {
	Stage   string `json:"stage"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Gap is something that exists and could not be read.
type Gap struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty" jsonschema:"description=of the one object or file that could not be read"`
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	Read      int    `json:"read,omitempty" jsonschema:"description=objects read before it broke off"`
}

// Notification is something to know about a cluster's scan that is neither a finding nor a gap.
type Notification struct {
	ID      string `json:"id"`
	Level   string `json:"level" jsonschema:"enum=error,enum=warning,enum=note"`
	Check   string `json:"check,omitempty"`
	Message string `json:"message"`
}

// Tally counts a check's verdicts in a cluster.
type Tally struct {
	Check   string         `json:"check"`
	Skipped bool           `json:"skipped,omitempty" jsonschema:"description=the check did not look: it was out of scope or nobody asked for it"`
	Counts  map[string]int `json:"counts" jsonschema:"description=objects by verdict: fail; pass; not_applicable; not_evaluated; manual"`
	Reason  string         `json:"reason,omitempty" jsonschema:"description=why it was not evaluated or not applicable"`
}

// Finding is one verdict on one object or one place in it.
type Finding struct {
	Fingerprint string     `json:"fingerprint" jsonschema:"description=identity across scans and wordings: sha256"`
	Check       string     `json:"check"`
	Severity    Severity   `json:"severity"`
	Verdict     string     `json:"verdict" jsonschema:"enum=fail,enum=pass,enum=not_applicable,enum=not_evaluated,enum=manual"`
	Object      Object     `json:"object"`
	Sub         string     `json:"sub,omitempty" jsonschema:"description=part of the object as in containers/nginx"`
	Key         string     `json:"key,omitempty" jsonschema:"description=tells findings apart that share check; object and part"`
	Path        string     `json:"path,omitempty" jsonschema:"description=JSON path to what was seen"`
	Message     string     `json:"message"`
	Ways        [][]string `json:"ways,omitempty" jsonschema:"description=steps that lead to what was found; as from a workload over its service account and a binding to a role"`
	Folded      []string   `json:"folded,omitempty" jsonschema:"description=narrower checks that fail for the same reason and that this finding stands for"`
	ManagedBy   string     `json:"managedBy,omitempty" jsonschema:"description=provider for what the cloud itself runs; kubernetes for what its own installer sets up"`
	Owner       string     `json:"owner,omitempty" jsonschema:"description=who answers for the object as a label of it or of its namespace says"`
	Baseline    string     `json:"baselineState,omitempty" jsonschema:"enum=new,enum=unchanged,enum=updated,enum=absent"`
	Waiver      *Waiver    `json:"waiver,omitempty"`
	File        string     `json:"file,omitempty"`
	Line        int        `json:"line,omitempty"`
}

// Object names a Kubernetes object.
type Object struct {
	Group     string `json:"group,omitempty"`
	Version   string `json:"version,omitempty"`
	Kind      string `json:"kind"`
	Resource  string `json:"resource,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// Waiver says who accepts a finding, why and until when.
type Waiver struct {
	Owner   string `json:"owner"`
	Reason  string `json:"reason"`
	Ticket  string `json:"ticket,omitempty"`
	Expires string `json:"expires"`
	Source  string `json:"source,omitempty"`
}

func document(r *report.Report) Report {
	d := Report{Format: Format, FormatVersion: Version, Scanner: r.Version, Started: r.Started.UTC(), Ended: r.Ended.UTC(), ExitCode: r.ExitCode, Checks: []Check{}}
	for _, c := range r.Components {
		d.Components = append(d.Components, Component(c))
	}
	for _, c := range r.Checks {
		d.Checks = append(d.Checks, Check{
			c.ID, c.Name, c.Title, c.Description, c.Remediation, Severity(c.Severity.String()), c.Severities, string(c.Scope), c.Kinds, c.Requires, c.Needs,
			c.Frameworks, c.References, c.Parameters, c.OptIn, c.Pack,
		})
	}
	for _, f := range r.Frameworks {
		out := Framework{ID: f.ID, Name: f.Name, Version: f.Version, URL: f.URL, Controls: []Control{}}
		for _, c := range f.Controls {
			out.Controls = append(out.Controls, Control{c.ID, c.Title, string(c.Coverage), c.Checks, c.Reason})
		}
		d.Frameworks = append(d.Frameworks, out)
	}
	return d
}

func cluster(c *report.Cluster) Cluster {
	d := Cluster{
		Target: c.Target, Alias: c.Alias, ID: c.ID, Provider: c.Provider, Account: c.Account, Region: c.Region, Name: c.Name,
		ServerVersion: c.ServerVersion, Started: c.Started.UTC(), Ended: c.Ended.UTC(), Status: string(c.Status), Objects: c.Objects, Findings: []Finding{},
		Namespaces: c.Namespaces, Excluded: c.ExcludeNamespaces, Selection: c.Selection, Compared: c.Compared, Unfilled: c.Unfilled,
	}
	for i := range c.Absent {
		d.Absent = append(d.Absent, fromFinding(&c.Absent[i], c.ID))
	}
	for i := range c.Carried {
		d.Carried = append(d.Carried, fromFinding(&c.Carried[i], c.ID))
	}
	if c.Problem != nil {
		d.Problem = (*Problem)(c.Problem)
	}
	for _, g := range c.Gaps {
		d.Gaps = append(d.Gaps, Gap{g.Kind, g.Namespace, g.Name, string(g.Reason), g.Message, g.Read})
	}
	for _, n := range c.Notifications {
		d.Notifications = append(d.Notifications, Notification(n))
	}
	for _, t := range c.Tallies {
		counts := map[string]int{}
		for v, n := range t.Counts {
			counts[string(v)] = n
		}
		d.Verdicts = append(d.Verdicts, Tally{Check: t.Check, Counts: counts, Skipped: t.Skipped, Reason: t.Reason})
	}
	return d
}

func fromFinding(f *finding.Finding, cluster string) Finding {
	return Finding{
		f.Fingerprint(cluster), f.Check, Severity(f.Severity.String()), string(f.Verdict), Object(f.Object), f.Sub, f.Key, f.Path, f.Message,
		f.Ways, f.Folded, f.ManagedBy, f.Owner, string(f.Baseline), (*Waiver)(f.Waiver), f.File, f.Line,
	}
}

func (d Finding) finding() (finding.Finding, error) {
	severity, err := finding.ParseSeverity(string(d.Severity))
	return finding.Finding{
		Check: d.Check, Severity: severity, Verdict: finding.Verdict(d.Verdict), Object: finding.Object(d.Object), Sub: d.Sub, Key: d.Key,
		Path: d.Path, Message: d.Message, Ways: d.Ways, Folded: d.Folded, ManagedBy: d.ManagedBy, Owner: d.Owner, Baseline: finding.BaselineState(d.Baseline), Waiver: (*finding.Waiver)(d.Waiver),
		File: d.File, Line: d.Line,
	}, err
}

func findings(all []Finding) ([]finding.Finding, error) {
	var out []finding.Finding
	for _, d := range all {
		f, err := d.finding()
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// report is the way back.
func (d Report) report() (*report.Report, error) {
	r := &report.Report{Version: d.Scanner, Started: d.Started, Ended: d.Ended, ExitCode: d.ExitCode}
	for _, c := range d.Components {
		r.Components = append(r.Components, report.Component(c))
	}
	for _, c := range d.Checks {
		severity, err := finding.ParseSeverity(string(c.Severity))
		if err != nil {
			return nil, err
		}
		r.Checks = append(r.Checks, finding.Check{
			ID: c.ID, Name: c.Name, Title: c.Title, Description: c.Description, Remediation: c.Remediation, Severity: severity, Severities: c.Severities,
			Scope: finding.Scope(c.Scope), Kinds: c.Kinds, Requires: c.Requires, Needs: c.Needs, Frameworks: c.Frameworks, References: c.References, Parameters: c.Parameters, OptIn: c.OptIn, Pack: c.Pack,
		})
	}
	for _, f := range d.Frameworks {
		back := finding.Framework{ID: f.ID, Name: f.Name, Version: f.Version, URL: f.URL}
		for _, c := range f.Controls {
			back.Controls = append(back.Controls, finding.Control{ID: c.ID, Title: c.Title, Coverage: finding.Coverage(c.Coverage), Checks: c.Checks, Reason: c.Reason})
		}
		r.Frameworks = append(r.Frameworks, back)
	}
	for _, c := range d.Clusters {
		back, err := c.cluster()
		if err != nil {
			return nil, err
		}
		r.Clusters = append(r.Clusters, back)
	}
	return r, nil
}

func (d Cluster) cluster() (report.Cluster, error) {
	c := report.Cluster{
		Target: d.Target, Alias: d.Alias, ID: d.ID, Provider: d.Provider, Account: d.Account, Region: d.Region, Name: d.Name,
		ServerVersion: d.ServerVersion, Started: d.Started, Ended: d.Ended, Status: report.Status(d.Status), Objects: d.Objects,
		Problem: (*report.Problem)(d.Problem), Namespaces: d.Namespaces, ExcludeNamespaces: d.Excluded, Selection: d.Selection, Compared: d.Compared, Unfilled: d.Unfilled,
	}
	for _, g := range d.Gaps {
		c.Gaps = append(c.Gaps, snapshot.Gap{Kind: g.Kind, Namespace: g.Namespace, Name: g.Name, Reason: snapshot.GapReason(g.Reason), Message: g.Message, Read: g.Read})
	}
	for _, n := range d.Notifications {
		c.Notifications = append(c.Notifications, report.Notification(n))
	}
	for _, t := range d.Verdicts {
		counts := map[finding.Verdict]int{}
		for v, n := range t.Counts {
			counts[finding.Verdict(v)] = n
		}
		c.Tallies = append(c.Tallies, finding.Tally{Check: t.Check, Counts: counts, Skipped: t.Skipped, Reason: t.Reason})
	}
	var err error
	if c.Findings, err = findings(d.Findings); err != nil {
		return c, err
	}
	if c.Absent, err = findings(d.Absent); err != nil {
		return c, err
	}
	c.Carried, err = findings(d.Carried)
	return c, err
}
