package prometheus_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubemuster/kubemuster/internal/report/prometheus"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
)

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	if err := (prometheus.Writer{}).Write(&b, reporttest.Compared()); err != nil {
		t.Fatal(err)
	}
	reporttest.Golden(t, "compared.prom", b.Bytes())
	parser := expfmt.NewTextParser(model.LegacyValidation)
	if _, err := parser.TextToMetricFamilies(&b); err != nil {
		t.Errorf("Prometheus cannot read it: %v", err)
	}
}

// Whoever may write labels may make up any number of owners, and any bytes in a manifest: the figures stay few and readable.
func TestManyOwners(t *testing.T) {
	r := reporttest.Large(5000)
	for i := range r.Clusters[0].Findings {
		r.Clusters[0].Findings[i].Owner = fmt.Sprintf("team-%d\xff", i%1000)
	}
	r.Clusters[0].Findings[0].Owner = "" // leaves team-0 with fewest
	var b bytes.Buffer
	if err := (prometheus.Writer{}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(&b)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	total := 0.0
	for _, m := range families["kubemuster_owner_findings"].Metric {
		for _, l := range m.Label {
			if l.GetName() == "owner" {
				counts[l.GetValue()] += m.Gauge.GetValue()
			}
		}
		total += m.Gauge.GetValue()
	}
	if len(counts) != 102 || total != 5000 || counts[""] != 1 || counts["other"] != 4499 || counts["team-10\uFFFD"] != 5 {
		t.Errorf("%d owners, %v findings: %v", len(counts), total, counts)
	}
}

func TestWriteErrors(t *testing.T) {
	full := errors.New("no space left on device")
	if err := (prometheus.Writer{}).Write(failing{full}, reporttest.Sample()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
