// Command profiled is the scanner with its profiles written to the folder that KUBEMUSTER_BENCH_PROFILE names.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"

	"github.com/kubemuster/kubemuster/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	dir := os.Getenv("KUBEMUSTER_BENCH_PROFILE")
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err == nil {
		err = pprof.StartCPUProfile(cpu)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		pprof.StopCPUProfile()
		_ = cpu.Close()
		if heap, err := os.Create(filepath.Join(dir, "heap.pprof")); err == nil {
			_ = pprof.Lookup("allocs").WriteTo(heap, 0)
			_ = heap.Close()
		}
	}()
	return cli.Main()
}
