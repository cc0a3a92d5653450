package snapshot

import "strings"

// under is what the names above a part of a custom resource say of all that is in it.
type under int

const (
	anything under = iota
	labelled       // values of labels are there
	secrets        // secrets are there, and what is about them
)

// classifyTree replaces the credentials in a custom resource. No Go type tells what its fields are, so that their names and
// values must: what stands under the name of a secret, however deep, goes whatever it is, but for switches, paths and what
// is about the secret, and so does a reference to a Secret by a bare name there. Fields that hold a copy of an object go as a whole.
func classifyTree(m map[string]any, is under) {
	named, _ := first(m, "name", "key").(string)
	pair := named != "" && secretField(named)
	for key, value := range m {
		switch value := value.(type) {
		case string:
			switch {
			case isCopy(value):
				delete(m, key)
			case is == labelled:
				m[key] = classifyLabel(value)
			case selectsByLabels(key):
				m[key] = classifySelector(value)
			case is == secrets && !aboutSecret(m, key):
				m[key] = classifyField("password", value)
			case named != "" && key == "value" || pair && isValue(key):
				m[key] = classifyField(named, value)
			default:
				m[key] = classifyField(key, value)
			}
		case map[string]any:
			if isLiteral(key) {
				classifyVariables(value)
			}
			classifyTree(value, of(m, key, is, pair))
		case []any:
			if key == "values" && m["key"] != nil && m["operator"] != nil {
				classifyList(key, value, labelled)
				continue
			}
			classifyList(key, value, of(m, key, is, pair))
		case int64, float64:
			if secretField(key) || is == secrets && !aboutSecret(m, key) {
				m[key] = string(ClassNamedSecret)
			}
		}
	}
}

// of is what is in the map or list that stands under a key of m.
func of(m map[string]any, key string, is under, pair bool) under {
	switch {
	case selectsByLabels(key):
		return labelled
	case secretFields(key), pair && isValue(key), is == secrets && !aboutSecret(m, key):
		return secrets
	}
	return anything
}

// secretFields is secretField for what holds several: credentials, apiKeys, secretData, and the stringData of a Secret.
func secretFields(key string) bool {
	if key == "stringData" || secretField(key) || secretField(strings.TrimSuffix(key, "s")) {
		return true
	}
	if !hinted(key) {
		return false
	}
	words := nameWords(key)
	for i := range len(words) - 1 {
		if holders[words[len(words)-1]] && words[i] != "auth" && secretWord(words, i) {
			return true
		}
	}
	return false
}

var (
	holders = set("config", "content", "contents", "data", "entries", "items", "list", "literals", "map", "parameters", "params", "values")
	// valueWords are what the value of a pair is called at its end, beside its name.
	valueWords = set("content", "contents", "data", "default", "val", "value")
	// aboutFields are the fields that tell about a secret, beside those that names of secrets end in.
	aboutFields = set("format", "from", "group", "kind", "optional", "provider", "reference", "seconds", "source")
)

func isValue(key string) bool {
	words := nameWords(key)
	return len(words) > 0 && valueWords[words[len(words)-1]]
}

// aboutSecret reports whether a field of a map that holds secrets tells about one: whose it is, or where. A key is one in a
// Secret or the name of a value, where those stand beside it.
func aboutSecret(m map[string]any, key string) bool {
	if key == "key" {
		return first(m, "name", "value", "path", "property") != nil
	}
	words := nameWords(key)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	return about[last] || aboutFields[last]
}

func classifyField(name, value string) string {
	if name == "image" {
		value = classifyImage(value)
	}
	return classifyEntry(name, value)
}

// classifyVariables replaces the values of an environment that is written as a map.
func classifyVariables(m map[string]any) {
	for name, value := range m {
		switch value := value.(type) {
		case string:
			m[name] = classifyVariable(name, value)
		case map[string]any:
			if text, ok := value["value"].(string); ok {
				value["value"] = classifyVariable(name, text)
			}
		}
	}
}

func classifyVariable(name, value string) string {
	if value == "" || reference.MatchString(value) {
		return value
	}
	return string(Classify(name, value))
}

// isLiteral reports whether nobody may see the values of a list or map of this name, as in pods: env, extraEnv, envVars, httpHeaders.
func isLiteral(key string) bool {
	if key == "httpHeaders" {
		return true
	}
	words := nameWords(key)
	if n := len(words); n > 1 && (words[n-1] == "vars" || words[n-1] == "variables") {
		words = words[:n-1]
	}
	last := ""
	if n := len(words); n > 0 {
		last = words[n-1]
	}
	return last == "env" || last == "envs" || last == "environment"
}

func classifyList(key string, list []any, is under) {
	var args []string
	literal := isLiteral(key)
	for i, item := range list {
		switch item := item.(type) {
		case string:
			if isCopy(item) {
				item = ""
			}
			if name, value, ok := strings.Cut(item, "="); ok && literal {
				item = name + "=" + classifyVariable(name, value)
			}
			list[i] = item
			args = append(args, item)
		case map[string]any:
			if _, text := item["message"].(string); text && key == "conditions" {
				delete(item, "message")
			}
			if value, ok := item["value"].(string); ok && literal {
				name, _ := item["name"].(string)
				item["value"] = classifyVariable(name, value)
			}
			classifyTree(item, is)
		case []any:
			classifyList(key, item, is)
		}
	}
	name := strings.TrimSuffix(key, "s")
	switch is {
	case labelled:
		for i, item := range list {
			if value, ok := item.(string); ok {
				list[i] = classifyLabel(value)
			}
		}
		return
	case secrets:
		name = "password"
	}
	classifyArguments(args)
	for i, item := range list {
		switch item.(type) {
		case string:
			list[i], args = classifyEntry(name, args[0]), args[1:]
		case int64, float64:
			if is == secrets {
				list[i] = string(ClassNamedSecret)
			}
		}
	}
}

func first(m map[string]any, keys ...string) any {
	for _, key := range keys {
		if v, ok := m[key]; ok {
			return v
		}
	}
	return nil
}
