//go:build !windows

package sdk

import (
	"os"
	"time"
)

// awaitEnd returns when the process that started this one is no longer its parent.
func awaitEnd(parent int) {
	for os.Getppid() == parent {
		time.Sleep(250 * time.Millisecond)
	}
}
