package finding

import (
	"slices"
	"strings"
)

// Framework is a standard whose controls the checks answer.
type Framework struct {
	ID       string // cis-eks-1.8
	Name     string
	Version  string
	URL      string
	Controls []Control
}

// Control is one demand of a framework.
type Control struct {
	ID       string // as the framework numbers it
	Title    string
	Coverage Coverage
	Checks   []string // the IDs of those that answer it
	Reason   string   // why no check does, or none by itself
}

// Coverage says how far a control is answered.
type Coverage string

// The classes of coverage.
const (
	ByDefault  Coverage = "by default"
	NeedsFacts Coverage = "needs facts" // of the cloud's API
	OptIn      Coverage = "opt-in"      // every check that answers it waits for a flag or a parameter
	ByHand     Coverage = "manual"
	Unlisted   Coverage = "unlisted" // no check answers it, and the framework's file does not say why
)

// Coverages lists all classes in the order in which reports show them.
var Coverages = []Coverage{ByDefault, NeedsFacts, OptIn, ByHand, Unlisted}

// Count returns the number of controls in each class.
func (f Framework) Count() map[Coverage]int {
	n := map[Coverage]int{}
	for _, c := range f.Controls {
		n[c.Coverage]++
	}
	return n
}

// Answer sets the checks that answer the control of a framework, and its class if there are any.
func (c *Control) Answer(framework string, checks []Check) {
	var optIn []string
	for _, check := range checks {
		if !slices.Contains(check.Frameworks[framework], c.ID) {
			continue
		}
		c.Checks = append(c.Checks, check.ID)
		if check.OptIn != "" {
			optIn = append(optIn, check.OptIn)
		}
	}
	switch {
	case len(c.Checks) > len(optIn):
		c.Coverage = ByDefault
	case len(c.Checks) > 0:
		slices.Sort(optIn)
		c.Coverage, c.Reason = OptIn, "set "+strings.Join(slices.Compact(optIn), " or ")
	}
}
