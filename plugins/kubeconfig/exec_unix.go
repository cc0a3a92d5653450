//go:build !windows

package main

import (
	"os/exec"
	"syscall"
)

// stopWithChildren makes the end of the command's context the end of what it has started, too: some tools are a launcher
// and the program proper.
func stopWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
