package snapshot

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is one object of a cluster or of a manifest.
type Object struct {
	Kind Kind
	// Value points to a Go value of Kind.Type.
	Value metav1.Object
	// Line finds the line of a JSON path in File. Both are empty for live clusters.
	Line func(path string) int
	File string
}

// Gap is something that exists and could not be read.
type Gap struct {
	Kind      string // as Kind.Name
	Namespace string // the namespace that was asked for; empty for all
	Reason    GapReason
	Message   string // one sentence, no secret
	Read      int    // objects read before it broke off
}

// GapReason says why something could not be read.
type GapReason string

// The reasons for a gap.
const (
	Forbidden   GapReason = "forbidden"
	TimedOut    GapReason = "timed out"
	Interrupted GapReason = "interrupted"
	Failed      GapReason = "failed"
)

// String returns the gap as one phrase.
func (g Gap) String() string {
	where := ""
	if g.Namespace != "" {
		where = " in namespace " + g.Namespace
	}
	return fmt.Sprintf("%s%s: %s: %s", g.Kind, where, g.Reason, g.Message)
}
