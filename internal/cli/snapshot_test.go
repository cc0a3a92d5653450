package cli_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A snapshot is looked at before the first target is scanned, for no longer than it may be scanned: what is wrong at the end
// of a file for which that is too short is not found, and the scan says that time ran out.
func TestSnapshotCheckEndsWithTimeout(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "prod.snapshot"), `{"format":"kubemuster-snapshot","version":1}`+"\nnothing\n")
	for timeout, want := range map[string]struct {
		code int
		text string
	}{"1m": {2, "prod.snapshot:2:"}, "1ns": {3, "the target's time ran out"}} {
		out, err := exec.CommandContext(t.Context(), "kubemuster", "scan", "snapshot://"+file, "--timeout", timeout).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != want.code || !strings.Contains(string(out), want.text) {
			t.Errorf("--timeout %s: %v, want %d: %s", timeout, err, want.code, out)
		}
	}
}
