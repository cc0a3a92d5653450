package snapshot

import (
	"reflect"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// Class says what a literal value looks like; it stands in the value's place.
type Class string

// The classes beside those of package redact, most telling first.
const (
	ClassNamedSecret Class = "<named-secret>" // nothing to see in the value, but its name says password, secret, token or key
	ClassHighEntropy Class = "<high-entropy>"
	ClassPlain       Class = "<plain>"
)

// classOf is the class of a credential that its text gives away, of a kind of package redact.
func classOf(kind string) Class { return Class("<" + kind + ">") }

func mark(kind string) string { return string(classOf(kind)) }

var (
	secretName = newPattern(`(?i)(?:^|[_.-])(?:pass|passwd|password|passphrase|pwd|secret|token|apikey|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|auth|authorization)(?:$|[_.-])|(?i:password|passwd|secret|apikey)`)
	opaque     = newPattern(`^[A-Za-z0-9+/=_.-]{20,}$`)
	reference  = newPattern(`^\$\([A-Za-z_][A-Za-z0-9_]*\)$`) // to another variable: no value
	marked     = newPattern(`^<[a-z-]+>$`)
)

// Classify says what a literal value under a name looks like. The name may be empty. A class is of itself: a recorded
// cluster that is read again is the same.
func Classify(name, value string) Class {
	if marked.MatchString(value) {
		return Class(value)
	}
	var class Class
	redact.Shapes(value, func(kind string) string {
		if class == "" {
			class = classOf(kind)
		}
		return ""
	})
	switch {
	case class != "":
		return class
	case secretName.MatchString(name) && value != "true" && value != "false" && !strings.HasPrefix(value, "/"):
		return ClassNamedSecret // a switch or a path under such a name is no secret
	case opaque.MatchString(value) && redact.Entropy(value) > 4.2:
		return ClassHighEntropy
	}
	return ClassPlain
}

// Classified returns o without what nobody may see of it: every literal environment value and probe header, and each
// credential in a command line, an annotation, an attribute or any other text is replaced by its class. It changes the
// object that o points to. Rego, reports and recordings never hold the values themselves.
func Classified(o Object) Object {
	if spec := o.PodSpec(); spec != nil {
		for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
			for i := range list {
				classifyContainer(&list[i])
			}
		}
		for i := range spec.EphemeralContainers {
			c := corev1.Container(spec.EphemeralContainers[i].EphemeralContainerCommon)
			classifyContainer(&c)
			spec.EphemeralContainers[i].EphemeralContainerCommon = corev1.EphemeralContainerCommon(c)
		}
	}
	classifyAll(reflect.ValueOf(o.Value))
	return o
}

// classifyAll replaces the credentials in every text that v holds, wherever that is.
func classifyAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			classifyAll(v.Elem())
		}
	case reflect.String:
		if s := v.String(); len(s) >= shortest {
			if safe := classifyString(s); safe != s {
				v.SetString(safe)
			}
		}
	case reflect.Slice:
		if holdsText(v.Type()) {
			for i := range v.Len() {
				classifyAll(v.Index(i))
			}
		}
	case reflect.Map:
		switch m := v.Interface().(type) {
		case map[string]string:
			classifyMap(m)
		case map[string]any:
			classifyTree(m)
		}
	case reflect.Struct:
		for _, i := range textFields(v.Type()) {
			classifyAll(v.Field(i))
		}
	}
}

// shortest is the length of the shortest text that may hold a credential: a URL with a password of one letter.
const shortest = len("a://:p@")

func classifyString(s string) string {
	url := strings.Contains(s, "://")
	if s = redact.Shapes(s, mark); url { // a web hook's address may be all that it asks for
		s = redact.Words(classifyURLs(s), func() string { return string(ClassHighEntropy) })
	}
	return s
}

// classifyMap replaces the values of labels, annotations, and attributes of volumes. Those of labels select objects by
// being alike, and stay alike. A copy of an object, as kubectl apply keeps one among the annotations, goes as a whole.
func classifyMap(m map[string]string) {
	for key, value := range m {
		if isCopy(value) {
			delete(m, key)
		} else if safe := classifyEntry(key, value); safe != value {
			m[key] = safe
		}
	}
}

// isCopy reports whether a text is an object of Kubernetes.
func isCopy(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") && (strings.Contains(text, `"spec"`) || strings.Contains(text, `"apiVersion"`))
}

// classifyEntry replaces the value that stands under a key, which may have a prefix.
func classifyEntry(key, value string) string {
	if redact.SecretName(key[strings.LastIndexAny(key, "/:")+1:]) && Classify("password", value) == ClassNamedSecret {
		return string(ClassNamedSecret)
	}
	safe := classifyText(value)
	if safe == value && redact.Opaque(value) && opaque.MatchString(value) {
		return string(ClassHighEntropy)
	}
	return safe
}

// texts are the fields of a type that hold text, at any depth. It is derived from Go types alone.
var texts sync.Map // reflect.Type → []int

