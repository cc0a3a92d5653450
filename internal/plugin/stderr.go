package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"

	"github.com/kubemuster/kubemuster/internal/redact"
)

const (
	maxLine = 8 << 10 // bytes of one line that are kept
	maxLast = 5       // lines kept for a message
	maxLog  = 10_000  // records that one process may log; a plugin that floods its log does not flood ours
)

// stderrLog turns a plugin's standard error into log records, redacted, and keeps its last lines. Lines in the JSON that
// the SDK writes keep their level and attributes; others are debug records.
type stderrLog struct {
	log *slog.Logger

	mu      sync.Mutex
	line    []byte
	tail    []string
	cause   string // the line in which the runtime says why it gave up; the stack behind it pushes it out of the tail
	records int
}

func (s *stderrLog) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		if room := maxLine - len(s.line); room > 0 {
			s.line = append(s.line, part[:min(len(part), room)]...)
		}
		if p = rest; ended {
			s.emit(string(s.line))
			s.line = s.line[:0]
		}
	}
	return n, nil
}

func (s *stderrLog) emit(line string) {
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	level, message, attrs := slog.LevelDebug, line, []slog.Attr(nil)
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) == nil && fields["@message"] != nil {
		message, _ = fields["@message"].(string)
		if name, _ := fields["@level"].(string); name != "" {
			_ = level.UnmarshalText([]byte(name))
		}
		for k, v := range fields {
			if !strings.HasPrefix(k, "@") {
				attrs = append(attrs, slog.Any(k, redactAny(v)))
			}
		}
	}
	message = redact.String(message)
	if s.cause == "" && (strings.HasPrefix(message, "panic: ") || strings.HasPrefix(message, "fatal error: ")) {
		s.cause = message
	}
	if s.tail = append(s.tail, message); len(s.tail) > maxLast {
		s.tail = s.tail[1:]
	}
	if s.records++; s.records == maxLog {
		level, message, attrs = slog.LevelWarn, "the plugin logs too much; the rest is left out", nil
	}
	if s.records <= maxLog {
		s.log.LogAttrs(context.Background(), level, message, attrs...)
	}
}

func redactAny(v any) any {
	if s, ok := v.(string); ok {
		return redact.String(s)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return redact.String(string(data))
}

// last returns the last lines as the end of a sentence: empty, or " (its last words: …)".
func (s *stderrLog) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != "" {
		return " (its last words: " + s.cause + ")"
	}
	if len(s.tail) == 0 {
		return ""
	}
	return " (its last words: " + strings.Join(s.tail, " | ") + ")"
}
