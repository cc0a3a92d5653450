//go:build !windows

package sdk

import (
	"os"
	"time"
)

// exitWithParent ends the process when its parent is no longer the one that started it: a host that is killed cannot
// stop its plugins.
func exitWithParent(parent int) {
	for range time.Tick(250 * time.Millisecond) {
		if os.Getppid() != parent {
			os.Exit(1)
		}
	}
}
