//go:build !linux

package e2e

import "syscall"

// peak is a process's peak memory in bytes.
func peak(u *syscall.Rusage) int64 { return u.Maxrss }
