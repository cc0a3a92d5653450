//go:build !linux

package memory

import (
	"os/exec"
	"syscall"
)

// Watch returns what tells a command's peak memory in bytes, once it has ended.
func Watch(cmd *exec.Cmd) func() int64 {
	return func() int64 { return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss }
}
