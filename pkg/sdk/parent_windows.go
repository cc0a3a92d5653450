package sdk

import "os"

// awaitEnd returns when the process that started this one has ended.
func awaitEnd(parent int) {
	if p, err := os.FindProcess(parent); err == nil {
		_, _ = p.Wait()
	}
}
