package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/kubemuster/kubemuster/internal/redact"
)

const (
	maxLine    = 8 << 10 // bytes of one line that are kept
	maxMessage = 2 << 10 // bytes of a plugin's text in a message of ours
	maxLast    = 5       // lines kept for a message
	maxWord    = 256     // bytes of each
	maxLog     = 10_000  // records that one process may log; a plugin that floods its log does not flood ours
)

// stderrLog turns what a plugin writes into log records, redacted, and keeps its last lines. Lines in the JSON that the
// SDK writes keep their level and attributes; others are debug records.
type stderrLog struct {
	log   *slog.Logger
	known *redact.Values

	mu      sync.Mutex
	tail    []string
	cause   string // the line in which the runtime says why it gave up; the stack behind it pushes it out of the tail
	records int
}

// stream is one way that a plugin's lines come by: its standard error, and what go-plugin carries over the connection.
type stream struct {
	to   *stderrLog
	line []byte
}

func (s *stderrLog) stream() *stream { return &stream{to: s} }

// Write implements io.Writer, for one writer at a time.
func (s *stream) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		if room := maxLine - len(s.line); room > 0 {
			s.line = append(s.line, part[:min(len(part), room)]...)
		}
		if p = rest; ended {
			s.to.emit(string(s.line))
			s.line = s.line[:0]
		}
	}
	return n, nil
}

func (s *stderrLog) emit(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	line = s.known.String(line)
	level, message, attrs := slog.LevelDebug, line, []slog.Attr(nil)
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) == nil && fields["@message"] != nil {
		message, _ = fields["@message"].(string)
		if name, _ := fields["@level"].(string); name != "" {
			_ = level.UnmarshalText([]byte(name))
		}
		for _, k := range slices.Sorted(maps.Keys(fields)) {
			if !strings.HasPrefix(k, "@") {
				attrs = append(attrs, slog.Any(k, flat(s.clean(k, fields[k]))))
			}
		}
	}
	message = oneLine(s.known.String(message), maxLine) // once more: JSON has ways to write the same otherwise
	if s.cause == "" && (strings.HasPrefix(message, "panic: ") || strings.HasPrefix(message, "fatal error: ")) {
		s.cause = shorten(message, maxWord)
	}
	if s.tail = append(s.tail, shorten(message, maxWord)); len(s.tail) > maxLast {
		s.tail = s.tail[1:]
	}
	if s.records++; s.records == maxLog {
		level, message, attrs = slog.LevelWarn, "the plugin logs too much; the rest is left out", nil
	}
	if s.records <= maxLog {
		s.log.LogAttrs(context.Background(), level, message, attrs...)
	}
}

// clean takes the credentials out of an attribute's value.
func (s *stderrLog) clean(name string, v any) any {
	switch v := v.(type) {
	case string:
		return redact.Value(name, s.known.String(v))
	case map[string]any:
		for k := range v {
			v[k] = s.clean(k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = s.clean(name, v[i])
		}
	}
	return v
}

// flat returns a group or list as JSON.
func flat(v any) any {
	switch v.(type) {
	case map[string]any, []any:
		data, _ := json.Marshal(v) // it was read from JSON
		return string(data)
	}
	return v
}

// oneLine makes a plugin's text fit for a message or a terminal of ours: no credential, no control character, and no more
// than limit bytes.
func oneLine(s string, limit int) string {
	words := strings.FieldsFunc(redact.String(strings.ToValidUTF8(s, "\uFFFD")), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return shorten(strings.Join(words, " "), limit)
}

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
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
