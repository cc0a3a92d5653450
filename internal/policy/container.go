package policy

import (
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// containerInput is a container as checks see it: its spec, and what of it several of them would have to look for.
type containerInput struct {
	Name       string            `json:"name"`
	Type       string            `json:"type"` // container, initContainer or ephemeralContainer
	Path       string            `json:"path"` // as in spec.template.spec.containers[0]
	Spec       *corev1.Container `json:"spec"`
	Image      *image            `json:"image"`
	Literals   []literal         `json:"literals"`
	FromSecret []fromSecret      `json:"fromSecret"`
}

// image is what the container's reference to its image pins.
type image struct {
	Tag    string `json:"tag,omitempty"` // latest where the reference has neither tag nor digest: that is what is pulled
	Digest string `json:"digest,omitempty"`
}

// literal is a value in the container's spec that does not look plain, by what it looks like.
type literal struct {
	Path  string `json:"path"`  // in the container
	Field string `json:"field"` // env, command, args, or the probe or hook that runs a command
	Name  string `json:"name"`  // the variable's, or of an argument the word before it
	Class string `json:"class"`
}

// fromSecret is what the environment takes from a Secret.
type fromSecret struct {
	Path   string `json:"path"` // in the container
	Name   string `json:"name"` // the variable's; empty where all of the Secret is taken
	Secret string `json:"secret"`
}

// imageOf is nil where the container has no image, as in a template that something else will fill in.
func imageOf(c *corev1.Container) *image {
	reference, digest, _ := strings.Cut(c.Image, "@")
	if reference == "" {
		return nil
	}
	_, tag, found := strings.Cut(reference[strings.LastIndexByte(reference, '/')+1:], ":") // and not a registry's port
	if !found && digest == "" {
		tag = "latest"
	}
	return &image{tag, digest}
}

func literalsOf(c *corev1.Container) []literal {
	var out []literal
	for i := range c.Env {
		if v := &c.Env[i]; v.Value != "" && v.Value != string(snapshot.ClassPlain) {
			out = append(out, literal{"env[" + strconv.Itoa(i) + "].value", "env", v.Name, v.Value})
		}
	}
	out = literalsIn(out, "command", "command", c.Command)
	out = literalsIn(out, "args", "args", c.Args)
	out = inProbe(out, "livenessProbe", c.LivenessProbe)
	out = inProbe(out, "readinessProbe", c.ReadinessProbe)
	out = inProbe(out, "startupProbe", c.StartupProbe)
	if l := c.Lifecycle; l != nil {
		out = inHook(out, "postStart", l.PostStart)
		out = inHook(out, "preStop", l.PreStop)
	}
	return out
}

func inProbe(out []literal, name string, p *corev1.Probe) []literal {
	if p == nil || p.Exec == nil {
		return out
	}
	return literalsIn(out, name+".exec.command", name, p.Exec.Command)
}

func inHook(out []literal, name string, h *corev1.LifecycleHandler) []literal {
	if h == nil || h.Exec == nil {
		return out
	}
	return literalsIn(out, "lifecycle."+name+".exec.command", name, h.Exec.Command)
}

// inWords finds a class, and the word that it is the value of.
var inWords = regexp.MustCompile(`(?:([^\s=:"']+)(?:=|:?\s+)["']?)?(<[a-z-]+>)`)

// literalsIn appends the classes in the words of a command. What an argument is called stands before it in its word, or is the word before.
func literalsIn(out []literal, path, field string, words []string) []literal {
	for i, word := range words {
		if !strings.Contains(word, "<") {
			continue
		}
		for _, found := range inWords.FindAllStringSubmatch(word, -1) {
			name := found[1]
			if name == "" && i > 0 {
				name = words[i-1]
			}
			out = append(out, literal{path, field, name, found[2]})
		}
	}
	return out
}

func secretsOf(c *corev1.Container) []fromSecret {
	var out []fromSecret
	for i := range c.Env {
		if v := &c.Env[i]; v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			out = append(out, fromSecret{"env[" + strconv.Itoa(i) + "].valueFrom.secretKeyRef", v.Name, v.ValueFrom.SecretKeyRef.Name})
		}
	}
	for i, e := range c.EnvFrom {
		if e.SecretRef != nil {
			out = append(out, fromSecret{"envFrom[" + strconv.Itoa(i) + "].secretRef", "", e.SecretRef.Name})
		}
	}
	return out
}
