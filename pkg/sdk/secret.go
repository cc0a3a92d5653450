package sdk

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"unique"
)

const redacted = "[redacted]"

// Secret is a value that must never be shown: it prints as [redacted] through fmt with any verb, encoding/json,
// text encodings and log/slog. A token, client secret or key is a Secret from the moment it is read.
//
// Two Secrets are equal if their values are. In a struct's unexported field a Secret prints as an address: fmt does not
// call the methods of what it cannot export.
type Secret struct {
	// The value is behind a pointer, which fmt does not follow where it cannot call our methods.
	value unique.Handle[string]
}

// NewSecret returns s as a Secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{unique.Make(s)}
}

// Reveal returns the value, for the one place that has to send it.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.value.Value()
}

// IsZero reports whether s holds no value.
func (s Secret) IsZero() bool { return s == Secret{} }

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
