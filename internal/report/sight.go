package report

import (
	"slices"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// Blindness says why a scan could not have seen a finding; empty where it could.
type Blindness string

// What a scan could not see.
const (
	NotReached Blindness = "the cluster was not scanned"
	NotRun     Blindness = "the check did not run"
	NotAsked   Blindness = "the check did not look: it was out of scope, or nobody asked for it"
	Lacking    Blindness = "the check lacked something that it requires"
	Outside    Blindness = "the namespace was not looked at"
)

// Sight returns what tells of a finding, in this cluster at any time, why this scan could not have seen it.
func (c Cluster) Sight() func(finding.Finding) Blindness {
	checks := map[string]Blindness{}
	for _, t := range c.Tallies {
		switch {
		case t.Skipped:
			checks[t.Check] = NotAsked
		case t.Counts[finding.NotEvaluated] > 0:
			checks[t.Check] = Lacking
		default:
			checks[t.Check] = ""
		}
	}
	return func(f finding.Finding) Blindness {
		blind, ran := checks[f.Check]
		switch {
		case c.Status == NotScanned:
			return NotReached
		case !ran:
			return NotRun
		case blind == "" && !c.within(f.Object):
			return Outside
		}
		return blind
	}
}

// Limits are the limits of the scan in the flags' words, sorted, as in namespace=shop; none where it looked at all.
func (c Cluster) Limits() []string {
	all := slices.Clone(c.Selection)
	for flag, values := range map[string][]string{"namespace": c.Namespaces, "exclude-namespace": c.ExcludeNamespaces} {
		for _, v := range values {
			all = append(all, flag+"="+v)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Covers reports whether a finding, of this scan or another, is within the limits of this one.
func (c Cluster) Covers(f finding.Finding) bool {
	return c.within(f.Object) && slices.ContainsFunc(c.Tallies, func(t finding.Tally) bool { return t.Check == f.Check })
}

// within reports whether the object is within the limits of the scan.
func (c Cluster) within(o finding.Object) bool {
	namespace := o.Namespace
	if o.Kind == "Namespace" {
		namespace = o.Name
	}
	if slices.Contains(c.ExcludeNamespaces, namespace) {
		return false
	}
	return len(c.Namespaces) == 0 || slices.Contains(c.Namespaces, namespace)
}
