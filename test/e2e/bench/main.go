// Command bench measures the scanner against the real API server. It fills a server, and then, in one run, sets the scan
// beside the bare list of what the scan reads: absolute times are a machine's, their ratio is the scanner's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// size is how much the server holds.
type size struct{ pods, deployments, nodes int }

func main() {
	var s size
	flag.IntVar(&s.pods, "pods", 10_000, "pods to put into the server")
	flag.IntVar(&s.deployments, "deployments", 0, "deployments that own them; a fifth of the pods if 0")
	flag.IntVar(&s.nodes, "nodes", 0, "nodes that they run on; a fiftieth of the pods if 0")
	rounds := flag.Int("rounds", 5, "how often to list and to scan, in turn")
	hold := flag.Bool("hold", false, "after that, keep the server until interrupted, and print a command that scans it")
	profile := flag.String("profile", "", "folder for the scanner's CPU and heap profiles; none are taken if empty")
	checks := flag.String("checks", "", "IDs of checks, with commas between them; all checks if empty")
	flag.Parse()
	if s.deployments == 0 {
		s.deployments = max(1, s.pods/5)
	}
	if s.nodes == 0 {
		s.nodes = max(1, s.pods/50)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s, *rounds, *checks, *profile, *hold); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
