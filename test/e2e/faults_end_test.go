package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/test/e2e/fault"
)

const oldReport = "the report of the day before"

// A scan that is told to end reports what it has finished, and one that is killed leaves the old report as it was. Neither
// leaves a process, half a report, or a temporary file.
func TestFaultsThatEndTheScan(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		code   int // -1: it did not exit by itself
	}{
		"SIGINT":  {syscall.SIGINT, exitInterrupted},
		"SIGTERM": {syscall.SIGTERM, exitInterrupted},
		"SIGKILL": {syscall.SIGKILL, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := make(chan struct{})
			var once sync.Once
			stuck := broken(t, func(r *fault.Request) bool {
				if r.Resource != "pods" {
					return false
				}
				once.Do(func() { close(reached) })
				return r.Stall()
			})
			box, folder := newSandbox(t), t.TempDir()
			report := filepath.Join(folder, "report.sarif")
			if err := os.WriteFile(report, []byte(oldReport), 0o600); err != nil {
				t.Fatal(err)
			}
			// One after the other: the first is finished when the second is stuck.
			cmd := command(t, box.env(), scanArgs("--concurrency", "1", "-o", "sarif="+report,
				rogueAt("behaves", world.prod.URL()), rogueAt("behaves", stuck), rogueAt("behaves", world.prod.URL()))...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-reached:
			case <-time.After(2 * time.Minute):
				_ = cmd.Process.Kill()
				t.Fatalf("the scan has not reached the API server:\n%s", finish(t, cmd).tail())
			}
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			o := finish(t, cmd)
			if o.code != c.code {
				t.Errorf("the exit code is %d, not %d\n%s", o.code, c.code, o.tail())
			}
			eventually(t, "the end of the scan's plugins, and of their sockets", func() bool { return len(box.processes(t)) == 0 && len(box.files(t)) == 0 })
			checkFolder(t, folder, "report.sarif")
			if c.code < 0 {
				checkFile(t, report, oldReport)
				return
			}
			if !strings.Contains(o.stderr, "interrupted; the reports hold what was finished") {
				t.Errorf("standard error does not say that it was interrupted:\n%s", o.tail())
			}
			s := scannedTo(t, report, o)
			if len(s.runs) != 3 {
				t.Fatalf("the report has %d runs", len(s.runs))
			}
			if first := s.runs[0]; first.Properties.Status != "complete" || first.Invocations[0].ExitCode != exitInterrupted {
				t.Errorf("the first is %q, exit code %d", first.Properties.Status, first.Invocations[0].ExitCode)
			}
			checkHolds(t, s.runs[0].findings(t), prodFindings)
			s.runs[1].checkGap(t, "interrupted", "Pod", "the scan was interrupted")
			if third := s.runs[2]; third.Properties.Status != "not scanned" {
				t.Errorf("what was not begun is %q", third.Properties.Status)
			}
		})
	}
}

// A disk that is full costs the report, with one sentence and exit code 1; the old report stays as it was.
func TestFaultsOfTheDisk(t *testing.T) {
	t.Run("a file", func(t *testing.T) {
		t.Parallel()
		folder, box := t.TempDir(), newSandbox(t)
		report, other := filepath.Join(folder, "report.sarif"), filepath.Join(folder, "report.txt")
		for _, path := range []string{report, other} {
			if err := os.WriteFile(path, []byte(oldReport), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := command(t, box.env(), scanArgs("-o", "sarif="+report, "-o", "table="+other, rogueAt("behaves", world.prod.URL()))...)
		limitFiles(t, cmd, 8<<10) // the SARIF report is larger, the table is not
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		checkUnwritten(t, finish(t, cmd), "write "+report+": file too large")
		checkFile(t, report, oldReport)
		if data, err := os.ReadFile(other); err != nil || !strings.Contains(string(data), "KM1005") {
			t.Errorf("the other report was not written: %v", err)
		}
		checkFolder(t, folder, "report.sarif", "report.txt")
		box.checkEmpty(t)
	})
	t.Run("a snapshot", func(t *testing.T) {
		t.Parallel()
		folder, box := t.TempDir(), newSandbox(t)
		path := filepath.Join(folder, "prod.snapshot")
		if err := os.WriteFile(path, []byte(oldReport), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := command(t, box.env(), "collect", "--plugin-dir", world.rogues, "-o", path, rogueAt("behaves", world.prod.URL()))
		limitFiles(t, cmd, 1<<10)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		checkUnwritten(t, finish(t, cmd), path+": file too large")
		checkFile(t, path, oldReport)
		checkFolder(t, folder, "prod.snapshot")
		box.checkEmpty(t)
	})
	for _, c := range []struct{ name, flag, says string }{
		{"a device", "sarif=/dev/full", "write /dev/full: no space left on device"},
		{"standard output", "table", "no space left on device"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Skip("this system has no /dev/full")
			}
			defer full.Close()
			box := newSandbox(t)
			cmd := command(t, box.env(), scanArgs("-o", c.flag, rogueAt("behaves", world.prod.URL()))...)
			silent := cmd.Stdout
			cmd.Stdout = full
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			cmd.Stdout = silent // what finish looks at
			checkUnwritten(t, finish(t, cmd), c.says)
			box.checkEmpty(t)
		})
	}
}

func checkUnwritten(t *testing.T, o outcome, says string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
	if last := lines[len(lines)-1]; o.code != exitError || !strings.HasPrefix(last, "kubemuster: ") || !strings.Contains(last, says) {
		t.Errorf("the exit code is %d, not %d, and the last line is %q, without %q", o.code, exitError, last, says)
	}
}

// limitFiles has the command write no file beyond so many bytes.
func limitFiles(t *testing.T, cmd *exec.Cmd, bytes int) {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append([]string{sh, "-c", "ulimit -f " + strconv.Itoa(bytes/512) + ` && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = sh
}

func checkFile(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %d bytes (%v), and not what it held", path, len(got), err)
	}
}

// checkFolder checks that a folder holds these files and no others.
func checkFolder(t *testing.T, folder string, want ...string) {
	t.Helper()
	if got := sandbox(folder).files(t); !slices.Equal(got, want) {
		t.Errorf("%s holds %v, not %v", folder, got, want)
	}
}
