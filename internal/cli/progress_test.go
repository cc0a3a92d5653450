package cli

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vbauerster/mpb/v8"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/scan"
)

func fleet(n int, out *bytes.Buffer) *scanOptions {
	return &scanOptions{ios: &IOStreams{Err: out}, config: &config.Config{Targets: make([]config.Target, n)}}
}

func event(i int, kind scan.EventKind, objects int) scan.Event {
	return scan.Event{Index: i, Target: fmt.Sprintf("eks://us-east-1/%s-%d", strings.Repeat("long-", 20), i), Kind: kind, Objects: objects, Kinds: objects / 100, Checks: 38, Status: report.Complete}
}

// However many clusters are in flight, they take a few lines of the terminal, none of which is wider than it, and each frame
// takes the place of the one before.
func TestProgressOfFleet(t *testing.T) {
	const clusters = 40
	var out bytes.Buffer
	o := fleet(clusters, &out)
	o.ios.ErrTTY = true
	refresh := make(chan any)
	p := newProgress(o, mpb.WithManualRefresh(refresh), mpb.WithWidth(80))
	frame := func() { refresh <- time.Time{} }
	for i := range 30 {
		p.event(event(i, scan.Started, 0))
	}
	frame()
	for i := range 20 {
		p.event(event(i, scan.Connected, 0))
		p.event(event(i, scan.Reading, 100*i))
		if i == 19 {
			p.event(event(i, scan.Judging, 100*i))
		}
		frame()
		p.event(event(i, scan.Finished, 0))
	}
	frame()
	p.close()

	up := regexp.MustCompile(`\x1b\[(\d+)A\x1b\[J`)
	frames := up.Split(out.String(), -1)
	if len(frames) < 10 {
		t.Fatalf("%d frames", len(frames))
	}
	counted := false
	for i, m := range up.FindAllStringSubmatch(out.String(), -1) {
		if n, err := strconv.Atoi(m[1]); err != nil || n != strings.Count(frames[i], "\n") || n > maxBars+1 {
			t.Fatalf("a frame of %d lines is taken back by %d:\n%s", strings.Count(frames[i], "\n"), n, frames[i])
		}
		counted = counted || strings.Contains(frames[i], "and 24 more in flight")
		for line := range strings.Lines(frames[i]) {
			if n := len([]rune(strings.TrimRight(line, "\r\n"))); n > 80 {
				t.Errorf("a line of %d: %q", n, line)
			}
		}
	}
	if !counted {
		t.Errorf("the clusters that have no bar are not counted:\n%s", frames[0])
	}
	for _, want := range []string{" 1800 objects of 18 kinds read ", " 1900 objects, 38 checks judge all "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("how far a cluster is, is cut off: there is no %q in\n%s", want, frames[len(frames)-1])
		}
	}
	if last := frames[len(frames)-1]; !strings.Contains(last, "clusters 20/40") {
		t.Errorf("the last frame:\n%s", last)
	}
}

// Where there is no terminal, a cluster that takes long has a line now and then, and each has one when it ends.
func TestProgressWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(fleet(2, &out))
	clock := p.started
	p.now = func() time.Time { return clock }
	for i := range 2 {
		e := event(i, scan.Started, 0)
		e.Target = fmt.Sprintf("eks://us-east-1/c%d", i)
		p.event(e)
	}
	for i := range 65 {
		clock = clock.Add(time.Second)
		p.event(event(0, scan.Reading, 10*i))
	}
	p.event(event(1, scan.Finished, 0))
	p.event(event(0, scan.Finished, 0))
	p.close()
	want := "[0/2] eks://us-east-1/c0: 290 objects of 2 kinds read, 30 s\n" +
		"[0/2] eks://us-east-1/c0: 590 objects of 5 kinds read, 60 s\n" +
		"[1/2] eks://us-east-1/c1: complete, 0 objects, 65.0 s\n" +
		"[2/2] eks://us-east-1/c0: complete, 640 objects, 65.0 s\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestQuietProgress(t *testing.T) {
	for _, quiet := range []func(*scanOptions){func(o *scanOptions) { o.quiet = true }, func(o *scanOptions) { o.noProgress = true }} {
		for _, tty := range []bool{true, false} {
			var out bytes.Buffer
			o := fleet(1, &out)
			o.ios.ErrTTY = tty
			quiet(o)
			p := newProgress(o, mpb.WithAutoRefresh())
			for _, kind := range []scan.EventKind{scan.Started, scan.Connected, scan.Reading, scan.Finished} {
				p.event(event(0, kind, 1))
			}
			p.close()
			if out.Len() > 0 {
				t.Errorf("it says %q", out.String())
			}
		}
	}
}
