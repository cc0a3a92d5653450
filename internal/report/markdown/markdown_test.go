package markdown_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/markdown"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
)

func write(t *testing.T, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := (markdown.Writer{}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "compared.md", []byte(write(t, reporttest.Compared())))
}

// A comment has a length, and each element that is opened is closed.
func TestBounded(t *testing.T) {
	r := reporttest.Compared()
	for range 100 {
		r.Clusters = append(r.Clusters, reporttest.Sample().Clusters...)
	}
	for i := range r.Clusters {
		for j := range r.Clusters[i].Findings {
			r.Clusters[i].Findings[j].Message = strings.Repeat("long ", 2000)
		}
	}
	got := write(t, r)
	if len(got) > markdown.MaxLength {
		t.Errorf("%d bytes", len(got))
	}
	if !strings.Contains(got, "lines left out; the other formats have all") {
		t.Error("nothing says that something was left out")
	}
	if opened, closed := strings.Count(got, "<details>"), strings.Count(got, "</details>"); opened != closed {
		t.Errorf("%d elements opened, %d closed", opened, closed)
	}
}

func TestHostileText(t *testing.T) {
	r := reporttest.Sample()
	r.Clusters[0].Findings[0].Message = "x</details><img src=x>\n# heading | [a](https://evil.example) @octocat `code` www.evil.example \x1b[2J\u202e ##vso[task.complete] $\\alpha$"
	got := write(t, r)
	for _, bad := range []string{"<img", "\n# heading", "[a](", "https://evil", "@octocat", "`code`", "www.evil", "\x1b", "\u202e", `\#\#`, " $"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q came through", bad)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	full := errors.New("no space left on device")
	if err := (markdown.Writer{}).Write(failing{full}, reporttest.Sample()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
