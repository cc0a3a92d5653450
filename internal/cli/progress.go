package cli

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/scan"
)

const (
	maxBars = 6                // more clusters in flight than that are counted: a fleet must not fill the screen
	tellAll = 30 * time.Second // between two lines about one cluster, where there is no terminal
)

// progress shows how far a scan is, on standard error. On a terminal there is a line for each of some clusters in flight and
// one for the fleet; where there is none, a line now and then and one for each cluster that ends; nothing when it shall be
// quiet.
type progress struct {
	out      io.Writer
	quiet    bool
	total    int
	now      func() time.Time
	started  time.Time
	bars     *mpb.Progress
	fleet    *mpb.Bar
	mu       sync.Mutex
	finished int
	inFlight []*clusterProgress // in the order in which they started
	waiting  atomic.Int64       // clusters in flight that have no bar
}

type clusterProgress struct {
	index   int
	target  string
	bar     *mpb.Bar // nil: none yet
	objects int
	kinds   int
	told    time.Time
	stage   atomic.Value // string; the bar's own goroutine reads it
}

func newProgress(o *scanOptions, options ...mpb.ContainerOption) *progress {
	p := &progress{out: o.ios.Err, quiet: o.quiet || o.noProgress, total: len(o.config.Targets), now: time.Now}
	p.started = p.now()
	if o.ios.ErrTTY && !p.quiet {
		p.bars = mpb.New(append([]mpb.ContainerOption{mpb.WithOutput(o.ios.Err), mpb.WithWidth(30)}, options...)...)
		p.fleet = p.bars.AddBar(int64(p.total), mpb.BarPriority(1<<20), mpb.PrependDecorators(decor.Name("clusters "), decor.CountersNoUnit("%d/%d")),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
				if n := p.waiting.Load(); n > 0 {
					return fmt.Sprintf(" and %d more in flight", n)
				}
				return ""
			})))
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
	if e.Kind == scan.Started {
		c := &clusterProgress{index: e.Index, target: clean.Line(e.Target), told: p.now()}
		c.stage.Store("connecting")
		p.inFlight = append(p.inFlight, c)
		p.show(nil)
		return
	}
	at := slices.IndexFunc(p.inFlight, func(c *clusterProgress) bool { return c.index == e.Index })
	if at < 0 {
		return
	}
	switch c := p.inFlight[at]; e.Kind {
	case scan.Connected:
		c.stage.Store("reading")
	case scan.Reading:
		c.objects, c.kinds = max(c.objects, e.Objects), max(c.kinds, e.Kinds) // pages come from several goroutines
		c.stage.Store(fmt.Sprintf("%d objects of %d kinds read", c.objects, c.kinds))
		if now := p.now(); p.bars == nil && now.Sub(c.told) >= tellAll {
			c.told = now
			fmt.Fprintf(p.out, "[%d/%d] %s: %d objects of %d kinds read, %.0f s\n", p.finished, p.total, c.target, c.objects, c.kinds, now.Sub(p.started).Seconds())
		}
	case scan.Judging:
		c.stage.Store(fmt.Sprintf("%d objects, %d checks judge all", e.Objects, e.Checks))
	case scan.Finished:
		p.finished++
		p.inFlight = slices.Delete(p.inFlight, at, at+1)
		if p.bars == nil {
			fmt.Fprintf(p.out, "[%d/%d] %s: %s, %d objects, %.1f s\n", p.finished, p.total, c.target, e.Status, c.objects, p.now().Sub(p.started).Seconds())
			return
		}
		p.show(c.bar)
		if c.bar != nil {
			c.bar.SetTotal(-1, true)
		}
		p.fleet.Increment()
	}
}

// show gives bars to the clusters that have been in flight longest; one that takes the place of another's waits for that.
func (p *progress) show(after *mpb.Bar) {
	if p.bars == nil {
		return
	}
	for i, c := range p.inFlight {
		if c.bar != nil || i >= maxBars {
			continue
		}
		c.bar = p.bars.New(0, mpb.SpinnerStyle(), mpb.BarWidth(1), mpb.BarRemoveOnComplete(),
			mpb.BarOptional(mpb.BarQueueAfter(after), after != nil),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return fmt.Sprintf(" %-30s %s", c.stage.Load(), c.target) })))
	}
	p.waiting.Store(int64(max(0, len(p.inFlight)-maxBars)))
}

func (p *progress) close() {
	if p.bars == nil {
		return
	}
	for _, c := range p.inFlight {
		if c.bar != nil {
			c.bar.Abort(true) // nothing that is left over may keep the reports waiting
		}
	}
	p.fleet.Abort(false)
	p.bars.Wait()
}
