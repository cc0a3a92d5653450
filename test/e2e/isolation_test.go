package e2e

import (
	"slices"
	"strings"
	"testing"
)

// Two clusters that are scanned at once, through every cloud, never mix: each finding stands in the run of its own
// cluster, and the runs of one cluster agree whichever cloud led there.
func TestClustersNeverMix(t *testing.T) {
	t.Parallel()
	var env, targets []string
	for _, c := range clouds() {
		env = append(env, c.env(reader)...)
		targets = append(targets, c.target("prod", reader), c.target("staging", reader))
	}
	s := scanRaced(t, env, append(targets, "--concurrency", "6")...)
	s.checkComplete(t)
	if len(s.runs) != len(targets) {
		t.Fatalf("the report has %d runs for %d targets", len(s.runs), len(targets))
	}
	first := map[string][]string{} // findings of the first run of each cluster
	prints := map[string]string{}  // fingerprints, and whose they are
	for i, r := range s.runs {
		if target, _, _ := strings.Cut(targets[i], "?"); r.Properties.Target != target {
			t.Fatalf("run %d is of %s, not of %s", i, r.Properties.Target, target)
		}
		name := r.Properties.Name
		found := r.findings(t)
		own, other := prodFindings, stagingFindings
		if name == "staging" {
			own, other = other, own
		}
		checkHolds(t, found, own)
		for _, f := range other {
			if slices.Contains(found, f) {
				t.Errorf("%s has the other cluster's finding %s", r.Properties.Target, f)
			}
		}
		foreign := map[string]string{"prod": "bank", "staging": "shop"}[name]
		for _, f := range found {
			if strings.Contains(f, foreign) {
				t.Errorf("%s has a finding on what is in the other cluster: %s", r.Properties.Target, f)
			}
		}
		// How long a version is supported depends on the cloud.
		found = slices.DeleteFunc(found, func(f string) bool { return strings.HasPrefix(f, "KM6002 ") })
		if first[name] == nil {
			first[name] = found
		} else if !slices.Equal(found, first[name]) {
			t.Errorf("%s has other findings than %s through another cloud:\n%s\n\n%s", r.Properties.Target, name, strings.Join(found, "\n"), strings.Join(first[name], "\n"))
		}
		for _, result := range r.Results {
			print := result.Fingerprints["kubemuster/v1"]
			if whose, ok := prints[print]; ok {
				t.Errorf("%s and %s share the fingerprint of a finding of %s", whose, r.Properties.Target, result.RuleID)
			}
			prints[print] = r.Properties.Target
		}
	}
}
