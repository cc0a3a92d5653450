// Command kubemuster scans Kubernetes clusters on any cloud, with nothing but cloud IAM credentials.
package main

import (
	"os"

	"github.com/kubemuster/kubemuster/internal/cli"
)

func main() { os.Exit(cli.Main()) }
