package report

import (
	"slices"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
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

// Sight returns what tells of a finding, in this cluster at any time, why this scan could not have seen it. The checks are those
// of the scan's report.
func (c Cluster) Sight(all []finding.Check) func(finding.Finding) Blindness {
	checks, gaps := map[string]Blindness{}, map[string][]snapshot.Gap{}
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
	for _, check := range all {
		if checks[check.ID] == Lacking {
			gaps[check.ID] = c.lacked(check)
		}
	}
	return func(f finding.Finding) Blindness {
		blind, ran := checks[f.Check]
		switch {
		case c.Status == NotScanned:
			return NotReached
		case !ran:
			return NotRun
		case blind == Lacking && gaps[f.Check] != nil && !slices.ContainsFunc(gaps[f.Check], func(g snapshot.Gap) bool { return hides(g, f) }):
			blind = ""
		}
		if blind == "" && !c.within(f.Object) {
			return Outside
		}
		return blind
	}
}

// lacked are the gaps that hid findings of a check that lacked something; nil where they do not tell what was hidden. Those of
// single objects hide single objects. What is said of the whole cluster or of a grant may hang on anything that was not read.
func (c Cluster) lacked(check finding.Check) (gaps []snapshot.Gap) {
	if check.Scope != finding.ObjectScope {
		return nil
	}
	for _, kind := range check.Requires { // what says something of others may be in any file that was not read
		if !slices.Contains(check.Kinds, kind) && slices.ContainsFunc(c.Gaps, func(g snapshot.Gap) bool { return g.Kind == snapshot.Manifest || g.Kind == kind }) {
			return nil
		}
	}
	for _, n := range c.Notifications {
		if n.ID == EvaluationError && n.Check == check.ID { // which names some of the objects at most
			return nil
		}
	}
	for _, g := range c.Gaps {
		if g.Kind == snapshot.Manifest || slices.Contains(check.Requires, g.Kind) {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// hides reports whether a finding of single objects may stand at what the gap hides.
func hides(g snapshot.Gap, f finding.Finding) bool {
	if g.Kind == snapshot.Manifest {
		return g.Name == "" || f.File == "" || g.Name == f.File
	}
	kind, known := snapshot.KindNamed(g.Kind)
	switch {
	case g.Namespace != "" && g.Namespace != namespace(f.Object):
		return false
	case !known || kind.PodSpec != "": // findings on pods stand at the topmost controller that was read
		return true
	}
	return kind.Kind() == f.Object.Kind && (g.Name == "" || g.Name == f.Object.Name)
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
	if slices.Contains(c.ExcludeNamespaces, namespace(o)) {
		return false
	}
	return len(c.Namespaces) == 0 || slices.Contains(c.Namespaces, namespace(o))
}

// namespace is the one that the object is in, or is.
func namespace(o finding.Object) string {
	if o.Kind == "Namespace" {
		return o.Name
	}
	return o.Namespace
}
