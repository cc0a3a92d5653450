package snapshot

import (
	"strings"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// longestName is what is looked at of a name, in bytes from its end.
const longestName = 256

// secretName reports whether what a name gives is a secret, by the words of the name: DB_PASS, --storepass, apiKey,
// spring.datasource.password. Where the last word says that it is something about a secret, as in --token-file, it is none.
func secretName(name string) bool {
	name = name[max(0, len(name)-longestName):]
	if !hinted(name) {
		return false
	}
	words := nameWords(name)
	if len(words) == 0 || about[words[len(words)-1]] {
		return false
	}
	for i := range words {
		if secretWord(words, i) {
			return true
		}
	}
	return false
}

// secretField is secretName for the fields of objects, of which the last word tells what they are: a secretPolicy is no
// secret, and auth says how.
func secretField(name string) bool {
	if redact.SecretName(name) {
		return true
	}
	name = name[max(0, len(name)-longestName):]
	if !hinted(name) {
		return false
	}
	words := nameWords(name)
	last := len(words) - 1
	return last >= 0 && words[last] != "auth" && secretWord(words, last)
}

// userName reports whether a flag gives a user and a password, as curl's -u does.
func userName(flag string) bool {
	switch flag {
	case "-u", "-U", "-user", "--user", "--proxy-user", "--username", "--login", "--userinfo":
		return true
	}
	return false
}

// about are last words of names that are no secret's: where it is, what it is called, how it is used. Checks leave out the
// same.
var about = set("algorithm", "audience", "backend", "class", "dir", "duration", "enabled", "endpoint", "expiration", "expiry", "file", "host",
	"interval", "issuer", "length", "lifetime", "limit", "method", "mode", "name", "namespace", "path", "policy", "port", "provider", "ref",
	"region", "required", "scope", "service", "size", "stdin", "timeout", "ttl", "type", "uri", "url", "user", "username", "version")

var (
	secretWords = set("pass", "pwd", "token", "auth", "authorization", "cred", "creds", "credential", "credentials", "passin", "passout", "masterauth", "basicauth", "proxyauth")
	// secretKeys are the keys that are secret, by the word before.
	secretKeys = set("access", "account", "admin", "api", "app", "auth", "deploy", "encryption", "hmac", "jwt", "license", "master", "private",
		"secret", "session", "shared", "signing", "ssh", "storage", "subscription", "write")
	// noPass are the words that end in pass and mean something else.
	noPass = set("bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass")
)

func secretWord(words []string, i int) bool {
	w := words[i]
	if secretWords[w] || w == "key" && i > 0 && secretKeys[words[i-1]] {
		return true
	}
	for _, part := range []string{"password", "passwd", "passphrase", "secret"} {
		if strings.Contains(w, part) {
			return true
		}
	}
	if before, ok := strings.CutSuffix(w, "key"); ok {
		return secretKeys[before]
	}
	return strings.HasSuffix(w, "token") || strings.HasSuffix(w, "pwd") || strings.HasSuffix(w, "pass") && !noPass[w]
}

// hinted is true of every name that may be a secret's, and costs little.
func hinted(name string) bool {
	for i := 0; i+3 <= len(name); i++ {
		switch name[i] | 0x20 {
		case 'p': // pass, pwd
			if c := name[i+1] | 0x20; c == 'a' && fold(name[i+2:], "ss") || c == 'w' && name[i+2]|0x20 == 'd' {
				return true
			}
		case 's':
			if fold(name[i+1:], "ecret") {
				return true
			}
		case 't':
			if fold(name[i+1:], "oken") {
				return true
			}
		case 'k':
			if fold(name[i+1:], "ey") {
				return true
			}
		case 'a':
			if fold(name[i+1:], "uth") {
				return true
			}
		case 'c':
			if fold(name[i+1:], "red") {
				return true
			}
		}
	}
	return false
}

// fold reports whether s begins with a text in lower case, in any case.
func fold(s, lower string) bool {
	if len(s) < len(lower) {
		return false
	}
	for i := range len(lower) {
		if s[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// nameWords are the words of a name in lower case, without numbers behind them: DB_PASS2, dbPass and db.pass are db and pass.
func nameWords(name string) (words []string) {
	start := 0
	word := func(end int) {
		if w := strings.TrimRight(name[start:end], "0123456789"); w != "" {
			words = append(words, strings.ToLower(w))
		}
		start = end
	}
	for i := range len(name) {
		switch c := name[i]; {
		case !isLetter(c) && (c < '0' || c > '9') && c < 0x80:
			word(i)
			start = i + 1
		case isUpper(c) && i > start && (!isUpper(name[i-1]) || i+1 < len(name) && isLetter(name[i+1]) && !isUpper(name[i+1])):
			word(i)
		}
	}
	word(len(name))
	return words
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
