// Package redact takes credentials out of text that comes from elsewhere: plugin logs, errors of libraries, answers of
// servers. It is the second line: our own secrets are sdk.Secret from the moment they are read.
package redact

import "regexp"

const mark = "[redacted]"

// Each pattern's first group, where it has one, is kept.
var patterns = []*regexp.Regexp{
	regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`),
	regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`), // a JWT
	regexp.MustCompile(`k8s-aws-v1\.[A-Za-z0-9_=-]+`),
	regexp.MustCompile(`ya29\.[A-Za-z0-9_.-]+`),
	regexp.MustCompile(`(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}`),
	regexp.MustCompile(`(?i)(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"']+`),
	regexp.MustCompile(`(?i)((?:client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password|secret_access_key|aws_secret_access_key|session_token)["']?\s*[=:]\s*["']?)[^&\s"',}]+`),
	regexp.MustCompile(`(?i)(\btoken(?:=|"\s*:\s*"))[^&\s"',}]+`), // not "token: …", as prose has it
}

// secretName is what a field that holds a credential is called at its end: token, clientSecret, api_key.
var secretName = regexp.MustCompile(`(?i)(?:token|password|passphrase|secret|assertion|credentials?|(?:api|access|private)[_-]?key)$`)

// String returns s with everything that looks like a credential replaced by [redacted].
func String(s string) string {
	for _, p := range patterns {
		if p.NumSubexp() > 0 {
			s = p.ReplaceAllString(s, "${1}"+mark)
		} else {
			s = p.ReplaceAllString(s, mark)
		}
	}
	return s
}

// Value returns the value of a field, or [redacted] where the field's name or the value looks like a credential's.
func Value(name, value string) string {
	if value != "" && secretName.MatchString(name) {
		return mark
	}
	return String(value)
}
