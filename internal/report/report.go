// Package report holds what a run leaves behind, and the interface of its writers. The writers are the packages below.
package report

import (
	"io"
	"time"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Report is the outcome of a run.
type Report struct {
	Version string // of the scanner
	Started time.Time
	Ended   time.Time
	// Checks are those of the run, by ID, and those that did not run and whose findings are carried from a baseline.
	Checks   []finding.Check
	Clusters []Cluster // in the order of the targets
	// Frameworks are those that the checks answer to.
	Frameworks []finding.Framework
	ExitCode   int
	// Components are what took part beside the core: auth plugins and policy packs.
	Components []Component
}

// Component is an auth plugin or a policy pack.
type Component struct {
	Kind    string // plugin or pack
	Name    string
	Version string
	SHA256  string // hexadecimal
}

// Status says how much of a cluster was scanned.
type Status string

// The states of a cluster's scan.
const (
	Complete   Status = "complete"
	Partial    Status = "partial"     // something could not be read: see Gaps
	NotScanned Status = "not scanned" // see Problem
)

// Cluster is the outcome of one target.
type Cluster struct {
	Target        string // as written, without parameters
	Alias         string // unique in the run; safe in a path
	ID            string // stable: the target's id in the configuration, else the cloud's
	Provider      string
	Account       string
	Region        string
	Name          string
	ServerVersion string // as the API server tells it, v1.37.2
	Started       time.Time
	Ended         time.Time
	Status        Status
	Problem       *Problem // set if and only if Status is NotScanned
	// Namespaces, ExcludeNamespaces and Selection are the limits of the scan, where it had some: the last one says which checks
	// were selected, as in check=KM1005.
	Namespaces, ExcludeNamespaces []string
	Selection                     []string
	Findings                      []finding.Finding
	// Compared is set where the baseline knows the cluster. Absent are its findings that are no more; Carried are those of
	// which nobody can tell, since this time their checks lacked something.
	Compared        bool
	Absent, Carried []finding.Finding
	// Unfilled are the checks that lacked something and of which the baseline does not know all findings, either.
	Unfilled      []string
	Tallies       []finding.Tally // every check that ran, by ID
	Objects       map[string]int  // objects read, by kind
	Gaps          []snapshot.Gap
	Notifications []Notification
}

// Counts sums the cluster's verdicts over all checks.
func (c Cluster) Counts() map[finding.Verdict]int {
	sum := map[finding.Verdict]int{}
	for _, t := range c.Tallies {
		for v, n := range t.Counts {
			sum[v] += n
		}
	}
	return sum
}

// Problem says why a target was not scanned: one sentence, and what to do next.
type Problem struct {
	Stage   string // target, plugin, access, token, connect, read
	Message string
	Hint    string
}

// Notification is something the user should know about a cluster's scan that is neither a finding nor a gap, such as an
// evaluation that failed.
type Notification struct {
	ID      string // stable and machine-readable, as in policy/evaluation-error
	Level   string // error, warning or note
	Check   string // the check it concerns, if one
	Message string
}

// EvaluationError is the ID of a notification that a check failed to judge something.
const EvaluationError = "policy/evaluation-error"

// Writer writes a report in one format.
type Writer interface {
	Write(w io.Writer, r *Report) error
}
