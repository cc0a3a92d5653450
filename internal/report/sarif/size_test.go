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

// random are letters without any order.
func random() func(int) string {
	r := rand.New(rand.NewPCG(1, 2))
	return func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[r.IntN(36)]
		}
		return string(b)
	}
}

// big is a report of clusters with so many findings each, on objects whose names have so many letters and nothing in common.
func big(clusters, findings, letters int) *report.Report {
	name := random()
	r := reporttest.Sample()
	sample := r.Clusters[0]
	r.Clusters = nil
	for i := range clusters {
		c := sample
		c.Alias, c.ID, c.Findings = fmt.Sprintf("prod-%d", i), fmt.Sprint(i), nil
		for range findings {
			f := sample.Findings[0]
			f.Object.Namespace, f.Object.Name = name(63), name(letters)
			container := name(63)
			f.Sub, f.Message, f.Severity = "containers/"+container, "container "+container+" runs privileged", finding.Critical
			c.Findings = append(c.Findings, f)
		}
		r.Clusters = append(r.Clusters, c)
	}
	return r
}

// Each part is one that GitHub takes, and nothing is lost that it would show.
func TestPartsFitAnUpload(t *testing.T) {
	for _, tt := range []struct {
		name                        string
		clusters, findings, letters int
		kept                        int // of each cluster at least
	}{
		{"with names as long as names may be", 6, sarif.MaxResults, 253, sarif.MaxResults},
		{"with names of RBAC that are longer", 5, 2000, 2000, 2000},
		{"that no file has room for", 2, 1000, 60_000, 60},
		{"with names that are larger than a result may be", 2, 3, 300_000, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := sarif.Writer{Profile: sarif.GitHub}
			clusters := 0
			for i, part := range w.Parts(big(tt.clusters, tt.findings, tt.letters)) {
				if n := upload(t, w, part); n > maxUpload {
					t.Errorf("part %d, of %d clusters, has %d bytes", i, len(part.Clusters), n)
				}
				for _, c := range part.Clusters {
					clusters++
					cut := 0
					for _, note := range c.Notifications {
						if note.ID == "report/cut" {
							fmt.Sscanf(note.Message, "%d findings are left out", &cut)
						}
					}
					if n := len(c.Findings); n < tt.kept || n+cut != tt.findings {
						t.Errorf("%s has %d findings, and says that %d are left out", c.Alias, n, cut)
					}
				}
			}
			if clusters != tt.clusters {
				t.Errorf("the parts have %d clusters", clusters)
			}
		})
	}
}

// One name that is larger than any has to be costs its own finding, and no other.
func TestOneNameTooLong(t *testing.T) {
	r := big(1, 100, 253)
	r.Clusters[0].Findings[50].Object.Name = random()(300_000)
	part := sarif.Writer{Profile: sarif.GitLab}.Parts(r)[0]
	if n := len(part.Clusters[0].Findings); n != 99 {
		t.Errorf("%d findings", n)
	}
}
