package cli_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubemuster/kubemuster/internal/cli"
)

// pluginDir holds the real kubeconfig plugin, locked as a build locks it.
var pluginDir string

func TestMain(m *testing.M) {
	// testscript runs this binary again under the command's name.
	if filepath.Base(os.Args[0]) != "kubemuster" {
		dir, err := os.MkdirTemp("", "kubemuster-cli")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		pluginDir = dir
		build := exec.Command("go", "build", "-race", "-o", filepath.Join(dir, "kubemuster-auth-kubeconfig"), "../../plugins/kubeconfig")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the plugin: %v\n%s", err, out)
			os.Exit(1)
		}
		streams := &cli.IOStreams{In: os.Stdin, Out: io.Discard, Err: os.Stderr}
		if code := cli.Run(context.Background(), streams, []string{"plugins", "lock", "--plugin-dir", dir, "--grant", "kubeconfig"}); code != 0 {
			os.Exit(code)
		}
	}
	testscript.Main(m, map[string]func(){"kubemuster": func() { os.Exit(cli.Main()) }})
}

// The scripts show the command as its users meet it: arguments, both streams, and the exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBEMUSTER_PLUGIN_DIR", pluginDir)
			env.Setenv("HOME", env.WorkDir)
			examples, err := filepath.Abs("../../examples")
			env.Setenv("EXAMPLES", examples)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
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
