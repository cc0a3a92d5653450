package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
)

// full takes so many bytes, then is full.
type full struct {
	to   io.Writer
	room int
}

func (f *full) Write(p []byte) (int, error) {
	n, err := f.to.Write(p[:min(len(p), f.room)])
	f.room -= n
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

// onFullDisk writes a report to where there is room for some of it.
type onFullDisk struct {
	report.Writer
	room int
}

func (w onFullDisk) Write(out io.Writer, r *report.Report) error {
	return w.Writer.Write(&full{out, w.room}, r)
}

// Wherever the disk fills up in a report of whichever format, the writer says so, the old report stays whole and nothing is left
// beside it.
func TestFullDisk(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			w := f.writer(&IOStreams{}, true, true)
			var whole bytes.Buffer
			if err := w.Write(&whole, reporttest.Compared()); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "report")
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, room := range []int{0, 1, whole.Len() / 2, whole.Len() - 1} {
				err := output{writer: onFullDisk{w, room}, path: path}.write(reporttest.Compared())
				if !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("with room for %d of %d bytes: %v", room, whole.Len(), err)
				}
				if old, err := os.ReadFile(path); err != nil || string(old) != "old" {
					t.Errorf("with room for %d bytes the old report is %q, %v", room, old, err)
				}
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
				t.Errorf("left behind: %v, %v", files, err)
			}
		})
	}
}
