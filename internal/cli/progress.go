package cli

import (
	"fmt"
	"io"
	"sync"
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
	clusters map[string]*clusterBar
}

type clusterBar struct {
	bar     *mpb.Bar
	objects int
	stage   string
}

func newProgress(o *scanOptions) *progress {
	p := &progress{
		out: o.ios.Err, quiet: o.quiet || o.noProgress, total: len(o.config.Targets), started: time.Now(), clusters: map[string]*clusterBar{},
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
	c := p.clusters[e.Target]
	if c == nil {
		c = &clusterBar{}
		p.clusters[e.Target] = c
	}
	switch e.Kind {
	case scan.Started:
		c.stage = "connecting"
		if p.bars != nil {
			c.bar = p.bars.New(0, mpb.SpinnerStyle(), mpb.BarRemoveOnComplete(), mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
				p.mu.Lock()
				defer p.mu.Unlock()
				return fmt.Sprintf(" %s: %s", e.Target, c.stage)
			})))
		}
	case scan.Connected:
		c.stage = "reading"
	case scan.Reading:
		c.objects = max(c.objects, e.Objects)
		c.stage = fmt.Sprintf("%d objects read", c.objects)
	case scan.Finished:
		p.finished++
		if p.bars == nil {
			fmt.Fprintf(p.out, "[%d/%d] %s: %s, %d objects, %.1f s\n", p.finished, p.total, e.Target, e.Status, c.objects, time.Since(p.started).Seconds())
			return
		}
		if bar := c.bar; bar != nil {
			go bar.SetTotal(-1, true) // the bar's goroutine may be waiting for our lock
		}
		go p.fleet.Increment()
	}
}

func (p *progress) close() {
	if p.bars == nil {
		return
	}
	p.fleet.SetTotal(int64(p.total), false)
	p.fleet.SetCurrent(int64(p.total))
	p.bars.Wait()
}
