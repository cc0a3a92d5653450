package policy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// DefaultTimeout is how long a check may think about one object; a check of the whole cluster has clusterTimes as long.
	DefaultTimeout = 5 * time.Second
	clusterTimes   = 12
	// patience is how often a check may run out of time in one cluster before it is given up there.
	patience = 3
)

// errTimeout is a query that ran out of its own time, not that of the scan.
type errTimeout struct{ after time.Duration }

func (e errTimeout) Error() string {
	return fmt.Sprintf("it had no result after %s; look for a comprehension that grows without end, or raise limits.check", e.after)
}

// limited runs a query for at most so long.
func limited[T any](ctx context.Context, limit time.Duration, query func(context.Context) (T, error)) (T, error) {
	own, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := query(own)
	if err != nil && ctx.Err() == nil && errors.Is(own.Err(), context.DeadlineExceeded) {
		err = errTimeout{limit}
	}
	return out, err
}

// Timeouts counts how often each check ran out of time in the scan of one cluster. The zero value is ready, and safe for
// concurrent use.
type Timeouts struct {
	mu    sync.Mutex
	times map[string]int // by ID
}

// note counts a failure if it is one of time.
func (t *Timeouts) note(check string, err error) {
	if t == nil || !errors.As(err, new(errTimeout)) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times == nil {
		t.times = map[string]int{}
	}
	t.times[check]++
}

// exhausted tells which checks are given up.
func (t *Timeouts) exhausted() func(check string) bool {
	if t == nil {
		return func(string) bool { return false }
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var out map[string]bool
	for id, n := range t.times {
		if n < patience {
			continue
		}
		if out == nil {
			out = map[string]bool{}
		}
		out[id] = true
	}
	return func(check string) bool { return out[check] }
}
