package prometheus_test

import (
	"bytes"
	"errors"
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

func TestWriteErrors(t *testing.T) {
	full := errors.New("no space left on device")
	if err := (prometheus.Writer{}).Write(failing{full}, reporttest.Sample()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
