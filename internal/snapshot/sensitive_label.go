package snapshot

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// Labels are there to be seen and to be selected by: what Kubernetes makes of a value is whether it is the same as another. So
// that policies and Services go on to select what they do, what becomes of a value depends on the value alone, not on the key
// that it stands under nor on where it stands: a value that has a credential's own shape is given a pseudonym, by which equal
// ones stay equal and different ones differ, and every other stays.

// classifyLabel replaces a label's value, or one that a selector has for it. What cannot be a label's value selects nothing,
// and is replaced as any text.
func classifyLabel(value string) string {
	for i := range len(value) {
		if !nameByte[value[i]] {
			return classifyEntry("", value)
		}
	}
	kind := ""
	redact.Shapes(value, func(of string) string {
		if kind == "" {
			kind = of
		}
		return ""
	})
	if kind == "" && redact.Opaque(value) {
		kind = strings.Trim(string(ClassHighEntropy), "<>")
	}
	if kind == "" {
		return value
	}
	return pseudonym(kind, value)
}

// pseudonyms is the key of this process: who reads a recording cannot try values.
var pseudonyms = func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // it never fails
	return key
}()

// pseudonym is a value that a label may have, and has no credential's shape. That of a pseudonym is never asked for.
func pseudonym(kind, value string) string {
	sum := hmac.New(sha256.New, pseudonyms)
	sum.Write([]byte(value))
	return "masked-" + kind + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
}

// isLabels reports whether a field of a Go type holds values of labels.
func isLabels(of reflect.Type, f reflect.StructField) bool {
	switch f.Name {
	case "Labels", "MatchLabels", "NodeSelector", "Selector":
		return f.Type == reflect.TypeFor[map[string]string]()
	case "Values":
		return f.Type == reflect.TypeFor[[]string]() && strings.HasSuffix(of.Name(), "Requirement")
	}
	return false
}

// classifyLabels replaces values of labels in a map or a list of them.
func classifyLabels(v reflect.Value) {
	switch v := v.Interface().(type) {
	case map[string]string:
		for key, value := range v {
			if safe := classifyLabel(value); safe != value {
				v[key] = safe
			}
		}
	case []string:
		for i, value := range v {
			v[i] = classifyLabel(value)
		}
	}
}

// selectsByLabels reports whether a field of a custom resource holds labels, or selects by them.
func selectsByLabels(field string) bool {
	for _, name := range []string{"labels", "selector"} {
		if at := len(field) - len(name); at >= 0 && fold(field[at:], name) {
			return true
		}
	}
	return false
}

var literals = newPattern(`"[^"]*"|'[^']*'`)

// classifySelector replaces the values in a selector that is a text, as Calico has them: those stand in quotes.
func classifySelector(text string) string {
	return classifyText(literals.ReplaceAllStringFunc(text, func(quoted string) string {
		return quoted[:1] + classifyLabel(quoted[1:len(quoted)-1]) + quoted[len(quoted)-1:]
	}))
}
