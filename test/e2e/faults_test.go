package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/test/e2e/fault"
	"github.com/kubemuster/kubemuster/test/e2e/memory"
)

// The tests of faults_*_test.go scan the prod cluster while something is broken: what stands before its API server, a
// plugin, the disk, or the scan itself. docs/faults.md tells what each comes to, and names the test.

// broken starts a proxy with a fault before the prod cluster and returns its URL.
func broken(t *testing.T, f fault.Fault) string {
	t.Helper()
	return breaking(t, f, false).URL()
}

func breaking(t *testing.T, f fault.Fault, old bool) *fault.Proxy {
	t.Helper()
	p := fault.New(world.ca, world.prod.URL(), f, old)
	t.Cleanup(p.Close)
	return p
}

// rogueAt is the target of a plugin's behaviour that leads to this API server.
func rogueAt(behaviour, server string) string {
	return fmt.Sprintf("rogue://%s?server=%s&token=env:E2E_ROGUE_TOKEN&caFile=%s", behaviour, server, world.caFile)
}

// faultChecks are the checks of what must be found in the prod cluster, and no others: faults are about reading.
var faultChecks = []string{"--check", "KM1005", "--check", "KM2001", "--check", "KM5001", "--check", "KM6001"}

// scanArgs are those of a scan with the rogue plugin and these checks.
func scanArgs(args ...string) []string {
	return slices.Concat([]string{"scan", "--plugin-dir", world.rogues}, faultChecks, args)
}

// sandbox is a folder for temporary files that one scan has to itself. Its name marks the scan's processes.
type sandbox string

// newSandbox makes a sandbox. Its path is short: sockets are made in it.
func newSandbox(t *testing.T) sandbox {
	t.Helper()
	dir, err := os.MkdirTemp("", "km-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return sandbox(dir)
}

func (s sandbox) env() []string { return append([]string{"TMPDIR=" + string(s)}, rogueEnv...) }

// checkEmpty checks that neither a process nor a temporary file of the scan is left.
func (s sandbox) checkEmpty(t *testing.T) {
	t.Helper()
	eventually(t, "the end of the scan's plugins", func() bool { return len(s.processes(t)) == 0 })
	if left := s.files(t); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

// processes are those that the scan has started, and the scan's own.
func (s sandbox) processes(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-E", "-ww", "-o", "pid=,command=").Output()
	if _, missing := os.Stat("/proc/self/environ"); missing == nil {
		out, err = nil, nil
		environments, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, e := range environments {
			if text, err := os.ReadFile(e); err == nil { // else it has ended, or is somebody else's
				out = fmt.Appendf(out, "%s %q\n", e, text)
			}
		}
	}
	if err != nil {
		t.Errorf("listing processes: %v", err)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "TMPDIR="+string(s)) {
			pid, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			found = append(found, pid)
		}
	}
	return found
}

func (s sandbox) files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(string(s))
	if err != nil {
		t.Error(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// scanBroken scans with the rogue plugin, and leaves nothing behind.
func scanBroken(t *testing.T, args ...string) scanned {
	t.Helper()
	box := newSandbox(t)
	s := scanWith(t, world.rogues, box.env(), append(args, faultChecks...)...)
	box.checkEmpty(t)
	return s
}

// scanMeasured scans and returns the scanner's peak memory in bytes, too.
func scanMeasured(t *testing.T, args ...string) (scanned, int64) {
	t.Helper()
	box, report := newSandbox(t), filepath.Join(t.TempDir(), "report.sarif")
	cmd := command(t, box.env(), scanArgs(append(args, "-o", "sarif="+report, "-v")...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	peak := memory.Watch(cmd)
	s := scannedTo(t, report, finish(t, cmd))
	box.checkEmpty(t)
	return s, peak()
}

// told are a run's notifications as "<ID> <subject>": the kind that was not read, or the check without a verdict.
func (r sarifRun) told() []string {
	var out []string
	for _, n := range r.notifications() {
		subject, _, _ := strings.Cut(n.Message.Text, " ")
		out = append(out, n.Descriptor.ID+" "+strings.TrimSuffix(subject, ":"))
	}
	slices.Sort(out)
	return out
}

// checkGap checks that a scan has read everything but one kind, says why, and gives no verdict where it would have to know
// that kind; what else it found stands.
func (r sarifRun) checkGap(t *testing.T, reason, kind, says string) {
	t.Helper()
	if r.Properties.Status != "partial" {
		t.Errorf("the scan is %q, not partial", r.Properties.Status)
	}
	gaps := 0
	for _, n := range r.notifications() {
		switch n.Descriptor.ID {
		case "read/" + reason:
			gaps++
			if !strings.HasPrefix(n.Message.Text, kind+": ") || !strings.Contains(n.Message.Text, says) || len(n.Message.Text) > 600 {
				t.Errorf("the gap is %q, not of %s with %q", n.Message.Text, kind, says)
			}
		case "check/not-evaluated":
		default:
			t.Errorf("the report notifies of %s: %s", n.Descriptor.ID, n.Message.Text)
		}
	}
	if gaps != 1 {
		t.Errorf("the report tells of %d gaps that are %s, not one: %v", gaps, reason, r.told())
	}
	unjudged := map[string][]string{"Node": {"KM6001"}, "Pod": {"KM1005"}}[kind]
	for _, check := range unjudged {
		if !slices.Contains(r.told(), "check/not-evaluated "+check) {
			t.Errorf("the report does not say that %s was not evaluated: %v", check, r.told())
		}
	}
	found := r.findings(t)
	checkOnce(t, found)
	for _, f := range prodFindings {
		check, _, _ := strings.Cut(f, " ")
		switch missing := !slices.Contains(found, f); {
		case missing && !slices.Contains(unjudged, check):
			t.Errorf("not found, though it was read: %s", f)
		case !missing && kind == "Node" && check == "KM6001":
			t.Errorf("found in what was not read: %s", f)
		}
	}
}

// checkOnce checks that nothing is found twice.
func checkOnce(t *testing.T, found []string) {
	t.Helper()
	for i, f := range found {
		if i > 0 && found[i-1] == f {
			t.Errorf("found twice: %s", f)
		}
	}
}
