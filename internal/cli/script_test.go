package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// pluginDir holds the real kubeconfig plugin, locked as a build locks it.
var pluginDir string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run builds what the tests start, as users have it: the race detector would slow down hundreds of commands.
func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "kubemuster-cli")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	command := filepath.Join(dir, "kubemuster")
	pluginDir = filepath.Join(dir, "plugins")
	if err := os.Mkdir(pluginDir, 0o700); err != nil {
		return 0, err
	}
	for out, source := range map[string]string{command: "cmd/scanner", filepath.Join(pluginDir, "kubemuster-auth-kubeconfig"): "plugins/kubeconfig"} {
		if text, err := exec.Command("go", "build", "-o", out, "../../"+source).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("building %s: %w\n%s", source, err, text)
		}
	}
	if text, err := exec.Command(command, "plugins", "lock", "--plugin-dir", pluginDir, "--grant", "kubeconfig").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("locking the plugin: %w\n%s", err, text)
	}
	if err := os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// The scripts show the command as its users meet it: arguments, both streams, and the exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBEMUSTER_PLUGIN_DIR", pluginDir)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TMPDIR", env.WorkDir)
			snapshots, err := filepath.Abs("../../testdata/snapshots")
			env.Setenv("SNAPSHOTS", snapshots)
			env.Setenv("EXAMPLES", filepath.Join(filepath.Dir(filepath.Dir(snapshots)), "examples"))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// fingerprints FILE FILE: both reports hold the same findings, and some.
			"fingerprints": func(ts *testscript.TestScript, _ bool, args []string) {
				mark := regexp.MustCompile(`"kubemuster/v1": ?"\w+"`)
				first, second := mark.FindAllString(ts.ReadFile(args[0]), -1), mark.FindAllString(ts.ReadFile(args[1]), -1)
				if !slices.Equal(first, second) || len(first) == 0 {
					ts.Fatalf("%s has %d findings, %s has %d, or others", args[0], len(first), args[1], len(second))
				}
			},
			// appears FILE: waits until a command in the background has written the file.
			"appears": func(ts *testscript.TestScript, _ bool, args []string) {
				for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
					if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() > 0 {
						return
					}
					if time.Now().After(deadline) {
						ts.Fatalf("%s does not appear", args[0])
					}
				}
			},
			// exits CODE COMMAND...: the command ends with this exit code.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				code := 0
				if exit := (*exec.ExitError)(nil); err != nil {
					if !asExit(err, &exit) {
						ts.Fatalf("%v", err)
					}
					code = exit.ExitCode()
				}
				if fmt.Sprint(code) != args[0] {
					ts.Fatalf("exit code is %d, want %s", code, args[0])
				}
			},
		},
	})
}

func asExit(err error, target **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*target = e
	return ok
}
