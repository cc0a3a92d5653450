// Package finding holds what a scan concludes: checks, verdicts and findings, and the identity of a finding.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Verdict is what a check says of an object, or of a cluster.
type Verdict string

// The verdicts. A check that lacked data says NotEvaluated, never Pass.
const (
	Fail          Verdict = "fail"
	Pass          Verdict = "pass"
	NotApplicable Verdict = "not_applicable" // no such object, or another provider
	NotEvaluated  Verdict = "not_evaluated"  // something the check requires could not be read, or its evaluation failed
	Manual        Verdict = "manual"         // only a person can tell
)

// Verdicts lists all verdicts in the order in which reports show them.
var Verdicts = []Verdict{Fail, Pass, NotApplicable, NotEvaluated, Manual}

// Severity orders findings; the zero value is Info.
type Severity int

// The severities, lowest first.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

// Severities lists all severities, highest first.
var Severities = []Severity{Critical, High, Medium, Low, Info}

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// String returns the name: info, low, medium, high or critical.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads a severity's name, in letters of either case.
func ParseSeverity(name string) (Severity, error) {
	for i, n := range severityNames {
		if strings.EqualFold(n, name) {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no severity; choose one of critical, high, medium, low, info", name)
}

// Check is one rule of the catalogue: everything but its logic.
type Check struct {
	ID          string // KM1005; immutable and never reused
	Name        string // PascalCase
	Title       string // what is wrong, in one line
	Description string // what an attacker gains
	Remediation string // the field or command that fixes it
	Severity    Severity
	Severities  map[string]string // names of others that its findings may have → where
	Scope       Scope
	Kinds       []string            // the kinds it judges; with ClusterScope, those its findings stand at
	Requires    []string            // the kinds that must have been read for a verdict
	Needs       []string            // what must be known besides, which manifests do not tell: version, cluster
	Frameworks  map[string][]string // framework → controls
	References  []string            // URLs
	Parameters  []Parameter
	OptIn       string // what the user has to set before it looks at anything: a flag or a parameter; empty for most
	Pack        string // the pack it comes from
}

// Parameter is a value that the user may set, and that the check reads.
type Parameter struct {
	Name    string `json:"name"`    // camelCase
	Type    string `json:"type"`    // string, number, boolean or strings
	Default any    `json:"default"` // nil: the check is not applicable until the parameter is set
	Help    string `json:"help"`
}

// BuiltInPack is the name of the pack that the binary carries.
const BuiltInPack = "kubemuster"

// Scope says what a check looks at.
type Scope string

// The scopes of a check.
const (
	ObjectScope  Scope = "object"  // one object at a time
	ClusterScope Scope = "cluster" // the index of the whole cluster
	GrantScope   Scope = "grant"   // one binding at a time, with what it grants
)

// Domain is the check's family, from the first digit of its ID: workload, rbac, identity, network, admission, node, cloud or,
// for 9, custom.
func (c Check) Domain() string {
	i := strings.IndexAny(c.ID, "0123456789")
	if i < 0 {
		return ""
	}
	return map[byte]string{'1': "workload", '2': "rbac", '3': "identity", '4': "network", '5': "admission", '6': "node", '8': "cloud", '9': "custom"}[c.ID[i]]
}

// Object names a Kubernetes object.
type Object struct {
	Group     string // empty for the core group
	Version   string
	Kind      string
	Resource  string // plural, lower case
	Namespace string // empty for cluster-scoped objects
	Name      string
}

// String returns the object as kind namespace/name.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Finding is one verdict on one object, or one place in it.
type Finding struct {
	Check    string // Check.ID
	Severity Severity
	Verdict  Verdict
	Object   Object
	// Sub is the part of the object that the finding is about, as in "containers/nginx" or "volumes/docker"; empty for the whole.
	Sub string
	// Key tells findings apart that share check, object and sub, as a capability's name does. Never text that may be re-worded.
	Key     string
	Path    string // JSON path to what was seen, as in spec.template.spec.containers[0].image
	Message string // one sentence; never a secret value
	// Baseline compares with an earlier report, where there is one.
	Baseline BaselineState
	// Waiver is set where somebody answers for the finding: reported, never gating.
	Waiver *Waiver
	// Request is what the object's annotations ask to have waived, if they do.
	Request *Request
	// Ways lead to what the finding is about, each a step at a time: Deployment shop/web, ServiceAccount shop/web,
	// ClusterRoleBinding ops, ClusterRole cluster-admin.
	Ways [][]string
	// Folded are the checks that fail for the same reason and say less, sorted: this finding stands for theirs.
	Folded []string
	// ManagedBy is "provider" for what the cloud itself runs in the cluster, and "kubernetes" for what Kubernetes' own installer
	// sets up: reported, never gating.
	ManagedBy string
	// Owner answers for the object, as a label of it or of its namespace says; empty where none does.
	Owner string
	File  string // manifests only: the file, relative, slashes
	Line  int    // manifests only: 1-based
}

// BaselineState says what became of a finding since an earlier report, in SARIF's words.
type BaselineState string

// The states. None is the zero value: nothing was compared.
const (
	New       BaselineState = "new"
	Unchanged BaselineState = "unchanged"
	Updated   BaselineState = "updated" // another message or severity
	Absent    BaselineState = "absent"  // it was in the earlier report, and what it was about has been read again
)

// Request is a waiver that an object asks for in its annotations.
type Request struct {
	Checks                         string // IDs, with commas between
	Owner, Reason, Ticket, Expires string
}

// RequestOf reads the annotations kubemuster.io/waive, and waive-owner, waive-reason, waive-ticket and waive-expires beside
// it. It returns nil where they ask for nothing.
func RequestOf(annotations map[string]string) *Request {
	const waive = "kubemuster.io/waive"
	if annotations[waive] == "" {
		return nil
	}
	return &Request{annotations[waive], annotations[waive+"-owner"], annotations[waive+"-reason"], annotations[waive+"-ticket"], annotations[waive+"-expires"]}
}

// Waiver says who accepts a finding, why and until when.
type Waiver struct {
	Owner   string
	Reason  string
	Ticket  string // may be empty
	Expires string // the last day, as in 2027-01-31
	Source  string // file:line, or the object that asks for it by annotation
}

// Gates reports whether the finding counts against the run.
func (f Finding) Gates() bool { return f.Verdict == Fail && f.ManagedBy == "" && f.Waiver == nil }

// Fingerprint is the finding's identity in a cluster with this stable ID, across scans, versions and wordings: sha256 in
// hexadecimal over cluster, check, group, kind, namespace, name, sub, key and, for manifests, the file.
func (f Finding) Fingerprint(clusterID string) string {
	b := make([]byte, 0, 256)
	add := func(part string) {
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(append(append(b, ':'), part...), ';')
	}
	for _, part := range [...]string{clusterID, f.Check, f.Object.Group, f.Object.Kind, f.Object.Namespace, f.Object.Name, f.Sub, f.Key} {
		add(part)
	}
	if f.File != "" {
		add(f.File) // two manifests may hold an object of one name
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Tally counts a check's verdicts in one cluster: objects for an object check, one for a cluster check. Where something
// that the check requires could not be read, one more is not evaluated.
type Tally struct {
	Check  string
	Counts map[Verdict]int
	// Skipped is set where the check did not look at all: it was out of scope, or nobody asked for it.
	Skipped bool
	// Reason says why the check was not evaluated or not applicable, where it was not.
	Reason string
}

// SplitPath cuts a JSON path into its keys and indices: "spec.containers[0].image" is spec, containers, 0, image. A key
// in brackets and double quotes may hold dots.
func SplitPath(path string) []string {
	var parts []string
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case strings.HasPrefix(path, `["`):
			key, rest, ok := strings.Cut(path[2:], `"]`)
			parts = append(parts, key)
			if path = rest; !ok {
				return parts
			}
		case path[0] == '[':
			index, rest, ok := strings.Cut(path[1:], "]")
			parts = append(parts, index)
			if path = rest; !ok {
				return parts
			}
		default:
			n := strings.IndexAny(path, ".[")
			if n < 0 {
				n = len(path)
			}
			parts = append(parts, path[:n])
			path = path[n:]
		}
	}
	return parts
}

// OtherSeverities say where findings have other severities than the check, the highest first, as in "critical on GKE".
func (c Check) OtherSeverities() []string {
	var out []string
	for s := Critical; s >= Info; s-- {
		if where := c.Severities[s.String()]; where != "" {
			out = append(out, s.String()+" "+where)
		}
	}
	return out
}
