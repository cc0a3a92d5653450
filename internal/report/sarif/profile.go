package sarif

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"

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

// The bounds of the services' profiles. GitHub takes 20 runs a file and 25,000 results a run, of which it shows 5,000.
const (
	maxRuns       = 20
	MaxResults    = 5000
	maxGitLabText = 2048
)

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
