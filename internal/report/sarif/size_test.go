package sarif_test

import (
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
)

// maxUpload is what GitHub takes of a file, compressed with gzip.
// https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
const maxUpload = 10_000_000

type byteCount int

func (n *byteCount) Write(p []byte) (int, error) {
	*n += byteCount(len(p))
	return len(p), nil
}

// upload is the size at which GitHub gets the file.
func upload(t *testing.T, w sarif.Writer, r *report.Report) int {
	t.Helper()
	var n byteCount
	z := gzip.NewWriter(&n)
	if err := w.Write(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// big is a report of clusters with so many findings each, on objects whose names are as long as names may be and have nothing
// in common.
func big(clusters, findings int) *report.Report {
	random := rand.New(rand.NewPCG(1, 2))
	name := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[random.IntN(36)]
		}
		return string(b)
	}
	r := reporttest.Sample()
	sample := r.Clusters[0]
	r.Clusters = nil
	for i := range clusters {
		c := sample
		c.Alias, c.ID, c.Findings = fmt.Sprintf("prod-%d", i), fmt.Sprint(i), nil
		for range findings {
			f := sample.Findings[0]
			f.Object.Namespace, f.Object.Name = name(63), name(253)
			container := name(63)
			f.Sub, f.Message, f.Severity = "containers/"+container, "container "+container+" runs privileged", finding.Critical
			c.Findings = append(c.Findings, f)
		}
		r.Clusters = append(r.Clusters, c)
	}
	return r
}

// Each part is one that GitHub takes, and no cluster is lost.
func TestPartsFitAnUpload(t *testing.T) {
	w := sarif.Writer{Profile: sarif.GitHub}
	r := big(1, sarif.MaxResults)
	one := r.Clusters[0]
	for len(r.Clusters) < 20 {
		r.Clusters = append(r.Clusters, one)
	}
	size, head := upload(t, w, big(1, sarif.MaxResults)), upload(t, w, big(1, 0))
	clusters := 0
	for _, part := range w.Parts(r) {
		clusters += len(part.Clusters)
		if n := len(part.Clusters) * size; n > maxUpload {
			t.Errorf("a part of %d clusters has %d bytes (%d a result)", len(part.Clusters), n, (size-head)/sarif.MaxResults)
		}
	}
	if clusters != 20 {
		t.Errorf("the parts have %d clusters", clusters)
	}
}
