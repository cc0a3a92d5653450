package redact

import (
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of credential that text gives away by itself.
const (
	PrivateKey  = "private-key"
	AWSKeyID    = "aws-key-id"
	AWSSecret   = "aws-secret-key"
	JWT         = "jwt"
	Token       = "token" // one with its issuer's prefix: GitHub, GitLab, Slack, Google, Stripe …
	URLPassword = "url-with-password"
)

// shapes are the kinds, most telling first. Each match holds one of the marks: looking for those first costs little.
var shapes = []struct {
	kind    string
	marks   []string
	pattern *regexp.Regexp
}{
	{PrivateKey, []string{"-----BEGIN "}, regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`)},
	{AWSKeyID, []string{"AKIA", "ASIA"}, regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{JWT, []string{"eyJ"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`)},
	{
		Token,
		[]string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "ya29.", "AIza", "sk_live_", "sk-", "hvs.", "dop_v1_", "npm_", "k8s-aws-v1."},
		// Words end in sk, and in the rest do not: whatever runs into that, it is taken for a token.
		regexp.MustCompile(`gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|ya29\.[\w.-]+|AIza[\w-]{30,}|sk_live_\w{16,}|` +
			`\bsk-(?:proj-|svcacct-|ant-\w{2,8}-)?\w{20,}|hvs\.[\w-]{20,}|dop_v1_[a-f0-9]{40,}|npm_[A-Za-z0-9]{30,}|k8s-aws-v1\.[\w=-]+`),
	},
	{URLPassword, []string{"@tcp(", "@unix("}, regexp.MustCompile(`[^\s:@/"']+:[^\s@"']+@(?:tcp|unix)\(`)}, // as drivers of Go write it
	{URLPassword, []string{"://"}, regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@"']*:[^/\s@"']+@`)},
}

// starts tells of two bytes whether a mark begins with them.
var starts = func() (t [256][256]bool) {
	for _, s := range shapes {
		for _, m := range s.marks {
			t[m[0]][m[1]] = true
		}
	}
	return t
}()

// Shapes replaces each credential that the text gives away by what replace makes of its kind.
func Shapes(s string, replace func(kind string) string) string {
	for i, of := range marked(s) {
		if of && shapes[i].pattern.MatchString(s) {
			s = shapes[i].pattern.ReplaceAllLiteralString(s, replace(shapes[i].kind))
		}
	}
	var out strings.Builder
	done := 0
	for start := 0; start < len(s); start++ {
		end := start
		for end < len(s) && base64Byte[s[end]] {
			end++
		}
		if end-start == awsSecretLength && Opaque(s[start:end]) {
			out.WriteString(s[done:start])
			out.WriteString(replace(AWSSecret))
			done = end
		}
		start = end
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// awsSecretLength is that of an AWS secret access key, which is base64 and has no other mark.
const awsSecretLength = 40

var base64Byte = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = true
	}
	return t
}()

// marked tells of each shape whether the text holds one of its marks.
func marked(s string) (found [6]bool) {
	for i := 1; i < len(s); i++ {
		if !starts[s[i-1]][s[i]] {
			continue
		}
		for n := range shapes {
			for _, m := range shapes[n].marks {
				found[n] = found[n] || strings.HasPrefix(s[i-1:], m)
			}
		}
	}
	return found
}

// Opaque reports whether a word looks random: 20 characters or more, of all sorts, and no two halves alike.
func Opaque(word string) bool {
	return len(word) >= 20 && strings.ContainsFunc(word, unicode.IsUpper) && strings.ContainsFunc(word, unicode.IsLower) &&
		strings.ContainsFunc(word, unicode.IsDigit) && Entropy(word) > 4
}

// Entropy is Shannon's, in bits a character.
func Entropy(s string) float64 {
	var ascii [utf8.RuneSelf]int
	var others map[rune]int
	n := 0.0
	for _, r := range s {
		if n++; r < utf8.RuneSelf {
			ascii[r]++
			continue
		}
		if others == nil {
			others = map[rune]int{}
		}
		others[r]++
	}
	h := 0.0
	add := func(count int) {
		p := float64(count) / n
		h -= p * math.Log2(p)
	}
	for _, c := range ascii {
		if c > 0 {
			add(c)
		}
	}
	for _, c := range others {
		add(c)
	}
	return h
}

var words = regexp.MustCompile(`[A-Za-z0-9+_-]{20,}={0,2}`)

// Words replaces the words of a text that look random.
func Words(s string, replace func() string) string {
	if len(s) < 20 || !strings.ContainsFunc(s, unicode.IsUpper) {
		return s
	}
	return words.ReplaceAllStringFunc(s, func(word string) string {
		if Opaque(word) {
			return replace()
		}
		return word
	})
}

var quotation = regexp.MustCompile("(mapping key )?(\"(?:[^\"\\\\]|\\\\.){3,}\"|`[^`]{3,}`|'[^']{3,}')")

// Quoted takes the quotations out of the message of a parser or a server: they repeat what was given to it. Names of keys
// that stand twice stay.
func Quoted(s string) string {
	return quotation.ReplaceAllStringFunc(String(s), func(q string) string {
		if strings.HasPrefix(q, "mapping key ") {
			return q
		}
		return q[:1] + "…" + q[len(q)-1:]
	})
}
