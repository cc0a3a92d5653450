package sdk

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Target names one cluster, as in eks://us-east-1/prod?profile=audit.
type Target struct {
	Provider string
	// Name is the target as the user wrote it, without its parameters: what messages call it.
	Name string
	// Path holds the segments of the path by the names in Info.Path.
	Path map[string]string
	// Params holds the declared parameters by name, defaults filled in. One that is not set and has no default is not there.
	Params map[string]string
	// Secrets holds the declared parameters that are secret.
	Secrets map[string]Secret
}

// SplitTarget splits provider://path?parameters without knowing the provider. Targets are no URLs: a path may hold
// colons and more, as contexts named after an ARN do.
func SplitTarget(raw string) (provider, path, query string, err error) {
	name, query, _ := strings.Cut(raw, "?") // what is behind the question mark may be secret, and stays out of messages
	provider, path, ok := strings.Cut(name, "://")
	if !ok || provider == "" || path == "" {
		return "", "", "", Errorf(ErrInvalidTarget, "write it as provider://path, for example eks://us-east-1/prod or manifests://FOLDER", "target %q is malformed", name)
	}
	if strings.Trim(provider, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", "", "", Errorf(ErrInvalidTarget, "a provider's name is lower-case letters, digits and hyphens", "target %q is malformed", name)
	}
	return provider, path, query, nil
}

// ParseTarget reads a target of this provider and checks every parameter against its declaration. extra holds further
// parameters, as from a configuration file; the target's own win. secret resolves a secret parameter's reference
// (env:NAME or file:PATH).
func (i Info) ParseTarget(raw string, extra map[string]string, secret func(ref string) (Secret, error)) (Target, error) {
	provider, path, query, err := SplitTarget(raw)
	if err != nil {
		return Target{}, err
	}
	if provider != i.Name {
		return Target{}, Errorf(ErrInvalidTarget, "", "target %q is not one of provider %q", provider+"://"+path, i.Name)
	}
	t := Target{Provider: i.Name, Name: i.Name + "://" + path, Params: map[string]string{}, Secrets: map[string]Secret{}}
	if t.Path, err = i.parsePath(path); err != nil {
		return Target{}, err
	}
	given := map[string]string{}
	for k, v := range extra {
		given[k] = v
	}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		if v, err = url.PathUnescape(v); err != nil || !ok {
			return Target{}, Errorf(ErrInvalidTarget, "write parameters as name=value, with % as %25", "parameter %q of the target is malformed", k)
		}
		given[k] = v
	}
	for k := range given {
		if !slices.ContainsFunc(i.Parameters, func(p Parameter) bool { return p.Name == k }) {
			return Target{}, Errorf(ErrInvalidTarget, "it takes: "+strings.Join(i.parameterNames(), ", "), "provider %q has no parameter %q", i.Name, k)
		}
	}
	for _, p := range i.Parameters {
		v, ok := given[p.Name]
		if !ok {
			v = p.Default
		}
		if v == "" {
			if p.Required {
				return Target{}, Errorf(ErrInvalidTarget, p.Help, "parameter %q is required by provider %q", p.Name, i.Name)
			}
			continue
		}
		if p.Secret {
			s, err := secret(v)
			if err != nil {
				return Target{}, Errorf(ErrInvalidTarget, "write env:NAME or file:PATH", "parameter %q: %v", p.Name, err)
			}
			t.Secrets[p.Name] = s
			continue
		}
		if t.Params[p.Name], err = p.check(v); err != nil {
			return Target{}, err
		}
	}
	return t, nil
}

func (i Info) parsePath(path string) (map[string]string, error) {
	names := i.segments()
	values := strings.SplitN(path, "/", len(names))
	malformed := Errorf(ErrInvalidTarget, fmt.Sprintf("write it as %s://%s", i.Name, i.Path), "target %q is malformed", i.Name+"://"+path)
	if len(values) != len(names) {
		return nil, malformed
	}
	out := make(map[string]string, len(names))
	for n, name := range names {
		if values[n] == "" {
			return nil, malformed
		}
		out[name] = values[n]
	}
	return out, nil
}

func (i Info) segments() []string {
	names := strings.Split(i.Path, "/")
	for n, s := range names {
		names[n] = strings.Trim(s, "{}")
	}
	return names
}

func (i Info) parameterNames() []string {
	names := make([]string, len(i.Parameters))
	for n, p := range i.Parameters {
		names[n] = p.Name
	}
	slices.Sort(names)
	return names
}

// check returns the value in its normal form.
func (p Parameter) check(v string) (string, error) {
	invalid := func(want string) error {
		return Errorf(ErrInvalidTarget, "it takes "+want, "parameter %q cannot be %q", p.Name, v)
	}
	switch p.Type {
	case Bool:
		b, err := strconv.ParseBool(v)
		if err != nil {
			return "", invalid("true or false")
		}
		return strconv.FormatBool(b), nil
	case Enum:
		if !slices.Contains(p.Values, v) {
			return "", invalid("one of " + strings.Join(p.Values, ", "))
		}
	case File:
		return filepath.Abs(v)
	case URL:
		if u, err := url.Parse(v); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return "", Errorf(ErrInvalidTarget, "it takes an https URL without credentials", "parameter %q is not usable", p.Name)
		}
	case Duration:
		if _, err := time.ParseDuration(v); err != nil {
			return "", invalid("a duration such as 15m")
		}
	}
	return v, nil
}

// String returns the target's name: no parameter, no secret.
func (t Target) String() string { return t.Name }
