package sdk

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestErrors(t *testing.T) {
	kinds := []error{ErrUnauthenticated, ErrPermissionDenied, ErrTargetNotFound, ErrInvalidTarget, ErrUnavailable, ErrUnsupported}
	for i, kind := range kinds {
		err := Errorf(kind, "do this", "cluster %s has %d faults", "prod", 2)
		if got := err.Error(); got != "cluster prod has 2 faults; do this" {
			t.Errorf("text %q", got)
		}
		for _, err := range []error{err, fmt.Errorf("reading: %w", err), errors.Join(errors.New("other"), fmt.Errorf("again: %w", fmt.Errorf("reading: %w", err)))} {
			for j, other := range kinds {
				if errors.Is(err, other) != (i == j) {
					t.Errorf("%v is %v: %v", err, other, i != j)
				}
			}
			var e *Error
			if !errors.As(err, &e) || e.Hint != "do this" || e.Message != "cluster prod has 2 faults" || e.Kind != kind {
				t.Errorf("%v holds %+v", err, e)
			}
		}
	}
	if got := Errorf(ErrUnavailable, "", "100%%").Error(); got != "100%" {
		t.Errorf("without a hint: %q", got)
	}
	if err := Errorf(nil, "", "of no kind"); errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled) {
		t.Errorf("%v has a kind", err)
	}
}
