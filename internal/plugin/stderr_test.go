package plugin

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLastWords(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"none", "", ""},
		{"blank", "\n \n", ""},
		{"one", "no configuration\n", " (its last words: no configuration)"},
		{"five", "1\n2\n3\n4\n5\n6\n7\n", " (its last words: 3 | 4 | 5 | 6 | 7)"},
		{"panic", "before\npanic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1\n\t/b.go:2\n\t/c.go:3\n", " (its last words: panic: boom)"},
		{"fatal error", "fatal error: all goroutines are asleep - deadlock!\n1\n2\n3\n4\n5\n6\n", " (its last words: fatal error: all goroutines are asleep - deadlock!)"},
		{"long", strings.Repeat("x", 100_000) + "\n", " (its last words: " + strings.Repeat("x", maxWord) + "…)"},
		{"secret", "token=" + opaque + "\n", " (its last words: token=[redacted])"},
		{"JSON", `{"@level":"error","@message":"lost","password":"` + opaque + `"}` + "\n", " (its last words: lost)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := &stderrLog{log: slog.New(slog.DiscardHandler)}
			_, err := io.WriteString(log.stream(), c.text)
			must(t, err)
			if got := log.last(); got != c.want {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

// Two streams write at once, and a piece of one does not end up in a line of the other.
func TestStreamsKeepTheirLines(t *testing.T) {
	j := &journal{}
	j.arrived.L = &j.mu
	log := &stderrLog{log: slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	a, b := log.stream(), log.stream()
	for _, s := range []struct {
		to   io.Writer
		text string
	}{{a, "first "}, {b, "second "}, {a, "line"}, {b, "line\n"}, {a, "\n"}} {
		_, _ = io.WriteString(s.to, s.text)
	}
	if text := j.String(); !strings.Contains(text, `"first line"`) || !strings.Contains(text, `"second line"`) {
		t.Errorf("logged:\n%s", text)
	}
}

// Whatever a plugin writes, in whatever pieces: no panic, a bounded message in UTF-8, and no token.
func FuzzStderr(f *testing.F) {
	for _, seed := range []string{
		"", "a\nb", "panic: boom\n", `{"@message":"m","@level":"warn","k":{"token":"x"},"l":[1,"y"],"n":null}` + "\n", `{"@message":5}` + "\n",
		"-----BEGIN PRIVATE KEY-----\nabc\n", "\xff\xfe\n", "Bearer ", strings.Repeat("x", maxLine-3),
	} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, text string, size int) {
		j := &journal{}
		j.arrived.L = &j.mu
		log := &stderrLog{log: slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		s := log.stream()
		size = max(1, size)
		for rest := fmt.Sprintf("%s\nsigned in with %s\n", text, jwt); rest != ""; {
			n := min(size, len(rest))
			_, _ = io.WriteString(s, rest[:n])
			rest = rest[n:]
		}
		last := log.last()
		if !utf8.ValidString(last) || len(last) > maxLast*(maxWord+10)+100 {
			t.Errorf("last words %q", last)
		}
		if strings.Contains(last+j.String(), jwt) {
			t.Error("the token is shown")
		}
	})
}
