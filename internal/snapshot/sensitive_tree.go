package snapshot

import "strings"

// classifyTree replaces the credentials in a custom resource. No Go type tells what its fields are, so that their names and
// values must: what stands under the name of a secret goes whatever it is, but for switches and paths, and so does a
// reference to a Secret by a bare name there. Fields that hold a copy of an object go as a whole.
func classifyTree(m map[string]any) {
	named, _ := first(m, "name", "key").(string)
	for key, value := range m {
		switch value := value.(type) {
		case string:
			if isCopy(value) {
				delete(m, key)
				continue
			}
			name := key
			if key == "value" && named != "" {
				name = named
			}
			m[key] = classifyField(name, value)
		case map[string]any:
			if text, ok := value["value"].(string); ok && secretField(key) {
				value["value"] = classifyEntry(key, text)
			}
			if isLiteral(key) {
				classifyVariables(value)
			}
			classifyTree(value)
		case []any:
			classifyList(key, value)
		case int64, float64:
			if secretField(key) {
				m[key] = string(ClassNamedSecret)
			}
		}
	}
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
		if text, ok := value.(string); ok && text != "" && !reference.MatchString(text) {
			m[name] = string(Classify(name, text))
		}
	}
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

func classifyList(key string, list []any) {
	var args []string
	literal := isLiteral(key)
	for _, item := range list {
		switch item := item.(type) {
		case string:
			args = append(args, item)
		case map[string]any:
			if _, text := item["message"].(string); text && key == "conditions" {
				delete(item, "message")
			}
			if value, ok := item["value"].(string); ok && literal && value != "" && !reference.MatchString(value) {
				name, _ := item["name"].(string)
				item["value"] = string(Classify(name, value))
			}
			classifyTree(item)
		case []any:
			classifyList(key, item)
		}
	}
	classifyArguments(args)
	for i, item := range list {
		if _, ok := item.(string); ok {
			list[i], args = classifyEntry(strings.TrimSuffix(key, "s"), args[0]), args[1:]
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
