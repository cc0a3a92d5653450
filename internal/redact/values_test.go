package redact

import "testing"

func TestValues(t *testing.T) {
	var v Values
	v.Add("hunter2", "hunter2-and-more", "no", "-----BEGIN KEY-----\nbGluZSBvbmUgb2YgaXQ=\nc2hvcnQ=\n")
	for text, want := range map[string]string{
		"signed in with hunter2":             "signed in with [redacted]",
		"hunter2-and-more":                   "[redacted]",
		"no, not that":                       "no, not that",
		"bGluZSBvbmUgb2YgaXQ=":               "[redacted]",
		"c2hvcnQ= is too short to be looked": "c2hvcnQ= is too short to be looked",
		"":                                   "",
	} {
		if got := v.String(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if got := (*Values)(nil).String("hunter2"); got != "hunter2" {
		t.Errorf("got %q", got)
	}
}
