package plugin

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	pluginrunner "github.com/hashicorp/go-plugin/runner"
)

// drainTime is how long an ended process's output is still read: what it left behind may hold it open for ever.
const drainTime = time.Second

// runner starts an executable for go-plugin. Unlike go-plugin's own it gives the process no standard input, tells when the
// process has ended, and ends whatever the process may have left behind.
type runner struct {
	cmd            *exec.Cmd
	kill           context.CancelFunc // at any time, also before it starts
	stdout, stderr *os.File
	ended          chan struct{} // closed when the process has
	err            error         // of the process; to be read behind ended
}

var _ pluginrunner.Runner = (*runner)(nil)

func newRunner(path string, env []string) *runner {
	life, kill := context.WithCancel(context.Background())
	cmd := exec.CommandContext(life, path)
	cmd.Env = env
	ownGroup(cmd)
	return &runner{cmd: cmd, kill: kill, ended: make(chan struct{})}
}

// Start implements runner.Runner.
func (r *runner) Start(context.Context) error {
	stdout, out, err := os.Pipe()
	if err != nil {
		return err
	}
	stderr, errs, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdout.Close(), out.Close())
	}
	r.cmd.Stdout, r.cmd.Stderr = out, errs
	err = r.cmd.Start()
	_, _ = out.Close(), errs.Close() // the process has its own
	if err != nil {
		_, _ = stdout.Close(), stderr.Close()
		return err
	}
	r.stdout, r.stderr = stdout, stderr
	go func() {
		r.err = r.cmd.Wait()
		deadline := time.Now().Add(drainTime)
		_, _ = stdout.SetReadDeadline(deadline), stderr.SetReadDeadline(deadline)
		close(r.ended)
	}()
	return nil
}

// Wait implements runner.Runner. It is called when both outputs have been read.
func (r *runner) Wait(context.Context) error {
	<-r.ended
	_, _ = r.stdout.Close(), r.stderr.Close()
	return r.err
}

// Kill implements runner.Runner.
func (r *runner) Kill(context.Context) error {
	r.kill()
	return nil
}

// Stdout implements runner.Runner.
func (r *runner) Stdout() io.ReadCloser { return r.stdout }

// Stderr implements runner.Runner.
func (r *runner) Stderr() io.ReadCloser { return r.stderr }

// Name implements runner.Runner.
func (r *runner) Name() string { return r.cmd.Path }

// ID implements runner.Runner. It is never empty: go-plugin would not clean up behind a process that did not start.
func (r *runner) ID() string {
	if r.cmd.Process == nil {
		return "not started"
	}
	return strconv.Itoa(r.cmd.Process.Pid)
}

// Diagnose implements runner.Runner.
func (r *runner) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner: both see the same addresses.
func (r *runner) PluginToHost(network, addr string) (string, string, error) {
	return network, addr, nil
}

// HostToPlugin implements runner.Runner.
func (r *runner) HostToPlugin(network, addr string) (string, string, error) {
	return network, addr, nil
}
