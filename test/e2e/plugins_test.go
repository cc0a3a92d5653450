package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rogueToken is what the rogue plugin hands out: the prod cluster knows it.
const rogueToken = "rogue-token-of-the-e2e-tests"

func rogueTarget(behaviour string) string {
	return rogueAt(behaviour, world.prod.URL())
}

var rogueEnv = []string{"E2E_ROGUE_TOKEN=" + rogueToken}

// A plugin that dies is started again, once.
func TestPluginPanics(t *testing.T) {
	t.Parallel()
	s := scanWith(t, world.rogues, rogueEnv, rogueTarget("panics-once")+"&marker="+filepath.Join(t.TempDir(), "crashed"))
	s.checkComplete(t)
	checkHolds(t, s.only(t).findings(t), prodFindings)
	if !strings.Contains(s.stderr, "plugin crashed and is started again") {
		t.Errorf("the log does not say that the plugin crashed:\n%s", s.tail())
	}
}

// A plugin that floods its log does not flood the scanner's, and its answer comes through.
func TestPluginFloods(t *testing.T) {
	t.Parallel()
	s := scanWith(t, world.rogues, rogueEnv, rogueTarget("floods"))
	s.checkComplete(t)
	const records, length = 10_000, 8 << 10 // what the host takes of one process, and of one line
	lines, longest := 0, 0
	for line := range strings.Lines(s.stderr) {
		lines, longest = lines+1, max(longest, len(line))
	}
	if lines > records+100 || longest > length+200 {
		t.Errorf("the log has %d lines, the longest of %d bytes", lines, longest)
	}
}

// A plugin's environment holds what every plugin needs and what it was granted, and nothing else of the scanner's.
func TestPluginEnvironment(t *testing.T) {
	env := append([]string{"E2E_CANARY=sings", "AWS_SECRET_ACCESS_KEY=" + awsSecret, "ROGUE_DECLARED=yes"}, rogueEnv...)
	ungranted, locked := pluginFolder(t, world.rogues, "rogue"), pluginFolder(t, world.rogues, "rogue")
	if err := lock(locked); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, plugins string
		granted       bool
	}{
		{"granted by the lock", world.rogues, true},
		{"locked and not granted", locked, false},
		{"not locked", ungranted, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := scanWith(t, tc.plugins, env, rogueTarget("shows-environment"))
			s.checkNotScanned(t, "access", "the environment holds:", " PATH ")
			_, names, _ := strings.Cut(s.only(t).notifications()[0].Message.Text, "the environment holds: ")
			for _, name := range []string{"E2E_CANARY", "E2E_ROGUE_TOKEN", "AWS_SECRET_ACCESS_KEY"} {
				if strings.Contains(names, name) {
					t.Errorf("the plugin sees %s: %s", name, names)
				}
			}
			if got := strings.Contains(names, "ROGUE_DECLARED"); got != tc.granted {
				t.Errorf("the plugin sees what it declares: %v, not %v: %s", got, tc.granted, names)
			}
		})
	}
}

// Where there is a lock, an executable that is not in it or differs is never run.
func TestPluginLock(t *testing.T) {
	t.Parallel()
	dir := pluginFolder(t, world.rogues, "rogue")
	if err := lock(dir); err != nil {
		t.Fatal(err)
	}
	scanWith(t, dir, rogueEnv, rogueTarget("behaves")).checkComplete(t)

	if err := copyFile(pluginPath(world.rogues, "rogue"), pluginPath(dir, "smuggled")); err != nil {
		t.Fatal(err)
	}
	s := scanWith(t, dir, nil, "smuggled://in")
	if s.code != exitUsage || !strings.Contains(s.stderr, "plugin smuggled is not in plugins.lock") {
		t.Errorf("a plugin that is not in the lock: exit code %d\n%s", s.code, s.tail())
	}
	f, err := os.OpenFile(pluginPath(dir, "rogue"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s = scanWith(t, dir, rogueEnv, rogueTarget("behaves"))
	if s.code != exitUsage || !strings.Contains(s.stderr, "plugin rogue differs from the one in plugins.lock") {
		t.Errorf("a plugin that has changed: exit code %d\n%s", s.code, s.tail())
	}
}

// However the scanner ends, its plugins end too: when it is told to stop, and when it is killed and can do nothing.
func TestHostEnds(t *testing.T) {
	for _, tc := range []struct {
		cloud  cloud
		signal syscall.Signal
		code   int // -1: it did not exit by itself
	}{
		{world.eks, syscall.SIGKILL, -1},
		{world.gke, syscall.SIGKILL, -1},
		{world.aks, syscall.SIGKILL, -1},
		{world.eks, syscall.SIGINT, exitInterrupted},
		{world.gke, syscall.SIGTERM, exitInterrupted},
	} {
		t.Run(fmt.Sprint(tc.signal)+"/"+tc.cloud.provider(), func(t *testing.T) {
			t.Parallel()
			reached := make(chan struct{})
			var once sync.Once
			name := "endless-" + strings.ToLower(tc.signal.String())
			register(tc.cloud, name, world.prod, gate(t, world.prod, func(r *http.Request) {
				once.Do(func() { close(reached) })
				<-r.Context().Done()
			}, nil))
			// A plugin folder of its own tells this scan's plugin from those of other tests.
			plugins := pluginFolder(t, world.plugins, tc.cloud.provider())
			if err := lock(plugins, tc.cloud.provider()); err != nil {
				t.Fatal(err)
			}
			cmd := command(t, tc.cloud.env(reader), "scan", "--plugin-dir", plugins, tc.cloud.target(name, reader))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-reached:
			case <-time.After(time.Minute):
				_ = cmd.Process.Kill()
				t.Fatalf("the scan has not reached the API server:\n%s", finish(t, cmd).tail())
			}
			if pids, err := processesOf(plugins); err != nil || len(pids) != 1 {
				t.Errorf("the scan has the plugin processes %v, not one (%v)", pids, err)
			}
			if err := cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			if o := finish(t, cmd); o.code != tc.code {
				t.Errorf("the exit code is %d, not %d\n%s", o.code, tc.code, o.tail())
			}
			eventually(t, "the end of the plugin", func() bool {
				pids, err := processesOf(plugins)
				return err == nil && len(pids) == 0
			})
		})
	}
}

// pluginFolder copies one plugin into a folder of its own, without a lock.
func pluginFolder(t *testing.T, from, provider string) string {
	t.Helper()
	dir := t.TempDir()
	if err := copyFile(pluginPath(from, provider), pluginPath(dir, provider)); err != nil {
		t.Fatal(err)
	}
	return dir
}
