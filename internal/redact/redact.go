// Package redact takes credentials out of text that comes from elsewhere: plugin logs, errors of libraries, answers of
// servers. It is the second line: our own secrets are sdk.Secret from the moment they are read.
package redact

import (
	"regexp"
	"slices"
	"strings"
)

const mark = "[redacted]"

// patterns are told by what stands before the credential, which is each one's first group and kept.
var patterns = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}`),
	regexp.MustCompile(`(?i)(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"']+`),
	regexp.MustCompile(`(?i)((?:client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password|passwd|secret_?access_?key|session_?token)["']?\s*[=:]\s*["']?)[^&\s"',}]+`),
	regexp.MustCompile(`(?i)(\btoken(?:=|"\s*:\s*"))[^&\s"',}]+`), // not "token: …", as prose has it
}

// secretNames are what a field that holds a credential is called at its end: token, clientSecret, api_key.
var secretNames = []string{
	"token", "password", "passphrase", "secret", "assertion", "credential", "credentials",
	"apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "privatekey", "private_key", "private-key",
}

// String returns s with everything that looks like a credential replaced by [redacted].
func String(s string) string {
	for _, p := range patterns {
		s = p.ReplaceAllString(s, "${1}"+mark)
	}
	return Shapes(s, func(string) string { return mark })
}

// SecretName reports whether a field of this name holds a credential, by the name's end.
func SecretName(name string) bool {
	return slices.ContainsFunc(secretNames, func(s string) bool { return len(name) >= len(s) && strings.EqualFold(name[len(name)-len(s):], s) })
}

// Value returns the value of a field, or [redacted] where the field's name or the value looks like a credential's.
func Value(name, value string) string {
	if value != "" && SecretName(name) {
		return mark
	}
	return String(value)
}
