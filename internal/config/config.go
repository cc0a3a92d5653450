// Package config makes one typed configuration of flags, environment variables, kubemuster.yaml and defaults, in this
// order.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// DefaultFile is read where no target and no file are named.
const DefaultFile = "kubemuster.yaml"

// Config is what a command runs with.
type Config struct {
	Targets           []Target
	Providers         map[string]Provider
	PluginDir         string
	Packs             []Pack // beside our own
	Checks, SkipCheck []string
	Frameworks        []string
	MinSeverity       finding.Severity
	Severity          map[string]finding.Severity // by check, in place of its own
	Parameters        map[string]map[string]any   // by check and name
	Namespaces        []string
	ExcludeNamespaces []string
	Outputs           []string
	IncludePasses     bool                     // SARIF tells passes, too
	FailOn            *finding.Severity        // nil: findings do not fail the run
	MaxFindings       map[finding.Severity]int // how many of a severity a run may have, where it is limited
	AllowIncomplete   bool
	Waivers           Waivers
	Baseline          string // file of an earlier report
	NewOnly           bool   // only what is not in the baseline gates
	OwnerLabels       []string
	SecretMetadata    bool
	KubeletConfig     bool
	Concurrency       int
	Timeout           time.Duration
	QPS               float32
	CheckTimeout      time.Duration // of a check for one object; zero: the engine's own

	file File
}

// ownerLabels are the usual names for it. None is a standard: what Kubernetes recommends, app.kubernetes.io/managed-by
// included, names software. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
var ownerLabels = []string{"team", "owner"}

// Place says where a key stands in the configuration file, as in kubemuster.yaml:12; it is empty for what does not.
func (c *Config) Place(key string) string {
	if line, ok := c.file.lines[key]; ok {
		return fmt.Sprintf("%s:%d", c.file.path, line)
	}
	return ""
}

// Flags adds the flags that a configuration is made of. Each is also an environment variable: KUBEMUSTER_ and the name
// in capitals, with _ for -.
func Flags(f *pflag.FlagSet) {
	f.String("config", "", "configuration file (default "+DefaultFile+" where no target is given)")
	f.StringSliceP("output", "o", []string{"table"}, "report as FORMAT[=PATH]: table, sarif, sarif-github, sarif-gitlab, json, html, junit, markdown, prometheus; - is standard output; may be repeated")
	f.String("fail-on", "", "exit with 10 where a finding is at or above critical, high, medium, low or info")
	f.StringSlice("waivers", nil, "file with waivers; may be repeated")
	f.Bool("include-passes", false, "SARIF holds what passed, too")
	f.String("baseline", "", "earlier report (SARIF or JSON) to compare with")
	f.Bool("new-only", false, "only findings that are not in the baseline fail the run")
	CheckFlags(f)
	f.Bool("secret-metadata", false, "list the metadata of Secrets, never their data, for KM3003; see deploy/kubernetes/secret-metadata.yaml")
	f.Int("concurrency", 4, "clusters to scan at once")
	ReadFlags(f)
}

// ReadFlags adds the flags of commands that read clusters.
func ReadFlags(f *pflag.FlagSet) {
	f.Bool("allow-incomplete", false, "exit with 0, not 3, where a target was not wholly read")
	f.StringSlice("namespace", nil, "look only at these namespaces; checks of the whole cluster are then out of scope")
	f.StringSlice("exclude-namespace", nil, "leave these namespaces out")
	f.Duration("timeout", 15*time.Minute, "time for one target")
	f.Float64("qps", 50, "requests a second to one API server")
	f.Bool("kubelet-config", false, "ask each node's kubelet for its settings, for KM6011 to KM6019; see deploy/kubernetes/kubelet-config.yaml")
	PluginFlags(f)
}

// FlagsFromEnv sets the flags that were not given from the environment: KUBEMUSTER_ and the flag's name in capitals, with _
// for -. A value is read as the flag reads it.
func FlagsFromEnv(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := "KUBEMUSTER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value := os.Getenv(name); value != "" && !f.Changed && f.Name != "help" {
			if setErr := flags.Set(f.Name, value); setErr != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w", name, errors.Unwrap(setErr)))
			}
		}
	})
	return err
}

// CheckFlags adds the flags that say which checks there are.
func CheckFlags(f *pflag.FlagSet) {
	PackFlags(f)
	f.StringSlice("check", nil, "run only these checks (IDs or domains)")
	f.StringSlice("skip-check", nil, "leave these checks out (IDs or domains)")
	f.StringSlice("framework", nil, "run only checks with controls of these frameworks")
	f.String("severity", "", "run only checks of this severity or above")
}

// PackFlags adds the flags that say where checks come from.
func PackFlags(f *pflag.FlagSet) {
	f.StringSlice("policy", nil, "pack of further checks: a folder, a bundle FILE.tar.gz or oci://registry/repository:tag; may be repeated")
}

