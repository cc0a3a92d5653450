// Package clean makes text safe to print to a terminal or a job's log. Names and messages come from whoever may create objects
// in a cluster, or stands for its server.
package clean

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Line shows text on one line. What a terminal would obey is an escape, as in \x1b: control characters, and the marks that
// turn the direction of writing or have no width. So is what a CI service would take for a command in its log: ##vso[ and ##[
// of Azure Pipelines, ##[ and ::name:: of GitHub Actions. Bytes that are no UTF-8 become U+FFFD.
func Line(s string) string {
	return show(strings.Join(strings.Fields(s), " "), "")
}

// Lines is Line for text of several lines, as errors can be: line breaks and tabs stay.
func Lines(s string) string { return show(s, "\n\t") }

func show(s, kept string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) || strings.ContainsRune(kept, r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return unscripted(b.String())
}

// Log is for log records, which escape control characters themselves: it breaks the commands that a CI service would take
// from them. Each write must be whole records. The escapes are those of JSON.
func Log(w io.Writer) io.Writer { return logWriter{w} }

type logWriter struct{ io.Writer }

func (w logWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, unscripted(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// command is the beginning of a command to a CI service. GitHub's must begin a line, but text is wrapped, at signs too. The
// colons of ARNs and IPv6 addresses are not followed by a letter, mostly.
var command = regexp.MustCompile(`##|::[A-Za-z]`)

// unscripted writes the second sign of each as an escape.
func unscripted(s string) string {
	return command.ReplaceAllStringFunc(s, func(found string) string {
		return found[:1] + fmt.Sprintf(`\u%04x`, found[1]) + found[2:]
	})
}
