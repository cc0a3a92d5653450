package pluginpb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
)

func TestKindsSurviveTheWire(t *testing.T) {
	for _, kind := range []error{ErrUnauthenticated, ErrPermissionDenied, ErrTargetNotFound, ErrInvalidTarget, ErrUnavailable, ErrUnsupported} {
		if got := Kind(Code(fmt.Errorf("wrapped: %w", kind))); got != kind {
			t.Errorf("%v arrives as %v", kind, got)
		}
	}
	// The host's own deadline is the host's to know of.
	for _, err := range []error{context.DeadlineExceeded, context.Canceled} {
		if got := Kind(Code(err)); got != ErrUnavailable {
			t.Errorf("%v arrives as %v", err, got)
		}
	}
	if got := Code(errors.New("other")); got != codes.Unknown {
		t.Errorf("an error of no kind has code %v", got)
	}
	for code, want := range map[codes.Code]error{
		codes.Unknown: nil, codes.Internal: nil, codes.ResourceExhausted: nil,
		codes.DeadlineExceeded: ErrUnavailable, codes.Canceled: ErrUnavailable, codes.Unimplemented: ErrUnsupported,
	} {
		if got := Kind(code); got != want {
			t.Errorf("%v stands for %v, want %v", code, got, want)
		}
	}
}
