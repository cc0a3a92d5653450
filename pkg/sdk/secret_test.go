package sdk

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"
)

const value = "hunter2-and-more"

// shown reports whether text gives the value away, in one of the ways that fmt writes a string.
func shown(text string) bool {
	for _, form := range []string{"%s", "%x", "%X", "% x", "%d"} {
		if strings.Contains(text, strings.Trim(fmt.Sprintf(form, []byte(value)), "[]")) {
			return true
		}
	}
	return false
}

type open struct {
	Name   string
	Secret Secret
}

type closed struct {
	name   string
	secret Secret
}

// deep holds a Secret wherever fmt may come by one without its methods.
type deep struct {
	pointer *Secret
	list    []Secret
	byName  map[string]Secret
	byValue map[Secret]string
	any     any
	closed  *closed
	token   Token
}

func TestSecretThroughFmt(t *testing.T) {
	s := NewSecret(value)
	direct := map[string]any{"value": s, "pointer": &s}
	exported := map[string]any{
		"struct": open{"n", s}, "struct pointer": &open{"n", s}, "slice": []Secret{s}, "array": [1]Secret{s}, "map": map[string]Secret{"k": s},
		"any": []any{s}, "token": Token{Value: s, ClientKey: s}, "target": struct{ Target }{Target{Secrets: map[string]Secret{"k": s}}},
	}
	inside := map[string]any{
		"closed": closed{"n", s}, "closed pointer": &closed{"n", s}, "closed slice": []closed{{"n", s}}, "closed map": map[string]closed{"k": {"n", s}},
		"deep": deep{&s, []Secret{s}, map[string]Secret{"k": s}, map[Secret]string{s: "k"}, s, &closed{"n", s}, Token{Value: s}},
	}
	for _, verb := range "vTtbcdoOqxXUeEfFgGspwz" {
		for _, flags := range []string{"", "+", "#", "-9", " ", "0", "20", ".3", "+#"} {
			format := "%" + flags + string(verb)
			for _, values := range []map[string]any{direct, exported, inside} {
				for name, v := range values {
					if text := fmt.Sprintf(format, v); shown(text) {
						t.Errorf("%s of %s shows it: %s", format, name, text)
					}
				}
			}
			// Through the methods of what may be called, the reader sees that something is there.
			if strings.ContainsRune("vsqxd", verb) {
				for _, values := range []map[string]any{direct, exported} {
					for name, v := range values {
						if text := fmt.Sprintf(format, v); !strings.Contains(text, redacted) && name != "pointer" && name != "target" {
							t.Errorf("%s of %s: %s", format, name, text)
						}
					}
				}
			}
		}
	}
	for format, args := range map[string][]any{
		"extra":      {s},
		"width %*d":  {s, 1},
		"%!":         {s},
		"%[2]v":      {s},
		"%v %v":      {s},
		"error %w":   {s},
		"%d and %+v": {s, []any{&s, closed{"n", s}}},
	} {
		if text := fmt.Errorf(format, args...).Error(); shown(text) {
			t.Errorf("%q shows it: %s", format, text)
		}
		if text := fmt.Sprint(args...) + fmt.Sprintln(args...); shown(text) {
			t.Errorf("Print shows it: %s", text)
		}
	}
}

func TestSecretThroughEncodings(t *testing.T) {
	s := NewSecret(value)
	in := open{"n", s}
	asJSON, err := json.Marshal(map[string]any{"s": s, "in": in, "pointer": &s, "closed": closed{"n", s}, "by": map[Secret]int{s: 1}})
	if want := `{"by":{"[redacted]":1},"closed":{},"in":{"Name":"n","Secret":"[redacted]"},"pointer":"[redacted]","s":"[redacted]"}`; err != nil || string(asJSON) != want {
		t.Errorf("JSON %s, %v", asJSON, err)
	}
	asXML, err := xml.Marshal(in)
	if want := "<open><Name>n</Name><Secret>[redacted]</Secret></open>"; err != nil || string(asXML) != want {
		t.Errorf("XML %s, %v", asXML, err)
	}
	var page bytes.Buffer
	if err := template.Must(template.New("").Parse("{{.Secret}} {{printf \"%s\" .Secret}}")).Execute(&page, in); err != nil || page.String() != "[redacted] [redacted]" {
		t.Errorf("template %s, %v", page.String(), err)
	}
	if text, err := s.MarshalText(); err != nil || string(text) != redacted {
		t.Errorf("text %s, %v", text, err)
	}
	for _, v := range []any{s, in, &in} {
		var out bytes.Buffer
		if err := gob.NewEncoder(&out).Encode(v); err == nil || shown(out.String()) {
			t.Errorf("gob takes %T: %q", v, out.String())
		}
	}
	// What was redacted does not come back as a value.
	var back open
	if err := json.Unmarshal([]byte(`{"Secret":"[redacted]"}`), &back); err == nil || !back.Secret.IsZero() {
		t.Errorf("JSON is read into a Secret: %v", err)
	}
}

func TestSecretThroughSlog(t *testing.T) {
	s := NewSecret(value)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var out bytes.Buffer
		log := slog.New(handler(&out))
		log.With("with", s).WithGroup("group").Info("message", "attr", s, "pointer", &s, "open", open{"n", s}, "closed", closed{"n", s},
			"deep", &deep{pointer: &s, any: s}, slog.Group("inner", "s", s), "list", []Secret{s}, "error", fmt.Errorf("with %v", s), slog.Any("any", any(s)))
		if shown(out.String()) || strings.Count(out.String(), redacted) < 6 {
			t.Errorf("%s: %s", name, out.String())
		}
	}
}

func TestSecretInErrors(t *testing.T) {
	s := NewSecret(value)
	err := Errorf(ErrUnauthenticated, fmt.Sprint("hint ", s), "token %v, %q, %v", s, s, closed{"n", s})
	for _, err := range []error{err, fmt.Errorf("wrapped: %w", err), errors.Join(err, fmt.Errorf("%+v", open{"n", s}))} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(format, err); shown(text) {
				t.Errorf("%s shows it: %s", format, text)
			}
		}
	}
}

func TestSecretValue(t *testing.T) {
	s := NewSecret(value)
	if s.Reveal() != value || s.IsZero() {
		t.Error("the value is lost")
	}
	if s != NewSecret(strings.Clone(value)) || s == NewSecret("other") {
		t.Error("secrets are not compared by value")
	}
	for _, empty := range []Secret{{}, NewSecret("")} {
		if !empty.IsZero() || empty.Reveal() != "" || empty != (Secret{}) || fmt.Sprint(empty) != redacted {
			t.Errorf("empty secret %v", empty)
		}
	}
}
