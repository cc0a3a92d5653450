package report_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kubemuster/kubemuster/internal/report"
)

// text writes itself, then fails if it is told to.
type text struct {
	body string
	err  error
}

func (t text) Write(w io.Writer, _ *report.Report) error {
	if _, err := io.WriteString(w, t.body); err != nil {
		return err
	}
	return t.err
}

// expect says what the folder holds: one file with this body and mode, and nothing temporary.
func expect(t *testing.T, path, body string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != body {
		t.Errorf("got %q, %v; want %q", got, err, body)
	}
	if info, err := os.Stat(path); err == nil && info.Mode() != mode {
		t.Errorf("mode %v, want %v", info.Mode(), mode)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".kubemuster-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.sarif")
	if err := report.WriteFile(path, text{body: "first, and longer"}, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, path, "first, and longer", 0o600)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteFile(path, text{body: "second"}, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, path, "second", 0o640)
}

// TestWriteFileFails: the old report stays whole, whatever was written of the new one.
func TestWriteFileFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.sarif")
	full := &os.PathError{Op: "write", Path: "/a/temporary/name", Err: syscall.ENOSPC}
	for _, old := range []bool{false, true} {
		if old {
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := report.WriteFile(path, text{strings.Repeat("half ", 1<<16), full}, nil)
		if !errors.Is(err, syscall.ENOSPC) || err.Error() != "write "+path+": no space left on device" {
			t.Errorf("got %v", err)
		}
		if old {
			expect(t, path, "old", 0o600)
		} else if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a part of the report is there: %v", err)
		}
	}
}

// TestWriteFilePanics: not even then is a temporary file left.
func TestWriteFilePanics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.sarif")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
		expect(t, path, "old", 0o600)
	}()
	_ = report.WriteFile(path, nil, nil)
}

func TestWriteFileThroughLink(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	target, link := filepath.Join(elsewhere, "real"), filepath.Join(folder, "link")
	if err := os.WriteFile(target, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteFile(link, text{body: "new"}, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, target, "new", 0o644)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
}

// A link to what is not there yet is followed as well, and leads to the same place as the path itself.
func TestWriteFileThroughLinkToNothing(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "real"), filepath.Join(folder, "link")
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	direct, err := report.CheckWritable(target)
	linked, linkedErr := report.CheckWritable(link)
	if err != nil || linkedErr != nil || direct != linked {
		t.Errorf("the places are %s, %v and %s, %v", direct, err, linked, linkedErr)
	}
	if err := report.WriteFile(link, text{body: "new"}, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, target, "new", 0o600)
}

// TestWriteFileToDevice: a rename would replace the device itself.
func TestWriteFileToDevice(t *testing.T) {
	if err := report.WriteFile(os.DevNull, text{body: "gone"}, nil); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("%s was replaced by a file: %v", os.DevNull, err)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := report.WriteFile("/dev/full", text{body: "gone"}, nil); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("a full device: %v", err)
		}
	}
}

// TestCheckWritable: what WriteFile would meet is told beforehand, in the same words, and nothing is left.
func TestCheckWritable(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(folder, "locked")
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ path, want string }{
		"new file":       {filepath.Join(folder, "new"), ""},
		"long name":      {filepath.Join(folder, strings.Repeat("n", 250)), ""},
		"old file":       {file, ""},
		"device":         {os.DevNull, ""},
		"empty":          {"", "the report's path is empty"},
		"missing folder": {filepath.Join(folder, "no", "r.sarif"), "folder " + filepath.Join(folder, "no") + " does not exist; create it first"},
		"is a folder":    {folder, "it is a folder; name a file in it"},
		"file as folder": {filepath.Join(file, "r.sarif"), "not a directory"},
		"locked folder":  {filepath.Join(locked, "r.sarif"), "permission denied; choose a folder that you may write to"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "locked folder" && os.Geteuid() == 0 {
				t.Skip("root may write everywhere")
			}
			_, err := report.CheckWritable(test.path)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if again := report.WriteFile(test.path, text{body: "new"}, nil); again == nil || again.Error() != err.Error() {
				t.Errorf("WriteFile says %v, CheckWritable %v", again, err)
			}
		})
	}
	expect(t, file, "old", 0o600)
	if _, err := os.Stat(filepath.Join(folder, "new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the check created the report: %v", err)
	}
}
