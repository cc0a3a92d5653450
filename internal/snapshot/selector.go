package snapshot

import (
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// truth is that of an expression over labels, not all of which need be known.
type truth int8

const (
	no truth = iota
	unclear
	yes
)

// endpoint is what policies select: pods that are alike.
type endpoint struct {
	namespace       string
	namespaceLabels map[string]string // nil where the namespace was not read
	labels          map[string]string
	serviceAccount  string
}

// selector reports whether a policy selects pods.
type selector func(*endpoint) truth

// expression is one over labels, whichever those are.
type expression func(view, *endpoint) truth

// view is how a kind of policy sees the labels of pods: the value, whether there is one, and whether that is known.
type view func(e *endpoint, key string) (value string, has, known bool)

func (x expression) in(v view) selector { return func(e *endpoint) truth { return x(v, e) } }

func both(selectors ...selector) selector {
	return func(e *endpoint) truth {
		t := yes
		for _, s := range selectors {
			t = min(t, s(e))
		}
		return t
	}
}

func allOf(list []expression) expression {
	return func(v view, e *endpoint) truth {
		t := yes
		for _, x := range list {
			if t = min(t, x(v, e)); t == no {
				break
			}
		}
		return t
	}
}

func anyOf(list []expression) expression {
	return func(v view, e *endpoint) truth {
		t := no
		for _, x := range list {
			t = max(t, x(v, e))
		}
		return t
	}
}

func not(x expression) expression { return func(v view, e *endpoint) truth { return yes - x(v, e) } }

// label holds where the label is there and its value is ok.
func label(key string, ok func(string) bool) expression {
	return func(v view, e *endpoint) truth {
		value, has, known := v(e, key)
		switch {
		case !known:
			return unclear
		case has && ok(value):
			return yes
		}
		return no
	}
}

func isIn(key string, values ...string) expression {
	return label(key, func(v string) bool { return slices.Contains(values, v) })
}

// cannotTell stands for what is not understood.
func cannotTell(view, *endpoint) truth { return unclear }

func pods(e *endpoint, key string) (string, bool, bool) {
	value, has := e.labels[key]
	return value, has, true
}

func namespaces(e *endpoint, key string) (string, bool, bool) {
	if key == corev1.LabelMetadataName {
		return e.namespace, true, true
	}
	value, has := e.namespaceLabels[key]
	return value, has, e.namespaceLabels != nil
}

// cilium sees the pods' labels under their names, with or without the source before it, and some more.
// https://docs.cilium.io/en/stable/security/policy/kubernetes/
func cilium(e *endpoint, key string) (string, bool, bool) {
	if source, name, ok := strings.Cut(key, ":"); ok {
		if source != "k8s" && source != "any" {
			return "", false, true // the label of another source, which pods do not have
		}
		key = name
	}
	if name, ok := strings.CutPrefix(key, "io.cilium.k8s.namespace.labels."); ok {
		return namespaces(e, name)
	}
	switch key {
	case "io.kubernetes.pod.namespace":
		return e.namespace, true, true
	case "io.cilium.k8s.policy.serviceaccount":
		return e.serviceAccount, true, true
	case "io.cilium.k8s.policy.cluster":
		return "", true, false
	}
	return pods(e, key)
}

// calico sees the pods' labels, and some that it gives them.
// https://docs.tigera.io/calico/latest/network-policy/get-started/calico-policy/calico-labels
func calico(e *endpoint, key string) (string, bool, bool) {
	switch key {
	case "projectcalico.org/namespace":
		return e.namespace, true, true
	case "projectcalico.org/serviceaccount":
		return e.serviceAccount, true, true
	case "projectcalico.org/orchestrator":
		return "k8s", true, true
	}
	if name, ok := strings.CutPrefix(key, "pcns."); ok {
		return calicoNamespace(e, name)
	}
	if name, ok := strings.CutPrefix(key, "pcsa."); ok {
		return calicoAccount(e, name)
	}
	return pods(e, key)
}

func calicoNamespace(e *endpoint, key string) (string, bool, bool) {
	if key == "projectcalico.org/name" {
		return e.namespace, true, true
	}
	return namespaces(e, key)
}

func calicoAccount(e *endpoint, key string) (string, bool, bool) {
	if key == "projectcalico.org/name" {
		return e.serviceAccount, true, true
	}
	return "", false, false
}

// parseCalico reads Calico's language for selectors.
// https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selectors
func parseCalico(text string) (expression, error) {
	p := &calicoParser{rest: text}
	if p.space(); p.rest == "" {
		return allOf(nil), nil
	}
	x, err := p.or()
	if err == nil && p.rest != "" {
		err = errSelector
	}
	return x, err
}

var errSelector = errors.New("the selector is not understood")

// maxNesting bounds how deep a selector is nested.
const maxNesting = 100

type calicoParser struct {
	rest  string
	depth int
}

func (p *calicoParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take reads the text, if it is what comes.
func (p *calicoParser) take(text string) bool {
	rest, ok := strings.CutPrefix(p.rest, text)
	if ok {
		p.rest = rest
		p.space()
	}
	return ok
}

func (p *calicoParser) or() (expression, error)  { return p.chain("||", p.and, anyOf) }
func (p *calicoParser) and() (expression, error) { return p.chain("&&", p.operation, allOf) }

func (p *calicoParser) chain(operator string, next func() (expression, error), join func([]expression) expression) (expression, error) {
	var parts []expression
	for {
		x, err := next()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, x); !p.take(operator) {
			return join(parts), nil
		}
	}
}

func (p *calicoParser) operation() (expression, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errSelector
	}
	defer func() { p.depth-- }()
	if p.take("!") {
		x, err := p.operation()
		if err != nil {
			return nil, err
		}
		return not(x), nil
	}
	if p.take("(") {
		x, err := p.or()
		if err == nil && !p.take(")") {
			err = errSelector
		}
		return x, err
	}
	name := p.name()
	if name == "" {
		return nil, errSelector
	}
	if p.take("(") {
		return p.call(name)
	}
	return p.comparison(name)
}

