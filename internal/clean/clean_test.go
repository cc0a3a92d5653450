package clean_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/kubemuster/kubemuster/internal/clean"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"ClusterRoleBinding ops:führung\t x":  "ClusterRoleBinding ops:führung x",
		"a\r\nb\x1b[2J\x00":                   `a b\x1b[2J\x00`,
		"\u202egnp\u200b":                     `\u202egnp\u200b`,
		"\x9b31m\u009b31m":                    "\uFFFD31m" + `\u009b31m`,
		"##vso[task.setvariable variable=x]y": `#\u0023vso[task.setvariable variable=x]y`,
		"###[error]":                          `#\u0023#[error]`,
		"####[error]":                         `#\u0023#\u0023[error]`,
		"::stop-commands::x":                  `:\u003astop-commands:\u003ax`,
		":::error::x":                         `::\u003aerror:\u003ax`,
		"arn:aws:iam::111122223333:role/x ::/0 #": "arn:aws:iam::111122223333:role/x ::/0 #",
	} {
		if got := clean.Line(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got, want := clean.Lines("a ##\n\tb\x1b\r\n"), "a #\\u0023\n\tb\\x1b\\r\n"; got != want {
		t.Errorf("lines: got %q, want %q", got, want)
	}
}

// A JSON log keeps its meaning, and neither log has a command in it.
func TestLog(t *testing.T) {
	const evil = `##vso[task.complete] ::error::\##x`
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(clean.Log(&out), nil)).Warn(evil)
	var record struct{ Msg string }
	if err := json.Unmarshal(out.Bytes(), &record); err != nil || record.Msg != evil {
		t.Errorf("got %q, %v from %s", record.Msg, err, &out)
	}
	slog.New(slog.NewTextHandler(clean.Log(&out), nil)).Warn(evil)
	for _, command := range []string{"##", "::e"} {
		if bytes.Contains(out.Bytes(), []byte(command)) {
			t.Errorf("%s is in %s", command, &out)
		}
	}
}
