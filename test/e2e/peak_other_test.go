//go:build !linux

package e2e

import (
	"os/exec"
	"syscall"
)

// watchPeak returns what tells a command's peak memory in bytes, once it has ended.
func watchPeak(cmd *exec.Cmd) func() int64 {
	return func() int64 { return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss }
}
