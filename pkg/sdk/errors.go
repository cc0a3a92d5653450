package sdk

import (
	"fmt"

	"github.com/kubemuster/kubemuster/internal/pluginpb"
)

// The kinds of failure that a provider tells apart. They cross the process boundary: errors.Is finds them in the host.
var (
	// ErrUnauthenticated: the cloud did not accept the credentials, or there are none.
	ErrUnauthenticated = pluginpb.ErrUnauthenticated
	// ErrPermissionDenied: the cloud knows the identity and refuses it the call.
	ErrPermissionDenied = pluginpb.ErrPermissionDenied
	// ErrTargetNotFound: there is no such cluster, or none that the identity may see.
	ErrTargetNotFound = pluginpb.ErrTargetNotFound
	// ErrInvalidTarget: the target's path or parameters make no sense.
	ErrInvalidTarget = pluginpb.ErrInvalidTarget
	// ErrUnavailable: the cloud did not answer, or asked to come back later.
	ErrUnavailable = pluginpb.ErrUnavailable
	// ErrUnsupported: the cluster is set up in a way that this plugin does not serve.
	ErrUnsupported = pluginpb.ErrUnsupported
)

// Error is a provider's failure: what happened, and what the user can do.
type Error struct {
	Kind    error  // one of the Err… values
	Message string // lower case, one line, no secret
	Hint    string // what to do next, one line; may be empty
}

// Errorf returns an *Error. The hint says what to do next, as in
// "the identity needs eks:DescribeCluster on arn:aws:eks:…".
func Errorf(kind error, hint, format string, args ...any) error {
	return &Error{Kind: kind, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// Error implements error.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "; " + e.Hint
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }
