package sdk

import "os"

// exitWithParent ends the process when the one that started it has ended.
func exitWithParent(parent int) {
	if p, err := os.FindProcess(parent); err == nil {
		_, _ = p.Wait()
	}
	os.Exit(1)
}