func textFields(t reflect.Type) []int {
	if known, ok := texts.Load(t); ok {
		return known.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && holdsText(f.Type) {
			fields = append(fields, i)
		}
	}
	texts.Store(t, fields)
	return fields
}

func holdsText(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		return true
	case reflect.Pointer, reflect.Slice:
		return holdsText(t.Elem())
	case reflect.Map:
		return t == reflect.TypeFor[map[string]string]() || t == reflect.TypeFor[map[string]any]()
	case reflect.Struct:
		switch t {
		case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime](), reflect.TypeFor[resource.Quantity]():
			return false
		}
		return len(textFields(t)) > 0
	}
	return false
}

func classifyContainer(c *corev1.Container) {
	c.Image = classifyImage(c.Image)
	for i := range c.Env {
		if e := &c.Env[i]; e.Value != "" && !reference.MatchString(e.Value) {
			e.Value = string(Classify(e.Name, e.Value))
		}
	}
	classifyArguments(c.Command)
	classifyArguments(c.Args)
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p != nil {
			classifyAction(p.Exec, p.HTTPGet)
		}
	}
	if l := c.Lifecycle; l != nil {
		for _, h := range []*corev1.LifecycleHandler{l.PostStart, l.PreStop} {
			if h != nil {
				classifyAction(h.Exec, h.HTTPGet)
			}
		}
	}
}

func classifyImage(image string) string {
	if user, rest, ok := strings.Cut(image, "@"); ok && !strings.HasPrefix(rest, "sha") {
		return string(Classify("password", user)) + "@" + rest // no digest: a user, and a password
	}
	return image
}

func classifyAction(exec *corev1.ExecAction, get *corev1.HTTPGetAction) {
	if exec != nil {
		classifyArguments(exec.Command)
	}
	if get != nil {
		get.Path = classifyURLs(get.Path)
		for i := range get.HTTPHeaders {
			h := &get.HTTPHeaders[i]
			h.Value = string(Classify(h.Name, h.Value))
		}
	}
}

var (
	// flagValue is --flag=value, and NAME=value.
	flagValue = newPattern(`^(--?[\w.-]+|[A-Za-z_]\w*)=(.+)$`)
	flagAlone = newPattern(`^--?[\w.-]+$`)
	// inline is a credential inside a longer text, as in a shell script: Authorization headers, -u user:password, password=…
	inline = newPattern(`(?i)((?:authorization["']?[:\s]\s*["']?(?:bearer|basic|token)\s+)|(?:\b[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\w-]*["']?\s*[=:]\s*["']?)|(?:\s-u\s+["']?[^\s:"']+:))([^\s"'&;]+)`)
)

func classifyArguments(args []string) {
	for i, arg := range args {
		script := strings.ContainsAny(arg, " \t\n") // its parts are looked at one by one
		m := flagValue.FindStringSubmatch(arg)
		switch {
		case m != nil && !reference.MatchString(m[2]) && (!script || secretName.MatchString(m[1]) && m[1][0] == '-'):
			if class := Classify(m[1], m[2]); class != ClassPlain {
				args[i] = m[1] + "=" + string(class)
				continue
			}
		case i > 0 && flagAlone.MatchString(args[i-1]) && arg != "" && arg[0] != '-' && !reference.MatchString(arg) && (!script || secretName.MatchString(args[i-1])):
			if class := Classify(args[i-1], arg); class != ClassPlain {
				args[i] = string(class)
				continue
			}
		}
		args[i] = classifyText(arg)
	}
}

// classifyText replaces the credentials inside a longer text.
func classifyText(text string) string {
	if strings.Contains(text, "PRIVATE KEY-----") {
		return mark(redact.PrivateKey) // its end is hard to tell in a script
	}
	text = classifyURLs(redact.Shapes(text, mark))
	if !strings.ContainsAny(text, ":= ") {
		return redact.Words(text, func() string { return string(ClassHighEntropy) })
	}
	text = inline.ReplaceAllStringFunc(text, func(m string) string {
		parts := inline.FindStringSubmatch(m)
		if strings.HasPrefix(parts[2], "$") || strings.HasPrefix(parts[2], "<") {
			return m // a variable, or a class already
		}
		return parts[1] + string(ClassNamedSecret)
	})
	return redact.Words(text, func() string { return string(ClassHighEntropy) })
}

var (
	userinfo  = newPattern(`(://)([^/\s:@"'<]+)@`)
	parameter = newPattern(`([?&][^=&#\s"']+=)([^&#\s"'<$]+)`)
)

// classifyURLs replaces the credentials in the URLs of a text: users that are tokens, and parameters.
func classifyURLs(text string) string {
	for _, p := range []*pattern{userinfo, parameter} {
		if !strings.ContainsAny(text, "?@") {
			return text
		}
		text = p.ReplaceAllStringFunc(text, func(m string) string {
			parts := p.FindStringSubmatch(m)
			if class := Classify(strings.Trim(parts[1], "?&=:/"), parts[2]); class != ClassPlain {
				return parts[1] + string(class) + m[len(parts[1])+len(parts[2]):]
			}
			return m
		})
	}
	return text
}
