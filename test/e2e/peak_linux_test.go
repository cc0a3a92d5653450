package e2e

import "syscall"

// peak is a process's peak memory in bytes. Linux counts in that of the process which started it, as it was then.
func peak(u *syscall.Rusage) int64 { return u.Maxrss << 10 }
