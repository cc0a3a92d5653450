package redact

import (
	"slices"
	"strings"
	"sync"
)

const (
	// minValue is the shortest secret that is looked for, in bytes: shorter ones would be found everywhere.
	minValue = 4
	// minLine is the shortest line of a secret of several lines that is looked for: logs come line by line.
	minLine = 16
)

// Values are secrets that are known. The zero value and nil know none. It is safe for concurrent use.
type Values struct {
	mu    sync.RWMutex
	known []string // the longest first, so that none leaves the rest of another
}

// Add makes secrets known, and the lines of those that have several.
func (v *Values) Add(secrets ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range secrets {
		s = strings.TrimSpace(s)
		pieces := []string{s}
		for line := range strings.Lines(s) {
			if line = strings.TrimSpace(line); len(line) >= minLine {
				pieces = append(pieces, line)
			}
		}
		for _, p := range pieces {
			if len(p) >= minValue && !slices.Contains(v.known, p) {
				v.known = append(v.known, p)
			}
		}
	}
	slices.SortStableFunc(v.known, func(a, b string) int { return len(b) - len(a) })
}

// String returns s with every known secret replaced by [redacted].
func (v *Values) String(s string) string {
	if v == nil {
		return s
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, k := range v.known {
		s = strings.ReplaceAll(s, k, mark)
	}
	return s
}