// PluginFlags adds the flags of commands that only start plugins.
func PluginFlags(f *pflag.FlagSet) {
	f.String("plugin-dir", "", "folder to look for auth plugins in first")
}

// Load reads the configuration. The targets in args take the place of the file's; what the file says of them holds.
func Load(flags *pflag.FlagSet, args []string) (*Config, error) {
	v := viper.New()
	if err := v.BindPFlags(flags); err != nil {
		return nil, err
	}
	file, err := load(v.GetString("config"), len(args) > 0 || flags.Lookup("output") == nil)
	if err != nil {
		return nil, err
	}
	if err := v.MergeConfigMap(file.settings()); err != nil {
		return nil, err
	}
	c := &Config{
		Targets: file.Targets, Providers: file.Plugins.Providers, PluginDir: v.GetString("plugin-dir"),
		Frameworks: v.GetStringSlice("framework"), Parameters: file.Policies.Parameters, file: file, Checks: v.GetStringSlice("check"), SkipCheck: v.GetStringSlice("skip-check"),
		Namespaces: v.GetStringSlice("namespace"), ExcludeNamespaces: v.GetStringSlice("exclude-namespace"), Outputs: v.GetStringSlice("output"),
		AllowIncomplete: v.GetBool("allow-incomplete"), SecretMetadata: v.GetBool("secret-metadata"), KubeletConfig: v.GetBool("kubelet-config"), Concurrency: v.GetInt("concurrency"), Timeout: v.GetDuration("timeout"), QPS: float32(v.GetFloat64("qps")),
	}
	if len(args) > 0 {
		c.Targets = nil
		for _, a := range args {
			t := Target{Target: a}
			// One that the file names has there its alias, its identity and its parameters.
			if i := slices.IndexFunc(file.Targets, func(t Target) bool { return t.Target == a }); i >= 0 {
				t = file.Targets[i]
			}
			c.Targets = append(c.Targets, t)
		}
	}
	c.IncludePasses = v.GetBool("include-passes")
	c.Baseline, c.NewOnly = v.GetString("baseline"), v.GetBool("new-only")
	if c.NewOnly && c.Baseline == "" {
		return nil, errors.New("--new-only needs --baseline FILE, an earlier report to compare with")
	}
	if c.OwnerLabels = file.Owners.Labels; c.OwnerLabels == nil {
		c.OwnerLabels = ownerLabels
	}
	c.Waivers = file.Waivers
	c.Waivers.Files = v.GetStringSlice("waivers")
	if c.Waivers.MaxDays < 0 {
		return nil, errors.New("waivers.maxDays must not be below zero")
	}
	for name, n := range file.Gate.Max {
		s, err := finding.ParseSeverity(name)
		if err != nil {
			return nil, fmt.Errorf("gate.max: %w", err)
		}
		if c.MaxFindings == nil {
			c.MaxFindings = map[finding.Severity]int{}
		}
		c.MaxFindings[s] = n
	}
	if name := v.GetString("fail-on"); name != "" {
		s, err := finding.ParseSeverity(name)
		if err != nil {
			return nil, fmt.Errorf("--fail-on: %w", err)
		}
		c.FailOn = &s
	}
	if err := c.policies(v.GetStringSlice("policy"), v.GetString("severity")); err != nil {
		return nil, err
	}
	return c, c.validate(flags)
}

// samePack reports whether two paths lead to one pack: a key that is set for it holds however it is spelt.
func samePack(a, b string) bool {
	if strings.HasPrefix(a, "oci://") || strings.HasPrefix(b, "oci://") {
		return repository(a) == repository(b)
	}
	one, errA := os.Stat(a)
	other, errB := os.Stat(b)
	return a == b || errA == nil && errB == nil && os.SameFile(one, other)
}

// repository is the part of an oci:// reference before tag and digest.
func repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	return ref
}

// policies reads the severities, and what the file says of the packs that are asked for.
func (c *Config) policies(packs []string, minimum string) error {
	for _, path := range packs {
		pack := Pack{Path: path}
		all := c.file.Policies.Packs
		i := slices.IndexFunc(all, func(p Pack) bool { return p.Path == path })
		if i < 0 {
			i = slices.IndexFunc(all, func(p Pack) bool { return samePack(p.Path, path) })
		}
		if i >= 0 {
			pack = all[i]
			pack.Path = path
		}
		c.Packs = append(c.Packs, pack)
	}
	var err error
	if minimum != "" {
		if c.MinSeverity, err = finding.ParseSeverity(minimum); err != nil {
			return fmt.Errorf("--severity: %w", err)
		}
	}
	for key, inFile := range map[string]bool{
		"select": slices.Equal(c.Checks, c.file.Policies.Select), "skip": slices.Equal(c.SkipCheck, c.file.Policies.Skip),
		"frameworks": slices.Equal(c.Frameworks, c.file.Policies.Frameworks),
	} {
		if !inFile { // a flag or a variable took its place, and its mistakes are not the file's
			maps.DeleteFunc(c.file.lines, func(k string, _ int) bool { return strings.HasPrefix(k, "policies."+key+"[") })
		}
	}
	if limit := c.file.Limits.Check; limit != "" {
		if c.CheckTimeout, err = time.ParseDuration(limit); err != nil || c.CheckTimeout <= 0 {
			return fmt.Errorf("%s: limits.check must be a duration above zero, as in 5s", c.Place("limits.check"))
		}
	}
	c.Severity = map[string]finding.Severity{}
	for id, name := range c.file.Policies.Severity {
		if c.Severity[id], err = finding.ParseSeverity(name); err != nil {
			return fmt.Errorf("%s: policies.severity.%s: %w", c.Place("policies.severity."+id), id, err)
		}
	}
	return nil
}

func (c *Config) validate(flags *pflag.FlagSet) error {
	aliases := map[string]string{}
	for i, t := range c.Targets {
		if t.Target == "" {
			return fmt.Errorf("targets[%d] has no target; write target: provider://path", i)
		}
		if other, ok := aliases[t.Alias]; ok && t.Alias != "" {
			return fmt.Errorf("the alias %q stands for both %s and %s; give each target its own", t.Alias, other, t.Target)
		}
		aliases[t.Alias] = t.Target
	}
	if flags.Lookup("timeout") == nil {
		return nil
	}
	for _, name := range append(slices.Clone(c.Namespaces), c.ExcludeNamespaces...) {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || name == "" {
			return fmt.Errorf("--namespace %q is no name of a namespace", name)
		}
	}
	switch {
	case flags.Lookup("concurrency") != nil && (c.Concurrency < 1 || c.Concurrency > 256):
		return errors.New("--concurrency must be from 1 to 256")
	case c.Timeout <= 0:
		return errors.New("--timeout must be a duration above zero, as in 15m")
	case c.QPS <= 0:
		return errors.New("--qps must be above zero")
	}
	return nil
}

// Params are a target's parameters: those of its provider, and over them its own.
func (c *Config) Params(t Target) map[string]string {
	name, _, _ := strings.Cut(t.Target, "://")
	params := map[string]string{}
	for k, v := range c.Providers[name].Params {
		params[k] = v
	}
	for k, v := range t.Params {
		params[k] = v
	}
	return params
}

// Env is what the configuration grants each provider's plugin.
func (c *Config) Env() map[string][]string {
	env := map[string][]string{}
	for name, p := range c.Providers {
		env[name] = p.Env
	}
	return env
}

func load(path string, optional bool) (File, error) {
	if path != "" {
		return readFile(path)
	}
	if optional {
		return File{}, nil
	}
	if _, err := os.Stat(DefaultFile); errors.Is(err, os.ErrNotExist) {
		return File{}, nil
	}
	return readFile(DefaultFile)
}

// settings are the file's scalars and lists by the names of their flags, where the file has them.
func (f File) settings() map[string]any {
	m := map[string]any{}
	set := func(name string, v any, given bool) {
		if given {
			m[name] = v
		}
	}
	set("output", f.Outputs, len(f.Outputs) > 0)
	set("fail-on", f.Gate.FailOn, f.Gate.FailOn != "")
	if f.Gate.AllowIncomplete != nil {
		m["allow-incomplete"] = *f.Gate.AllowIncomplete
	}
	set("baseline", f.Gate.Baseline, f.Gate.Baseline != "")
	if f.Gate.NewOnly != nil {
		m["new-only"] = *f.Gate.NewOnly
	}
	set("waivers", f.Waivers.Files, len(f.Waivers.Files) > 0)
	var packs []string
	for _, p := range f.Policies.Packs {
		packs = append(packs, p.Path)
	}
	set("policy", packs, len(packs) > 0)
	set("check", f.Policies.Select, len(f.Policies.Select) > 0)
	set("skip-check", f.Policies.Skip, len(f.Policies.Skip) > 0)
	set("framework", f.Policies.Frameworks, len(f.Policies.Frameworks) > 0)
	set("severity", f.Policies.MinSeverity, f.Policies.MinSeverity != "")
	set("namespace", f.Namespaces.Include, len(f.Namespaces.Include) > 0)
	set("exclude-namespace", f.Namespaces.Exclude, len(f.Namespaces.Exclude) > 0)
	set("secret-metadata", f.Policies.SecretMetadata, f.Policies.SecretMetadata)
	set("kubelet-config", f.Policies.KubeletConfig, f.Policies.KubeletConfig)
	set("concurrency", f.Limits.Concurrency, f.Limits.Concurrency != 0)
	set("timeout", f.Limits.Timeout, f.Limits.Timeout != "")
	set("qps", f.Limits.QPS, f.Limits.QPS != 0)
	set("plugin-dir", f.Plugins.Dir, f.Plugins.Dir != "")
	return m
}
