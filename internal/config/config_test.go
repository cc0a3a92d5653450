package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
)

// load reads a configuration as a command does.
func load(t *testing.T, file string, args ...string) (*config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("scan", pflag.ContinueOnError)
	config.Flags(flags)
	if file != "" {
		path := filepath.Join(t.TempDir(), "kubemuster.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"--config", path}, args...)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := config.FlagsFromEnv(flags); err != nil {
		return nil, err
	}
	return config.Load(flags, flags.Args())
}

// Flag over environment over file over default.
func TestPrecedence(t *testing.T) {
	const file = "limits: {concurrency: 5, timeout: 5m}\ngate: {failOn: low, allowIncomplete: true}\noutputs: [table, sarif=a.sarif]\n"
	t.Setenv("KUBEMUSTER_CONCURRENCY", "6")
	t.Setenv("KUBEMUSTER_FAIL_ON", "medium")
	t.Setenv("KUBEMUSTER_SKIP_CHECK", "KM1002,KM1003")
	c, err := load(t, file, "--fail-on", "HIGH", "eks://us-east-1/prod")
	if err != nil {
		t.Fatal(err)
	}
	high := finding.High
	for _, tt := range []struct{ what, got, want any }{
		{"flag", c.FailOn, &high},
		{"environment", c.Concurrency, 6},
		{"list in the environment", c.SkipCheck, []string{"KM1002", "KM1003"}},
		{"file", c.Timeout, 5 * time.Minute},
		{"list in the file", c.Outputs, []string{"table", "sarif=a.sarif"}},
		{"switch in the file", c.AllowIncomplete, true},
		{"default", c.QPS, float32(50)},
		{"argument", c.Targets, []config.Target{{Target: "eks://us-east-1/prod"}}},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}

// A target's own parameters win over those of its provider.
func TestParams(t *testing.T) {
	c, err := load(t, `
targets: [{target: "eks://us-east-1/prod", params: {profile: own}}]
plugins: {providers: {eks: {env: [AWS_PROFILE], params: {profile: all, caFile: ca.pem}}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Params(c.Targets[0]), map[string]string{"profile": "own", "caFile": "ca.pem"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := c.Env()["eks"]; !reflect.DeepEqual(got, []string{"AWS_PROFILE"}) {
		t.Errorf("got %v", got)
	}
}

// A target that is named on the command line is the file's, where the file has it.
func TestTargetOfTheFile(t *testing.T) {
	const file = `targets: [{target: "eks://us-east-1/prod", alias: shop, id: c-17, params: {profile: own}}]`
	c, err := load(t, file, "eks://us-east-1/prod", "eks://us-east-1/other")
	want := []config.Target{{Target: "eks://us-east-1/prod", Alias: "shop", ID: "c-17", Params: map[string]string{"profile": "own"}}, {Target: "eks://us-east-1/other"}}
	if err != nil || !reflect.DeepEqual(c.Targets, want) {
		t.Errorf("got %+v, %v", c.Targets, err)
	}
}

// Labels that the file gives take the place of the usual ones; an empty list is one, too.
func TestOwnerLabels(t *testing.T) {
	for file, want := range map[string][]string{
		"":                       {"team", "owner"},
		"owners: {}\n":           {"team", "owner"},
		"owners: {labels: []}\n": {},
		"owners: {labels: [example.com/squad]}\n": {"example.com/squad"},
	} {
		if c, err := load(t, file); err != nil || !reflect.DeepEqual(c.OwnerLabels, want) {
			t.Errorf("%q: got %v, %v, want %v", file, c, err, want)
		}
	}
}

// What is wrong names line and key, and repeats no secret.
// A pack's key holds however its path is spelt.
func TestPacksOfTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	const file = "policies: {packs: [{path: acme.tar.gz, key: k.pub}, {path: 'oci://r.example:5000/acme:1', key: o.pub}, {path: 'oci://r.example:5000/acme:2', key: p.pub}]}\n"
	for _, name := range []string{"acme.tar.gz", "other.tar.gz"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"acme.tar.gz": "k.pub", "./acme.tar.gz": "k.pub", "other.tar.gz": "", "missing.tar.gz": "",
		"oci://r.example:5000/acme:1": "o.pub", "oci://r.example:5000/acme:2": "p.pub", "oci://r.example:5000/acme@sha256:00": "o.pub", "oci://r.example:5000/acme": "o.pub", "oci://r.example:5000/others:1": "",
	} {
		c, err := load(t, file, "--policy", path, "manifests://x")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Packs; len(got) != 1 || got[0].Path != path || got[0].Key != want {
			t.Errorf("%s: got %+v, want the key %q", path, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"limits:\n  concurency: 3\n", `:2: unknown key "limits.concurency"; did you mean "concurrency"?`},
		{"targets:\n- target: eks://a/b\n  colour: red\n", `:3: unknown key "targets[0].colour"; the known keys here are target, alias, id, params`},
		{"limits: {timeout: soon}\n", "--timeout must be a duration above zero"},
		{"limits: {concurrency: 1000}\n", "--concurrency must be from 1 to 256"},
		{"targets: [{alias: x}]\n", "targets[0] has no target"},
		{"gate: {failOn: loud}\n", `"loud" is no severity`},
		{"outputs: [table\n", "line 1"},
		{"a: 1\n---\nb: 2\n", "more than one YAML document"},
		{"plugins: {providers: {aks: {params: {clientSecret: \"client_secret=canary\"}}}}\n", ":1: plugins.providers.aks.params.clientSecret holds a secret literally"},
	} {
		_, err := load(t, tt.file)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: got %v, want %s", tt.file, err, tt.want)
		}
	}
	t.Setenv("KUBEMUSTER_QPS", "many")
	if _, err := load(t, ""); err == nil || !strings.Contains(err.Error(), "KUBEMUSTER_QPS") {
		t.Errorf("got %v", err)
	}
}

func FuzzFile(f *testing.F) {
	f.Add("targets: [{target: a://b}]\n")
	f.Add("gate: {failOn: high}\nlimits: {qps: 1}\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = load(t, text) // must not panic
	})
}
