package junit_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"testing"

	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/junit"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
)

func write(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (junit.Writer{}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "compared.junit.xml", write(t, reporttest.Compared()))
}

// What objects say of themselves cannot break the document.
func TestHostileText(t *testing.T) {
	r := reporttest.Sample()
	r.Clusters[0].Findings[0].Message = "]]></failure><evil/>\x00\x1b\ufffe & \xff"
	var doc struct {
		Suites []struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
				Evil    []int  `xml:"evil"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(write(t, r), &doc); err != nil {
		t.Fatal(err)
	}
	for _, c := range doc.Suites[0].Cases {
		if c.Evil != nil {
			t.Errorf("%s: text became an element", c.Name)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	full := errors.New("no space left on device")
	if err := (junit.Writer{}).Write(failing{full}, reporttest.Sample()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
