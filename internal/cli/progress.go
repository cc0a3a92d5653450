package cli

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/kubemuster/kubemuster/internal/scan"
)

// progress shows how far a scan is, on standard error: a line for each cluster in flight and one for the fleet on a
// terminal, a line for each cluster that ends where there is none, nothing when it shall be quiet.
type progress struct {
	out      io.Writer
	quiet    bool
	total    int
	started  time.Time
	bars     *mpb.Progress
	fleet    *mpb.Bar
	mu       sync.Mutex
	finished int
	clusters map[int]*clusterBar
}

type clusterBar struct {
	bar     *mpb.Bar
	objects int
	stage   atomic.Value // string; the bar's own goroutine reads it
}

func newProgress(o *scanOptions) *progress {
	p := &progress{
		out: o.ios.Err, quiet: o.quiet || o.noProgress, total: len(o.config.Targets), started: time.Now(), clusters: map[int]*clusterBar{},
	}
	if o.ios.ErrTTY && !p.quiet {
		p.bars = mpb.New(mpb.WithOutput(o.ios.Err), mpb.WithWidth(30))
		p.fleet = p.bars.AddBar(int64(p.total), mpb.BarPriority(1<<20), mpb.PrependDecorators(decor.Name("clusters "), decor.CountersNoUnit("%d/%d")))
	}
	return p
}

// event is a scan.Scanner's Progress.
func (p *progress) event(e scan.Event) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.clusters[e.Index]
	if c == nil {
		c = &clusterBar{}
		c.stage.Store("connecting")
		p.clusters[e.Index] = c
	}
	switch e.Kind {
	case scan.Started:
		if p.bars != nil {
			c.bar = p.bars.New(0, mpb.SpinnerStyle(), mpb.BarRemoveOnComplete(), mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
				return fmt.Sprintf(" %s: %s", e.Target, c.stage.Load())
			})))
		}
	case scan.Connected:
		c.stage.Store("reading")
	case scan.Reading:
		c.objects = max(c.objects, e.Objects)
		c.stage.Store(fmt.Sprintf("%d objects read", c.objects))
	case scan.Finished:
		p.finished++
		if p.bars == nil {
			fmt.Fprintf(p.out, "[%d/%d] %s: %s, %d objects, %.1f s\n", p.finished, p.total, e.Target, e.Status, c.objects, time.Since(p.started).Seconds())
			return
		}
		c.bar.SetTotal(-1, true)
		p.fleet.Increment()
	}
}

func (p *progress) close() {
	if p.bars == nil {
		return
	}
	for _, c := range p.clusters {
		c.bar.Abort(true) // nothing that is left over may keep the reports waiting
	}
	p.fleet.Abort(false)
	p.bars.Wait()
}
