// Command demo runs a command beside three clouds and their clusters, all of them on this machine:
//
//	go run ./test/demo -- bin/kubemuster scan
//	go run ./test/demo -- bash -c 'kubemuster scan eks://us-east-1/prod'
//
// The clouds are fakes that check credentials, signatures and tokens as the real ones do; the clusters are recordings
// behind API servers that ask the clouds about each token. The command finds credentials in its environment as it would
// anywhere, and a configuration (KUBEMUSTER_CONFIG) that says where the clouds are. Everything ends with the command,
// and its exit code is handed on.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	snapshots := flag.String("snapshots", "testdata/snapshots", "folder of the recorded clusters")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: go run ./test/demo [-snapshots DIR] -- COMMAND [ARGUMENT…]")
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	// make build leaves the command in bin. Scripts that the demo runs find it there, as an installed one.
	if bin, err := filepath.Abs("bin"); err == nil {
		_ = os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	}
	code, err := run(*snapshots, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
	}
	os.Exit(code)
}

// run starts the clouds, runs the command in them and returns its exit code.
func run(snapshots string, command []string) (code int, err error) {
	dir, err := os.MkdirTemp("", "kubemuster-demo-") // 0700: it holds credentials
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := start(snapshots, dir)
	if err != nil {
		return 1, err
	}
	defer w.close()

	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = environment(os.Environ(), w.env)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr

	// An interrupt from a terminal reaches the command by itself; whoever ends the demo alone means the command as well.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				_ = cmd.Process.Signal(s) // it may have ended meanwhile
			}
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() >= 0 {
				return exit.ExitCode(), nil
			}
			if err != nil {
				return 1, err
			}
			return 0, nil
		}
	}
}

// environment is the caller's, with the demo's variables in the place of all that names clouds, credentials and
// configuration.
func environment(callers, demo []string) []string {
	env := slices.DeleteFunc(slices.Clone(callers), func(v string) bool {
		for _, prefix := range []string{"AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "GCE_METADATA_", "KUBEMUSTER_"} {
			if strings.HasPrefix(v, prefix) && !strings.HasPrefix(v, "KUBEMUSTER_PLUGIN_DIR=") {
				return true
			}
		}
		return false
	})
	return append(env, demo...)
}
