package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// DefaultTimeout is how long a check may think about one object; a check of the whole cluster has clusterTimes as long.
	DefaultTimeout = 5 * time.Second
	clusterTimes   = 12
	// DefaultMemory is how many bytes a check may take.
	DefaultMemory = 1 << 30
	// patience is how often a check may run out of time or memory in one cluster before it is given up there.
	patience = 3
)

// errTimeout is a query that ran out of its own time, not that of the scan.
type errTimeout struct{ after time.Duration }

func (e errTimeout) Error() string {
	return fmt.Sprintf("it had no result after %s; look for a comprehension that grows without end, or raise limits.check", e.after)
}

// errMemory is a query that took more memory than it may.
type errMemory struct{ bytes uint64 }

func (e errMemory) Error() string {
	return fmt.Sprintf("it took more than %d MiB of memory; look for a comprehension that grows without end", e.bytes>>20)
}

// limits are what one query may take.
type limits struct {
	time   time.Duration
	memory uint64 // bytes
}

func (c *Catalog) limit() limits {
	return limits{cmp.Or(c.take.time, DefaultTimeout), cmp.Or(c.take.memory, DefaultMemory)}
}

// ofCluster are the limits of a check of the whole cluster.
func (l limits) ofCluster() limits { return limits{clusterTimes * l.time, l.memory} }

// slow is how long a query runs before its memory is looked at: nearly all end long before.
const slow = 250 * time.Millisecond

// limited runs a query within its limits.
func limited[T any](ctx context.Context, l limits, query func(context.Context) (T, error)) (T, error) {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(min(slow, l.time), func() { l.watch(own, cancel, l.time-min(slow, l.time)) })
	defer watch.Stop()
	out, err := query(own)
	if err != nil && ctx.Err() == nil && own.Err() != nil {
		err = context.Cause(own)
	}
	return out, err
}

// watch ends a query that is slow, once its time is over or the heap has grown by more than it may take. What else runs
// meanwhile makes it grow, too, but far less.
func (l limits) watch(ctx context.Context, end context.CancelCauseFunc, left time.Duration) {
	over := time.After(left)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for before := heap(); ; {
		select {
		case <-ctx.Done():
			return
		case <-over:
			end(errTimeout{l.time})
			return
		case <-tick.C:
			if now := heap(); now > before+l.memory {
				end(errMemory{l.memory})
				return
			}
		}
	}
}

// heap is how many bytes of it are taken.
func heap() uint64 {
	taken := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(taken)
	return taken[0].Value.Uint64()
}

// Timeouts counts how often each check ran out of time in the scan of one cluster. The zero value is ready, and safe for
// concurrent use.
type Timeouts struct {
	mu    sync.Mutex
	times map[string]int // by ID
}

// note counts a failure if it is one of time or memory.
func (t *Timeouts) note(check string, err error) {
	if t == nil || !errors.As(err, new(errTimeout)) && !errors.As(err, new(errMemory)) {
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
