package cli

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much of the heap may be new before garbage is collected, in percent of what lives; docs/adr/0006-speed.md.
const (
	usual     = 75  // less memory than Go's 100, for little time
	compiling = 400 // a heap that is small still would be collected all the time
	least     = 15  // of a large heap, each collection of which takes long
)

// enough is how many bytes may be new where a percentage would allow more: of a fleet's heap that is most of it.
const enough = 36 << 20

// collectGarbage says how much of the heap may be new, in percent, unless GOGC does.
func collectGarbage(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// paceGarbage has garbage collected the more often the more of the heap lives, until ctx ends.
func paceGarbage(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for now := 0; ; {
		metrics.Read(live)
		if percent := share(live[0].Value.Uint64()); percent != now { // setting it stops the world for a moment
			now = percent
			collectGarbage(now)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// share is how much may be new where so many bytes live, in steps of 5 percent.
func share(live uint64) int {
	percent := int(enough * 100 / max(live, 1))
	return min(usual, max(least, percent/5*5))
}
