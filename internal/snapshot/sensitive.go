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

// classes are all that there are. A value that looks like one and is none is a value.
var classes = func() map[Class]bool {
	m := map[Class]bool{ClassNamedSecret: true, ClassHighEntropy: true, ClassPlain: true}
	for _, kind := range []string{redact.PrivateKey, redact.AWSKeyID, redact.AWSSecret, redact.JWT, redact.Token, redact.URLPassword} {
		m[classOf(kind)] = true
	}
	return m
}()

// classIn is the first class that a text holds, or none.
func classIn(text string) Class {
	const longest = len("<url-with-password>")
	for i := range len(text) {
		if text[i] != '<' {
			continue
		}
		if n := strings.IndexByte(text[i:min(len(text), i+longest)], '>'); n > 0 && classes[Class(text[i:i+n+1])] {
			return Class(text[i : i+n+1])
		}
	}
	return ""
}

var (
	opaque    = newPattern(`^[A-Za-z0-9+/=_.-]{20,}$`)
	reference = newPattern(`^\$\([A-Za-z_][A-Za-z0-9_]*\)$`) // to another variable: no value
	variables = newPattern(`\$(?:\([A-Za-z_][\w.-]*\)|\{[A-Za-z_][\w.-]*\}|[A-Za-z_]\w*|[0-9@*#?])`)
	flagAlone = newPattern(`^--?[\w.-]+$`)
)

// Classify says what a literal value under a name looks like. The name may be empty. A class is of itself: a recorded
// cluster that is read again is the same.
func Classify(name, value string) Class {
	class := classOfValue(name, value)
	if class == ClassPlain && strings.ContainsAny(value, ":= ") && new(command).classifyNamed(value) != value {
		if server, rest, ok := strings.Cut(value, ";"); ok && strings.Contains(server, "=") && strings.Contains(rest, "=") {
			return classOf(redact.URLPassword) // a connection string is an address, too
		}
		return ClassNamedSecret
	}
	return class
}

// classOfValue is Classify without a look at the names that stand in the value.
func classOfValue(name, value string) Class {
	if classes[Class(value)] {
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
	case secretName(name) && !isHarmless(value):
		return ClassNamedSecret
	case opaque.MatchString(value) && redact.Entropy(value) > 4.2:
		return ClassHighEntropy
	}
	return ClassPlain
}

// Classified returns o without what nobody may see of it: every literal environment value and probe header, and each
// credential in a command line, an annotation, an attribute or any other text is replaced by its class. Messages of
// conditions and of containers go as a whole. It changes the object that o points to. Rego, reports and recordings never hold the values themselves.
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
			classifyTree(m, anything)
		}
	case reflect.Struct:
		if i := messageField(v.Type()); i != nil {
			v.FieldByIndex(i).SetString("")
		}
		for _, f := range textFields(v.Type()) {
			f.classify(v.Field(f.index))
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

// classifyMap replaces the values of annotations and of attributes of volumes. A copy of an object, as kubectl apply keeps one
// among the annotations, goes as a whole.
func classifyMap(m map[string]string) {
	for key, value := range m {
		if isCopy(value) {
			delete(m, key)
		} else if safe := classifyEntry(key, value); safe != value {
			m[key] = safe
		}
	}
}

// isCopy reports whether a text is an object of Kubernetes, or several.
func isCopy(text string) bool {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "{"):
		return strings.Contains(text, `"spec"`) || strings.Contains(text, `"apiVersion"`)
	case strings.HasPrefix(text, "["):
		return strings.Contains(text, `"apiVersion"`)
	}
	return hasLine(text, "apiVersion:") && hasLine(text, "kind:")
}

// hasLine reports whether a line begins so.
func hasLine(text, with string) bool {
	return strings.HasPrefix(text, with) || strings.Contains(text, "\n"+with)
}

// classifyEntry replaces the value that stands under a key, which may have a prefix.
func classifyEntry(key, value string) string {
	if value == "" {
		return value
	}
	if secretField(key[strings.LastIndexAny(key, "/:")+1:]) && !isReference(value) {
		if class := classOfValue("password", value); class != ClassPlain {
			return string(class)
		}
	}
	safe := classifyText(value)
	if safe == value && redact.Opaque(value) && opaque.MatchString(value) {
		return string(ClassHighEntropy)
	}
	return safe
}

// messageField is the message of a status: that of a condition, or what a container wrote when it ended. Programs write into
// those what they like, passwords among it, and no check reads them. nil is of other types.
func messageField(t reflect.Type) []int {
	if i, ok := messages.Load(t); ok {
		return i.([]int)
	}
	var index []int
	switch t {
	case reflect.TypeFor[corev1.ContainerStateTerminated](), reflect.TypeFor[corev1.ContainerStateWaiting](), reflect.TypeFor[corev1.PodStatus]():
		f, _ := t.FieldByName("Message")
		index = f.Index
	default:
		if f, ok := t.FieldByName("Message"); ok && strings.HasSuffix(t.Name(), "Condition") && f.Type.Kind() == reflect.String {
			index = f.Index
		}
	}
	messages.Store(t, index)
	return index
}

var messages sync.Map // reflect.Type → []int

// texts are the fields of a type that hold text, at any depth. It is derived from Go types alone.
var texts sync.Map // reflect.Type → []textField

type textField struct {
	index    int
	classify func(reflect.Value)
}

func textFields(t reflect.Type) []textField {
	if known, ok := texts.Load(t); ok {
		return known.([]textField)
	}
	var fields []textField
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && holdsText(f.Type) {
			switch {
			case isLabels(t, f):
				fields = append(fields, textField{i, classifyLabels})
			case f.Name == "MountOptions":
				fields = append(fields, textField{i, func(v reflect.Value) { classifyArguments(v.Interface().([]string)) }})
			default:
				fields = append(fields, textField{i, classifyAll})
			}
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
	classifyArguments(c.Command, c.Args)
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
			name := strings.Trim(parts[1], "?&=:/")
			if name == "sig" || name == "signature" { // of an address that whoever has it may use
				name = "secret"
			}
			if class := Classify(name, parts[2]); class != ClassPlain {
				return parts[1] + string(class) + m[len(parts[1])+len(parts[2]):]
			}
			return m
		})
	}
	return text
}
