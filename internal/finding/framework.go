package finding

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
	Reason   string   // why no check does
}

// Coverage says how far a control is answered.
type Coverage string

// The classes of coverage.
const (
	Automated  Coverage = "automated"
	NeedsFacts Coverage = "needs facts" // of the cloud's API
	ByHand     Coverage = "manual"
	Unlisted   Coverage = "unlisted" // no check answers it, and the framework's file does not say why
)

// Coverages lists all classes in the order in which reports show them.
var Coverages = []Coverage{Automated, NeedsFacts, ByHand, Unlisted}

// Count returns the number of controls in each class.
func (f Framework) Count() map[Coverage]int {
	n := map[Coverage]int{}
	for _, c := range f.Controls {
		n[c.Coverage]++
	}
	return n
}
