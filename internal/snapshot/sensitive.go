package snapshot

import (
	"math"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Class says what a literal value looks like; it stands in the value's place.
type Class string

// The classes, most telling first.
const (
	ClassPrivateKey  Class = "<private-key>"
	ClassAWSKeyID    Class = "<aws-key-id>"
	ClassAWSSecret   Class = "<aws-secret-key>"
	ClassJWT         Class = "<jwt>"
	ClassToken       Class = "<token>" // a token with its issuer's prefix: GitHub, GitLab, Slack, Google, Stripe …
	ClassURLPassword Class = "<url-with-password>"
	ClassNamedSecret Class = "<named-secret>" // nothing to see in the value, but its name says password, secret, token or key
	ClassHighEntropy Class = "<high-entropy>"
	ClassPlain       Class = "<plain>"
)

// shapes are recognised by the value alone.
var shapes = []struct {
	class   Class
	pattern *pattern
}{
	{ClassPrivateKey, newPattern(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)},
	{ClassAWSKeyID, newPattern(`\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b`)},
	{ClassJWT, newPattern(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`)},
	{ClassToken, newPattern(`\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|ya29\.[\w.-]{10,}|AIza[\w-]{30,}|sk_live_\w{16,}|sk-[A-Za-z0-9_-]{20,}|hvs\.[\w-]{20,}|dop_v1_[a-f0-9]{40,}|npm_[A-Za-z0-9]{30,}|k8s-aws-v1\.[\w-]+)`)},
	{ClassURLPassword, newPattern(`[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@`)},
}

var (
	secretName = newPattern(`(?i)(?:^|[_.-])(?:pass|passwd|password|passphrase|pwd|secret|token|apikey|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|auth|authorization)(?:$|[_.-])|(?i:password|passwd|secret|apikey)`)
	awsSecret  = newPattern(`^[A-Za-z0-9/+]{40}$`)
	opaque     = newPattern(`^[A-Za-z0-9+/=_.-]{20,}$`)
	reference  = newPattern(`^\$\([A-Za-z_][A-Za-z0-9_]*\)$`) // to another variable: no value
)

// Classify says what a literal value under a name looks like. The name may be empty.
func Classify(name, value string) Class {
	for _, s := range shapes {
		if s.pattern.MatchString(value) {
			return s.class
		}
	}
	switch {
	case awsSecret.MatchString(value) && entropy(value) > 4:
		return ClassAWSSecret
	case secretName.MatchString(name) && value != "true" && value != "false" && !strings.HasPrefix(value, "/"):
		return ClassNamedSecret // a switch or a path under such a name is no secret
	case opaque.MatchString(value) && entropy(value) > 4.2:
		return ClassHighEntropy
	}
	return ClassPlain
}

// entropy is Shannon's, in bits a character.
func entropy(s string) float64 {
	counts := map[rune]int{}
	for _, r := range s {
		counts[r]++
	}
	h, n := 0.0, float64(len([]rune(s)))
	for _, c := range counts {
		p := float64(c) / n
		h -= p * math.Log2(p)
	}
	return h
}

// Classified returns o with every literal environment value, header of a probe and credential in a command line replaced by
// its class. It changes the object that o points to. Rego, reports and recordings never hold the values themselves.
func Classified(o Object) Object {
	spec := o.PodSpec()
	if spec == nil {
		return o
	}
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
	return o
}

func classifyContainer(c *corev1.Container) {
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

func classifyAction(exec *corev1.ExecAction, get *corev1.HTTPGetAction) {
	if exec != nil {
		classifyArguments(exec.Command)
	}
	if get != nil {
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
	inline = newPattern(`(?i)((?:authorization:\s*(?:bearer|basic|token)\s+)|(?:\b[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\w-]*\s*[=:]\s*["']?)|(?:\s-u\s+["']?[^\s:"']+:))([^\s"'&;]+)`)
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
		return string(ClassPrivateKey) // its end is hard to tell in a script
	}
	for _, s := range shapes {
		text = s.pattern.ReplaceAllString(text, string(s.class))
	}
	text = inline.ReplaceAllStringFunc(text, func(m string) string {
		parts := inline.FindStringSubmatch(m)
		if strings.HasPrefix(parts[2], "$") || strings.HasPrefix(parts[2], "<") {
			return m // a variable, or a class already
		}
		return parts[1] + string(ClassNamedSecret)
	})
	if !strings.ContainsAny(text, " \t\n") && Classify("", text) == ClassHighEntropy && !strings.ContainsAny(text, "/.-_=") {
		return string(ClassHighEntropy)
	}
	return text
}
