package sarif

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// Profile is what a service takes of a report.
type Profile int

// The profiles.
const (
	// Full is everything.
	Full Profile = iota
	// GitHub is for GitHub code scanning: it closes every alert that is not in the newest file of a category, and shows
	// whatever is. So it gets no waived and no absent findings, no cluster that could not be scanned, and none that could not
	// be read wholly unless a baseline says what stands in the gaps. A scan with limits has a category of its own.
	GitHub
	// GitLab is GitHub's, with messages that GitLab does not cut.
	GitLab
)

// name is what the run of a service's profile says of itself, so that it is not taken for a whole report.
func (p Profile) name() string { return [...]string{Full: "", GitHub: "github", GitLab: "gitlab"}[p] }

// The bounds of the services' profiles: GitHub takes 20 runs a file and 25,000 results a run, of which it shows 5,000, and 10 MB
// compressed. With names as long as names may be and random, five times 5,000 results take 9 MB.
const (
	maxRuns        = 20
	MaxResults     = 5000
	maxPartResults = 5 * MaxResults
	maxGitLabText  = 2048
)

// Parts cuts a report into those that go into a file each: the first under the name that the user gave, the others numbered.
// There is always one.
func (w Writer) Parts(r *report.Report) []*report.Report {
	if w.Profile == Full {
		return []*report.Report{r}
	}
	fit := *r
	fit.Clusters = nil
	for _, c := range r.Clusters {
		if c.Status == report.Complete || c.Status == report.Partial && c.Compared && len(c.Unfilled) == 0 {
			fit.Clusters = append(fit.Clusters, w.fit(c))
		}
	}
	var parts []*report.Report
	for first, results, i := 0, 0, 0; i <= len(fit.Clusters); i++ {
		if i < len(fit.Clusters) {
			results += len(fit.Clusters[i].Findings)
			if i == first || i-first < maxRuns && results <= maxPartResults {
				continue
			}
			results = len(fit.Clusters[i].Findings)
		}
		part := fit
		part.Clusters = fit.Clusters[first:i]
		parts, first = append(parts, &part), i
	}
	return parts
}

// fit is the cluster as a service takes it: its failures, with those of the baseline that could not be looked at again, the
// worst first where there are too many.
func (w Writer) fit(c report.Cluster) report.Cluster {
	var kept []finding.Finding
	limited := len(c.Limits()) > 0
	for _, f := range c.Carried {
		if !limited || c.Covers(f) { // what is beyond the limits is in another category
			kept = append(kept, f)
		}
	}
	kept = slices.DeleteFunc(append(kept, c.Findings...), func(f finding.Finding) bool { return f.Verdict != finding.Fail || f.Waiver != nil })
	c.Absent, c.Carried, c.Findings = nil, nil, kept
	if cut := len(kept) - MaxResults; cut > 0 {
		slices.SortFunc(kept, func(a, b finding.Finding) int {
			return cmp.Or(cmp.Compare(b.Severity, a.Severity), compareIdentity(&a, &b))
		})
		c.Findings = kept[:MaxResults]
		c.Notifications = append(slices.Clone(c.Notifications), report.Notification{
			ID: "report/cut", Level: "warning",
			Message: fmt.Sprintf("%d findings of the lowest severities are left out: the service takes %d; -o sarif writes all", cut, MaxResults),
		})
	}
	return c
}

// maxCategory is how long the part of a category may be that names limits. Longer ones are told by their sum.
const maxCategory = 60

// category is what the limits of a scan add to the category of its cluster, so that it closes no alert that it did not look
// for: nothing for a scan of all, and the same for the same limits. The full report has no categories.
func (p Profile) category(c *report.Cluster) string {
	name := strings.Join(c.Limits(), "+")
	switch {
	case p == Full || name == "":
		return ""
	case len(name) > maxCategory:
		name = fmt.Sprintf("limits-%x", sha256.Sum256([]byte(name)))[:len("limits-")+16]
	}
	return url.PathEscape(name) + "/"
}

// text is a message as the profile's service takes it.
func (p Profile) text(s string) string {
	if runes := []rune(s); p == GitLab && len(runes) > maxGitLabText {
		return string(runes[:maxGitLabText-1]) + "…"
	}
	return s
}
