package report_test

import (
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/html"
	"github.com/kubemuster/kubemuster/internal/report/jsonreport"
	"github.com/kubemuster/kubemuster/internal/report/junit"
	"github.com/kubemuster/kubemuster/internal/report/markdown"
	"github.com/kubemuster/kubemuster/internal/report/prometheus"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
	"github.com/kubemuster/kubemuster/internal/report/table"
)

var writers = []struct {
	name   string
	writer report.Writer
}{
	{"sarif", sarif.Writer{}},
	{"sarif-passes", sarif.Writer{Passes: true}},
	{"sarif-github", inParts{sarif.Writer{Profile: sarif.GitHub}}},
	{"sarif-gitlab", inParts{sarif.Writer{Profile: sarif.GitLab}}},
	{"json", jsonreport.Writer{}},
	{"html", html.Writer{}},
	{"junit", junit.Writer{}},
	{"markdown", markdown.Writer{}},
	{"prometheus", prometheus.Writer{}},
	{"table", table.Writer{}},
}

// inParts writes a service's files, one after the other.
type inParts struct{ sarif.Writer }

func (w inParts) Write(out io.Writer, r *report.Report) error {
	for _, part := range w.Parts(r) {
		if err := w.Writer.Write(out, part); err != nil {
			return err
		}
	}
	return nil
}

// bound is what a writer may take above a report of 100,000 findings, in bytes.
const bound = 64 << 20

// A writer takes little memory beside the report, however many findings there are: a tenth of the bound for a tenth of them.
func TestMemory(t *testing.T) {
	r := reporttest.Large(10_000)
	for _, w := range writers {
		peak := measure(t, w.writer, r)
		t.Logf("%s: %.1f MiB", w.name, mib(peak))
		if peak > bound/10 {
			t.Errorf("%s takes %.1f MiB above the report for 10,000 findings; the bound is %.1f MiB", w.name, mib(peak), mib(bound/10))
		}
	}
}

// BenchmarkWrite prints what each writer takes for 100,000 findings: time, memory above the report, and the report itself.
func BenchmarkWrite(b *testing.B) {
	empty := live()
	r := reporttest.Large(100_000)
	size := live() - empty
	for _, w := range writers {
		b.Run(w.name, func(b *testing.B) {
			for b.Loop() {
				if err := w.writer.Write(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(mib(measure(b, w.writer, r)), "peak-MiB")
			b.ReportMetric(mib(size), "report-MiB")
		})
	}
}

func mib(n uint64) float64 { return float64(n) / (1 << 20) }

// measure returns the most memory above the report that was in use while it was written. Garbage hardly counts: it is
// collected before it is a tenth of what is in use.
func measure(t testing.TB, w report.Writer, r *report.Report) uint64 {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	before := live()
	stop, peaks := make(chan struct{}), make(chan uint64)
	go func() {
		for peak := before; ; peak = max(peak, heap()) {
			select {
			case <-stop:
				peaks <- peak - before
				return
			default:
				runtime.Gosched()
			}
		}
	}()
	err := w.Write(io.Discard, r)
	close(stop)
	peak := <-peaks
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(r)
	return peak
}

// live is what is in use once nothing is pooled any more.
func live() uint64 {
	runtime.GC()
	runtime.GC() // what is in a sync.Pool survives one collection
	return heap()
}

// heap is what is in use, in bytes, with the garbage that is not collected yet.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
