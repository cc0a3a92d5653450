package snapshot

import (
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// classifyText replaces the credentials inside a longer text.
func classifyText(text string) string { return new(command).classifyText(text) }

// command is what is known of a command line that is gone through word by word.
type command struct {
	program string // the last one that was named and has forms
	flag    string // the word before, if it is a flag without a value
	words   int    // the number of words up to a secret, with it
}

// classifyArguments replaces the credentials in the arguments of one command, which may come as several lists.
func classifyArguments(lists ...[]string) {
	var c command
	for _, args := range lists {
		for i, arg := range args {
			args[i] = c.argument(arg)
		}
	}
}

// argument replaces the credentials in one argument. What a secret's flag gives is all of it, whatever is in it.
func (c *command) argument(arg string) string {
	before := c.flag
	c.flag = ""
	name, value, cut := cutFlag(arg)
	if c.words > 0 && !isFlag(arg) {
		if c.words--; c.words == 0 && arg != "" && !cut && !isReference(arg) {
			if class := classOfValue("password", arg); class != ClassPlain {
				return string(class)
			}
		}
	}
	script := strings.ContainsAny(arg, " \t\n") // its parts are looked at one by one
	if !script {
		c.name(arg[strings.LastIndexByte(arg, '/')+1:])
		if flagAlone.MatchString(arg) {
			c.flag = arg
		}
		if f, at, ok := c.form(arg); ok && f.words() {
			c.words = f.skip + 1
		} else if ok && at < len(arg) {
			c.flag = ""
			if n := f.secret(arg[at:]); n >= 0 && !isReference(arg[at+n:]) {
				if class := classOfValue("password", arg[at+n:]); class != ClassPlain {
					return arg[:at+n] + string(class)
				}
			}
		}
	}
	if cut && !isReference(value) && (!script || name[0] == '-') {
		switch user := c.userFlag(name); {
		case user != 0 && userOf(value, user) > 0:
			return name + "=" + value[:userOf(value, user)] + string(ClassNamedSecret)
		case script && !secretName(name):
		default:
			if class := classOfValue(name, value); class != ClassPlain {
				return name + "=" + string(class)
			}
		}
	}
	if before != "" && arg != "" && !isFlag(arg) && !isReference(arg) {
		switch user := c.userFlag(before); {
		case c.secretFlag(before):
			if class := classOfValue("password", arg); class != ClassPlain {
				return string(class)
			}
		case user != 0 && userOf(arg, user) > 0:
			return arg[:userOf(arg, user)] + string(ClassNamedSecret)
		case !script:
			if class := classOfValue("", arg); class != ClassPlain {
				return string(class)
			}
		}
	}
	return c.classifyText(arg)
}

// cutFlag cuts --flag=value and NAME=value.
func cutFlag(arg string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(arg, "=")
	if !ok || name == "" || value == "" {
		return "", "", false
	}
	for i := range len(name) {
		if !nameByte[name[i]] {
			return "", "", false
		}
	}
	return name, value, true
}

func (c *command) classifyText(text string) string {
	if strings.Contains(text, "PRIVATE KEY-----") {
		return mark(redact.PrivateKey) // its end is hard to tell in a script
	}
	text = classifyURLs(redact.Shapes(text, mark))
	if strings.ContainsAny(text, ":= \"") {
		text = c.classifyNamed(text)
	}
	return redact.Words(text, func() string { return string(ClassHighEntropy) })
}

// nameByte are the bytes of names and flags.
var nameByte = func() (t [256]bool) {
	for c := range t {
		t[c] = isLetter(byte(c)) || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
	}
	return t
}()

// classifyNamed replaces what the text gives a secret's name: name=value, name: value, "name": "value", --name value.
func (c *command) classifyNamed(text string) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(text); {
		if !nameByte[text[i]] {
			switch text[i] {
			case ';', '|', '&':
				c.program = ""
			case '\n':
				if i == 0 || text[i-1] != '\\' {
					c.program = ""
				}
			}
			i++
			continue
		}
		start := i
		for i < len(text) && nameByte[text[i]] {
			i++
		}
		from, to := c.secret(text, start, i)
		if from >= to {
			continue
		}
		class := ClassNamedSecret
		if value := text[from:to]; strings.Contains(value, "<") {
			if known := classIn(value); string(known) == value {
				i = to
				continue // it was replaced before
			} else if known != "" {
				class = known
			}
		}
		out.WriteString(text[done:from])
		out.WriteString(string(class))
		done, i = to, to
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// secret is the place of the secret that the name in text[start:end] is given, empty if there is none.
func (c *command) secret(text string, start, end int) (from, to int) {
	name := text[start:end]
	flag := name[0] == '-' && bounded(text, start)
	if end == len(text) || strings.IndexByte(" \t\n\"'\\,", text[end]) >= 0 {
		c.name(name) // and not a part of an address
	}
	if f, at, ok := c.form(name); ok && f.words() {
		return f.behind(text, end)
	} else if ok && at < len(name) && flag {
		return f.place(text, start+at)
	}
	if flag && len(name) > 1 && end < len(text) && (text[end] == '"' || text[end] == '\'') && (start == 0 || text[start-1] != text[end]) {
		if f, at, ok := c.form(name + "…"); ok && at == len(name) { // quotes do not part
			return f.place(text, end)
		}
	}
	if end == len(text) {
		return 0, 0
	}
	if isAuthorization(name) {
		return authorization(text, start, end)
	}
	at, quoted := skipQuote(text, end)
	gap := at
	at = skipBlank(text, at)
	if at == len(text) {
		return 0, 0
	}
	separator := text[at]
	switch {
	case start > 0 && text[start-1] == '$' || start > 1 && text[start-2:start] == "${":
		return byDefault(text, start, end)
	case separator == '=' || separator == ':':
		user := flag && userName(name)
		if !user && !secretName(name) || isComparison(text, at) || separator == ':' && !quoted && isAddress(text, start, at) {
			return 0, 0
		}
		whole := startsLine(text, start) && (separator == ':' || at > gap)
		if user {
			return passwordAt(text[:min(len(text), at+maxHarmless)], at+1, separator, ':')
		}
		from, to = valueAt(text, at+1, separator, whole, quoted)
	case flag && (at > gap || quoted && separator == ','):
		if quoted && separator == ',' {
			at++
		}
		if user := c.userFlag(name); user != 0 {
			return passwordAt(text[:min(len(text), at+maxHarmless)], at, 0, user)
		}
		if !c.secretFlag(name) {
			return 0, 0
		}
		if from, to = valueAt(text, at, 0, false, false); isFlag(text[from:to]) {
			return 0, 0
		}
	case at > gap && gap == end && takesNext(text, start, name, separator):
		from, to = valueAt(text, at, 0, false, false)
	default:
		return 0, 0
	}
	return from, unless(text, from, to)
}

// passwordAt is the place of the password in a user:password that begins at or behind a place. It may be quoted alone.
func passwordAt(text string, at int, separator, user byte) (from, to int) {
	from, to = valueAt(text, at, separator, false, false)
	if to > from+1 && text[to-1] == user && to < len(text) && (text[to] == '"' || text[to] == '\'') && text[from-1] != text[to] {
		from, to = valueAt(text, to, 0, false, false)
		return from, unless(text, from, to)
	}
	if n := userOf(text[from:to], user); n > 0 {
		return from + n, to
	}
	return 0, 0
}

// maxHarmless bounds what is looked at and stays, in bytes. It stays in the text and is looked at again within what follows:
// without a bound, the time for texts made for it would grow with their square.
const maxHarmless = 1 << 10

// unless is to, or from where what stands between is no value: a variable, a switch, a path.
func unless(text string, from, to int) int {
	if value := text[from:to]; value == "" || len(value) <= maxHarmless && (isReference(value) || isHarmless(value)) {
		return from
	}
	return to
}

// byDefault is the value that a shell takes where a variable is not set: ${DB_PASSWORD:-value}.
func byDefault(text string, start, end int) (from, to int) {
	rest := text[end:]
	if text[start-1] == '$' || !secretName(text[start:end]) {
		return 0, 0
	}
	for _, operator := range []string{":-", ":=", "-", "="} {
		if strings.HasPrefix(rest, operator) {
			from = end + len(operator)
			return from, unless(text, from, from+lengthTo(text[from:], "}\n"))
		}
	}
	return 0, 0
}

// valueAt is the place of the value that begins at or behind a place: what stands in quotes, or a word, or the line where
// the value is whole. Behind a separator nothing but blanks may come before it. json is true for a value without quotes
// whose name has them.
func valueAt(text string, at int, separator byte, whole, json bool) (from, to int) {
	if separator != 0 && at < len(text) && (text[at] == '>' && separator == '=' || text[at] == '=' && separator == ':') {
		at++ // => and :=
	}
	at = skipBlank(text, at)
	if at == len(text) || text[at] == '\n' || text[at] == '\r' {
		return at, at
	}
	if separator == ':' {
		switch text[at] {
		case '{', '[':
			return at, at // more names
		case '|', '>':
			if from, to = blockAt(text, at); from < to {
				return from, to
			}
		}
	}
	escaped := false
	for at < len(text) && text[at] == '\\' {
		escaped, at = true, at+1
	}
	if at == len(text) {
		return at, at
	}
	if quote := text[at]; quote == '"' || quote == '\'' {
		from = at + 1
		for to = from; to < len(text) && text[to] != quote; to++ {
			if text[to] == '\\' {
				if escaped {
					break
				}
				to++
			}
		}
		return from, min(to, len(text))
	}
	if from = at; whole {
		return from, from + lengthTo(text[from:], "\r\n")
	}
	if json {
		return from, from + lengthTo(text[from:], " \t\r\n,}]")
	}
	return from, wordEnd(text, from)
}

// blockAt is a block of YAML: the lines below that are further in than the one with its name.
func blockAt(text string, at int) (from, to int) {
	n := 1
	for at+n < len(text) && strings.IndexByte("+-0123456789 \t\r", text[at+n]) >= 0 {
		n++
	}
	if at+n == len(text) || text[at+n] != '\n' {
		return at, at
	}
	indent := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	above := indent(text[strings.LastIndexByte(text[:at], '\n')+1 : at])
	from = at + n + 1
	to = from
	for line := range strings.Lines(text[from:]) {
		if strings.TrimSpace(line) != "" && indent(line) <= above {
			break
		}
		to += len(line)
	}
	block := text[from:to]
	return from + indent(block), from + len(strings.TrimRight(block, " \t\r\n"))
}

func wordEnd(text string, from int) int {
	return from + lengthTo(text[from:], " \t\r\n\"'`&;|")
}

// skipBlank skips blanks, and ends of lines that a backslash takes away.
func skipBlank(text string, at int) int {
	for at < len(text) {
		switch {
		case text[at] == ' ' || text[at] == '\t':
			at++
		case strings.HasPrefix(text[at:], "\\\n"):
			at += 2
		default:
			return at
		}
	}
	return at
}

// skipQuote skips the end of a quotation, which may be one in another.
func skipQuote(text string, at int) (int, bool) {
	end := at
	for end < len(text) && text[end] == '\\' {
		end++
	}
	if end < len(text) && (text[end] == '"' || text[end] == '\'') {
		return end + 1, true
	}
	return at, false
}

// bounded reports whether a word begins there.
func bounded(text string, at int) bool {
	return at == 0 || strings.IndexByte(" \t\n\"'`[(,=", text[at-1]) >= 0
}

// startsLine reports whether nothing but blanks and the dash of a list stands before a place in its line.
func startsLine(text string, at int) bool {
	for at > 0 && strings.IndexByte(" \t-", text[at-1]) >= 0 {
		at--
	}
	return at == 0 || text[at-1] == '\n'
}

// isComparison reports whether the separator compares what it stands between, as in a selector.
func isComparison(text string, at int) bool {
	if at > 0 && strings.IndexByte("!<>=", text[at-1]) >= 0 {
		return true
	}
	if at+1 == len(text) {
		return false
	}
	next := text[at+1]
	return text[at] == '=' && (next == '=' || next == '~') || text[at] == ':' && next == ':'
}

// isAddress reports whether the colon after a word is that of an image's tag or of a port.
func isAddress(text string, start, colon int) bool {
	if colon+1 == len(text) || strings.IndexByte(" \t", text[colon+1]) >= 0 {
		return false
	}
	if start > 0 && text[start-1] == '/' {
		return true
	}
	n := colon + 1
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	digits := n - colon - 1
	name := strings.ToLower(text[start:colon])
	return digits >= 2 && digits <= 5 && (n == len(text) || !nameByte[text[n]]) && !strings.Contains(name, "pass") && !strings.Contains(name, "pwd")
}

// takesNext reports whether a name that is no flag is given what stands behind it: in files of Redis, in SQL, and in the
// headers that a proxy sets.
func takesNext(text string, start int, name string, next byte) bool {
	by := len(name) == len("by") && fold(name, "by")
	if !by && !hinted(name) {
		return false
	}
	before := strings.TrimRight(text[:start], " \t")
	switch {
	case strings.HasSuffix(before, "_header"), strings.HasSuffix(before, "-header"):
		return secretName(name)
	case len(name) == len("requirepass") && fold(name, "requirepass"), len(name) == len("masterauth") && fold(name, "masterauth"):
		return true
	case next != '\'':
		return false
	}
	return len(name) == len("password") && fold(name, "password") ||
		by && len(before) >= len("identified") && fold(before[len(before)-len("identified"):], "identified")
}

// isAuthorization reports whether a name is that of the header.
func isAuthorization(name string) bool {
	const header = "authorization"
	return len(name) >= len(header) && fold(name[len(name)-len(header):], header) && name[0] != '-'
}

// schemes are followed by one word. Others are followed by several.
var schemes = set("apikey", "api-key", "basic", "bearer", "key", "negotiate", "token")

// authorization is the place of the credential in an Authorization header: what stands behind the scheme, if there is one.
func authorization(text string, start, end int) (from, to int) {
	at := end
	for at < len(text) && strings.IndexByte(" \t\"'\\:=,", text[at]) >= 0 {
		at++
	}
	given := strings.ContainsAny(text[end:at], ":=") && !(start > 0 && strings.IndexByte("${", text[start-1]) >= 0) && !strings.Contains(text[end:at], "==")
	last := at
	for last < len(text) && nameByte[text[last]] {
		last++
	}
	behind := last
	for behind < len(text) && (text[behind] == ' ' || text[behind] == '\t') {
		behind++
	}
	one := schemes[strings.ToLower(text[at:last])]
	if !one && !given || at == len(text) || text[at] == '\n' {
		return 0, 0
	}
	switch {
	case behind > last && behind < len(text) && strings.IndexByte("\r\n\"'", text[behind]) < 0:
		if from = behind; one {
			to = from + lengthTo(text[from:], " \t\r\n\"',;")
		} else {
			to = from + lengthTo(text[from:], "\r\n"+around(text, start, end, at))
		}
	case given && !one:
		from, to = at, wordEnd(text, at)
	default:
		return 0, 0
	}
	return from, unless(text, from, to)
}

// around is the quotation mark that a header's value ends with: its own, or that of the whole header.
func around(text string, start, end, at int) string {
	if n := strings.LastIndexAny(text[end:at], "\"'"); n >= 0 {
		return text[end+n : end+n+1]
	}
	if start > 0 && (text[start-1] == '"' || text[start-1] == '\'') {
		return text[start-1 : start]
	}
	return ""
}

// lengthTo is the length of a text up to one of the bytes.
func lengthTo(text, stop string) int {
	if n := strings.IndexAny(text, stop); n >= 0 {
		return n
	}
	return len(text)
}

// userOf is the length of the user and the colon, or what stands for it, before a password, 0 if there is no password.
func userOf(value string, colon byte) int {
	at := strings.IndexByte(value, colon)
	if at < 0 {
		return 0
	}
	user, password := value[:at], value[at+1:]
	numbers := strings.Trim(user+password, "0123456789") == "" // of a user and a group
	if user == "" || user[0] == '+' || password == "" || strings.HasPrefix(password, "//") || numbers || isReference(password) || classes[Class(password)] {
		return 0
	}
	return len(user) + 1
}

// isFlag reports whether a word behind a flag is another one, and not the value of the first: --name, -n, -name, -name=value.
func isFlag(word string) bool {
	if word == "" || word[0] != '-' {
		return false
	}
	long := strings.HasPrefix(word, "--")
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if name == "" {
		return true // an end of flags, or standard input
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && (i == 0 || !nameByte[c] || !long && c >= '0' && c <= '9') {
			return false
		}
	}
	return true
}

// isReference reports whether a value is made of variables, or of what a command prints.
func isReference(value string) bool {
	if value == "" || value[0] != '$' && !strings.HasPrefix(value, "{{") && value[0] != '%' {
		return false
	}
	switch {
	case value[0] == '{':
		return true
	case value[0] == '%':
		return len(value) == 2
	case strings.HasPrefix(value, "$(") && (strings.HasSuffix(value, ")") && strings.ContainsAny(value, " \t") || !strings.Contains(value, ")")):
		return true
	}
	return strings.Trim(variables.ReplaceAllString(value, ""), ":/@._-,") == ""
}

// switches are no secrets under any name.
var switches = set("true", "false", "yes", "no", "on", "off", "none", "null", "nil")

// isHarmless reports whether a value is none of a secret under any name: a switch, or where a secret is.
func isHarmless(value string) bool {
	return len(value) <= len("false") && switches[strings.ToLower(value)] || isPath(value) ||
		strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:")
}

// isPath reports whether a value is a path, and not a password that begins with a slash.
func isPath(value string) bool {
	if value == "" || value[0] != '/' || strings.ContainsAny(value, " \t\n\"'") {
		return false
	}
	folders := strings.Split(value[1:], "/")
	if slices.ContainsFunc(folders, redact.Opaque) {
		return false
	}
	last := folders[len(folders)-1]
	return len(folders) > 1 || endings[last[strings.LastIndexByte(last, '.')+1:]]
}

// endings are those of files that stand at the root of a container.
var endings = set("cfg", "conf", "config", "crt", "env", "json", "key", "pem", "token", "toml", "txt", "yaml", "yml")
