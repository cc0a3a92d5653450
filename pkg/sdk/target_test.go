package sdk

import (
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSplitTarget(t *testing.T) {
	for _, c := range []struct{ raw, provider, path, query string }{
		{"eks://us-east-1/prod", "eks", "us-east-1/prod", ""},
		{"eks://us-east-1/prod?profile=audit&roleArn=arn:aws:iam::1:role/x", "eks", "us-east-1/prod", "profile=audit&roleArn=arn:aws:iam::1:role/x"},
		{"kubeconfig://arn:aws:eks:us-east-1:111122223333:cluster/prod", "kubeconfig", "arn:aws:eks:us-east-1:111122223333:cluster/prod", ""},
		{"kubeconfig://user@prod", "kubeconfig", "user@prod", ""},
		{"x://a?u=https://b?c", "x", "a", "u=https://b?c"},
		{"x://a://b", "x", "a://b", ""},
		{"x-1://a?", "x-1", "a", ""},
		{"x://%2f#", "x", "%2f#", ""},
	} {
		provider, path, query, err := SplitTarget(c.raw)
		if err != nil || provider != c.provider || path != c.path || query != c.query {
			t.Errorf("%s: %q %q %q %v", c.raw, provider, path, query, err)
		}
	}
	for _, raw := range []string{"", "prod", "eks:/prod", "eks://", "://prod", "eks://?a=b", "EKS://a", "e_s://a", "e s://a", "e\n://a", "a?b://c", "../x://a", "é://a"} {
		_, _, _, err := SplitTarget(raw)
		if !errors.Is(err, ErrInvalidTarget) {
			t.Errorf("%q: %v", raw, err)
		}
	}
	if _, _, _, err := SplitTarget("prod?password=" + value); err == nil || strings.Contains(err.Error(), value) {
		t.Errorf("a parameter is shown: %v", err)
	}
}

var example = Info{
	Name: "acme", Path: "{region}/{cluster}",
	Parameters: []Parameter{
		{Name: "profile", Type: String},
		{Name: "endpoint", Type: Enum, Values: []string{"public", "private"}, Default: "public"},
		{Name: "admin", Type: Bool},
		{Name: "caFile", Type: File},
		{Name: "api", Type: URL},
		{Name: "ttl", Type: Duration},
		{Name: "password", Type: String, Secret: true},
	},
}

// reference resolves env:… and nothing else, as the host does.
func reference(ref string) (Secret, error) {
	name, ok := strings.CutPrefix(ref, "env:")
	if !ok {
		return Secret{}, errors.New("a secret cannot be given literally")
	}
	return NewSecret("value of " + name), nil
}

func TestParseTarget(t *testing.T) {
	absolute, err := filepath.Abs("ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	parsed := func(cluster string, params map[string]string) Target {
		all := map[string]string{"endpoint": "public"}
		maps.Copy(all, params)
		return Target{
			Provider: "acme", Name: "acme://north/" + cluster, Path: map[string]string{"region": "north", "cluster": cluster},
			Params: all, Secrets: map[string]Secret{},
		}
	}
	type m = map[string]string
	secret := parsed("prod", nil)
	secret.Secrets["password"] = NewSecret("value of P")
	for _, c := range []struct {
		name, raw string
		extra     m
		want      Target
	}{
		{"bare", "acme://north/prod", nil, parsed("prod", nil)},
		{"slashes in the last segment", "acme://north/a/b//c/", nil, parsed("a/b//c/", nil)},
		{"colons", "acme://north/arn:aws:eks:x:1:cluster/prod", nil, parsed("arn:aws:eks:x:1:cluster/prod", nil)},
		{"the path is taken as it is", "acme://north/a%2Fb+c", nil, parsed("a%2Fb+c", nil)},
		{"string", "acme://north/prod?profile=audit", nil, parsed("prod", m{"profile": "audit"})},
		{"percent-encoding", "acme://north/prod?profile=a%26b%3Dc%25+d", nil, parsed("prod", m{"profile": "a&b=c%+d"})},
		{"equals sign", "acme://north/prod?profile=a=b=", nil, parsed("prod", m{"profile": "a=b="})},
		{"empty pairs", "acme://north/prod?&profile=a&", nil, parsed("prod", m{"profile": "a"})},
		{"empty value", "acme://north/prod?profile=", nil, parsed("prod", nil)},
		{"enum", "acme://north/prod?endpoint=private", nil, parsed("prod", m{"endpoint": "private"})},
		{"bool", "acme://north/prod?admin=1", nil, parsed("prod", m{"admin": "true"})},
		{"bool, false", "acme://north/prod?admin=F", nil, parsed("prod", m{"admin": "false"})},
		{"relative file", "acme://north/prod?caFile=./x/../ca.pem", nil, parsed("prod", m{"caFile": absolute})},
		{"URL", "acme://north/prod?api=https://api.test:1/v1?x=y", nil, parsed("prod", m{"api": "https://api.test:1/v1?x=y"})},
		{"duration", "acme://north/prod?ttl=1h30m", nil, parsed("prod", m{"ttl": "1h30m"})},
		{"secret", "acme://north/prod?password=env:P", nil, secret},
		{"extra", "acme://north/prod", m{"profile": "extra", "password": "env:P"}, func() Target {
			s := parsed("prod", m{"profile": "extra"})
			s.Secrets = secret.Secrets
			return s
		}()},
		{"the target's own win", "acme://north/prod?profile=own&endpoint=public", m{"profile": "extra", "endpoint": "private", "ttl": "1m"}, parsed("prod", m{"profile": "own", "ttl": "1m"})},
		{"the target takes back", "acme://north/prod?profile=", m{"profile": "extra"}, parsed("prod", nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := maps.Clone(c.extra)
			got, err := example.ParseTarget(c.raw, c.extra, reference)
			if err != nil {
				t.Fatal(err)
			}
			if c.name == "empty value" || c.name == "the target takes back" {
				if _, ok := got.Params["profile"]; ok {
					t.Error("an empty parameter is there")
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %#v\nwant %#v", got, c.want)
			}
			if got.String() != c.want.Name {
				t.Errorf("it prints as %s", got)
			}
			if !maps.Equal(before, c.extra) {
				t.Error("the caller's parameters are changed")
			}
		})
	}
}

func TestParseTargetRefuses(t *testing.T) {
	required := example
	required.Parameters = slices.Concat(example.Parameters, []Parameter{{Name: "account", Type: String, Required: true, Help: "the account to sign in to"}})
	faulty := example
	faulty.Parameters = []Parameter{{Name: "ttl", Type: Duration, Default: "soon"}}
	for _, c := range []struct {
		name  string
		info  Info
		raw   string
		extra map[string]string
		want  string
	}{
		{"malformed", example, "acme:north", nil, `target "acme:north" is malformed`},
		{"another provider's", example, "eks://north/prod", nil, `target "eks://north/prod" is not one of provider "acme"`},
		{"too short", example, "acme://north", nil, `target "acme://north" is malformed; write it as acme://{region}/{cluster}`},
		{"empty segment", example, "acme:///prod", nil, "is malformed; write it as"},
		{"empty last segment", example, "acme://north/", nil, "is malformed; write it as"},
		{"unknown", example, "acme://north/prod?nope=1", nil, `provider "acme" has no parameter "nope"; it takes: admin, api, caFile, endpoint, password, profile, ttl`},
		{"unknown extra", example, "acme://north/prod", map[string]string{"nope": "1"}, `provider "acme" has no parameter "nope"`},
		{"another case", example, "acme://north/prod?Profile=1", nil, `has no parameter "Profile"`},
		{"no value", example, "acme://north/prod?admin", nil, `parameter "admin" of the target is malformed; write parameters as name=value`},
		{"bad percent", example, "acme://north/prod?profile=100%", nil, `parameter "profile" of the target is malformed; write parameters as name=value, with % as %25`},
		{"required", required, "acme://north/prod", nil, `parameter "account" is required by provider "acme"; the account to sign in to`},
		{"required, empty", required, "acme://north/prod?account=", nil, `parameter "account" is required`},
		{"enum", example, "acme://north/prod?endpoint=Private", nil, `parameter "endpoint" cannot be "Private"; it takes one of public, private`},
		{"bool", example, "acme://north/prod?admin=yes", nil, `parameter "admin" cannot be "yes"; it takes true or false`},
		{"duration", example, "acme://north/prod?ttl=15", nil, `parameter "ttl" cannot be "15"; it takes a duration such as 15m`},
		{"http URL", example, "acme://north/prod?api=http://x", nil, `parameter "api" is not usable; it takes an https URL without credentials`},
		{"URL with a password", example, "acme://north/prod?api=https://u:" + value + "@x", nil, `parameter "api" is not usable`},
		{"URL without a host", example, "acme://north/prod?api=https:///x", nil, `parameter "api" is not usable`},
		{"literal secret", example, "acme://north/prod?password=" + value, nil, `parameter "password": a secret cannot be given literally; write env:NAME or file:PATH`},
		{"literal secret as an extra", example, "acme://north/prod", map[string]string{"password": value}, "a secret cannot be given literally"},
		{"secret to another provider", example, "eks://north/prod?password=" + value, nil, `target "eks://north/prod" is not one of`},
		{"faulty default", faulty, "acme://north/prod", nil, `parameter "ttl" cannot be "soon"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.info.ParseTarget(c.raw, c.extra, reference)
			if !errors.Is(err, ErrInvalidTarget) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), value) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

// A target either is refused as one, or is whole: all segments, only declared parameters, and no secret among the others.
func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{
		"acme://north/prod", "acme://north/a/b?profile=x&endpoint=private", "acme://north/prod?password=env:P&ttl=1m", "acme://north/prod?password=x",
		"kubeconfig://arn:aws:eks:us-east-1:1:cluster/prod", "acme://?", "acme://a/b?%", "acme://a/b?caFile=\x00", "acme://a/b?api=https://[::1%25]",
	} {
		f.Add(seed, "{region}/{cluster}")
		f.Add(seed, "{context}")
	}
	f.Add("acme://x", "")
	f.Fuzz(func(t *testing.T, raw, path string) {
		info := example
		info.Path = path
		target, err := info.ParseTarget(raw, nil, reference)
		if err != nil {
			if !errors.Is(err, ErrInvalidTarget) {
				t.Errorf("%q: %v is of no kind", raw, err)
			}
			return
		}
		if target.Provider != "acme" || !strings.HasPrefix(raw, target.Name) {
			t.Errorf("%q became %q", raw, target.Name)
		}
		for name, v := range target.Path {
			if v == "" || !strings.Contains(raw, v) {
				t.Errorf("segment %s is %q", name, v)
			}
		}
		for _, p := range info.Parameters {
			if _, ok := target.Params[p.Name]; ok && p.Secret {
				t.Errorf("secret %s is among the parameters", p.Name)
			}
		}
		// It can be written down and read again.
		if again, err := info.ParseTarget(target.Name, target.Params, reference); err != nil || !reflect.DeepEqual(again.Params, target.Params) || !maps.Equal(again.Path, target.Path) {
			t.Errorf("%q: read again: %+v, %v", raw, again, err)
		}
	})
}