func (p *calicoParser) call(function string) (expression, error) {
	argument := p.name()
	if !p.take(")") || (function == "has") != (argument != "") {
		return nil, errSelector
	}
	switch function {
	case "has":
		return label(argument, func(string) bool { return true }), nil
	case "all":
		return allOf(nil), nil
	case "global": // what is in no namespace, as pods never are
		return anyOf(nil), nil
	}
	return nil, errSelector
}

func (p *calicoParser) comparison(key string) (expression, error) {
	negated := false
	switch {
	case p.take("=="):
		return p.value(func(v string) expression { return isIn(key, v) })
	case p.take("!="):
		return p.value(func(v string) expression { return not(isIn(key, v)) })
	case p.take("contains"):
		return p.value(func(v string) expression { return label(key, func(s string) bool { return strings.Contains(s, v) }) })
	case p.take("starts") && p.take("with"):
		return p.value(func(v string) expression { return label(key, func(s string) bool { return strings.HasPrefix(s, v) }) })
	case p.take("ends") && p.take("with"):
		return p.value(func(v string) expression { return label(key, func(s string) bool { return strings.HasSuffix(s, v) }) })
	case p.take("not"):
		negated = true
	}
	if !p.take("in") || !p.take("{") {
		return nil, errSelector
	}
	var values []string
	for !p.take("}") {
		v, ok := p.literal()
		if !ok {
			return nil, errSelector
		}
		values = append(values, v)
		if !p.take(",") && !strings.HasPrefix(p.rest, "}") {
			return nil, errSelector
		}
	}
	if negated {
		return not(isIn(key, values...)), nil
	}
	return isIn(key, values...), nil
}

func (p *calicoParser) value(make func(string) expression) (expression, error) {
	v, ok := p.literal()
	if !ok {
		return nil, errSelector
	}
	return make(v), nil
}

// literal reads a string, which has no escapes.
func (p *calicoParser) literal() (string, bool) {
	if p.rest == "" || p.rest[0] != '"' && p.rest[0] != '\'' {
		return "", false
	}
	text, rest, ok := strings.Cut(p.rest[1:], p.rest[:1])
	p.rest = rest
	p.space()
	return text, ok
}

func (p *calicoParser) name() string {
	end := strings.IndexFunc(p.rest, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_./-", c)
	})
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	p.space()
	return name
}
