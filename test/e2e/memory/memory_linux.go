// Package memory tells how much memory a command took.
package memory

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Watch watches a started command's memory; what it returns is asked once the command has ended, and tells its peak in
// bytes. The kernel's own account of a child (ru_maxrss) begins with the memory of the process that started it, which may
// have an API server in it: the child's current memory map is asked in its place, every few milliseconds.
func Watch(cmd *exec.Cmd) func() int64 {
	var peak int64
	stop, watch := make(chan struct{}), sync.WaitGroup{}
	watch.Go(func() {
		for {
			peak = max(peak, highWater(cmd.Process.Pid, cmd.Path))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	return func() int64 {
		close(stop)
		watch.Wait()
		return peak
	}
}

// highWater is a process's VmHWM in bytes; 0 once it has ended, or before it runs the executable at path.
func highWater(pid int, path string) int64 {
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err != nil || exe != path {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}
