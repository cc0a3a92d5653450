package config

import (
	"fmt"
	"os"

	"github.com/kubemuster/kubemuster/internal/strictyaml"
)

// File is kubemuster.yaml.
type File struct {
	Targets    []Target   `yaml:"targets"`
	Plugins    Plugins    `yaml:"plugins"`
	Policies   Policies   `yaml:"policies"`
	Namespaces Namespaces `yaml:"namespaces"`
	Outputs    []string   `yaml:"outputs"`
	Gate       Gate       `yaml:"gate"`
	Limits     Limits     `yaml:"limits"`
	Waivers    Waivers    `yaml:"waivers"`
	Owners     Owners     `yaml:"owners"`

	path  string
	lines map[string]int // of every key and item, by its path
}

// Target is one cluster.
type Target struct {
	Target string            `yaml:"target"` // provider://path?parameters
	Alias  string            `yaml:"alias"`  // in reports; unique
	ID     string            `yaml:"id"`     // identity of the cluster's findings, in place of the cloud's
	Params map[string]string `yaml:"params"`
}

// Plugins says where auth plugins are and what each may have.
type Plugins struct {
	Dir       string              `yaml:"dir"`
	Providers map[string]Provider `yaml:"providers"`
}

// Provider is what the targets of one provider share.
type Provider struct {
	Env    []string          `yaml:"env"`    // environment variables that the plugin may see, of those it declares
	Params map[string]string `yaml:"params"` // parameters of every target, unless the target has its own
}

// Policies says which checks there are and how they judge.
type Policies struct {
	Packs  []Pack   `yaml:"packs"` // beside our own
	Select []string `yaml:"select"`
	Skip   []string `yaml:"skip"`
	// SecretMetadata lets a scan list the metadata of Secrets.
	SecretMetadata bool `yaml:"secretMetadata"`
	// KubeletConfig lets a scan, or a recording, ask each node's kubelet for its configuration.
	KubeletConfig bool                      `yaml:"kubeletConfig"`
	Frameworks    []string                  `yaml:"frameworks"`
	MinSeverity   string                    `yaml:"minSeverity"`
	Severity      map[string]string         `yaml:"severity"`   // by check, in place of its own
	Parameters    map[string]map[string]any `yaml:"parameters"` // by check and name
}

// Pack is a source of further checks.
type Pack struct {
	Path string `yaml:"path"` // a folder, a bundle FILE.tar.gz, or oci://registry/repository:tag
	Key  string `yaml:"key"`  // PEM file of the public key that must have signed the bundle
	// For oci://. The secrets are references: env:NAME or file:PATH.
	CAFile   string `yaml:"caFile"`
	Username string `yaml:"username"`
	Password string `yaml:"password"`
}

// Namespaces selects namespaces by name.
type Namespaces struct {
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`
}

// Gate says what fails a run.
type Gate struct {
	FailOn          string `yaml:"failOn"`
	AllowIncomplete *bool  `yaml:"allowIncomplete"`
	Baseline        string `yaml:"baseline"` // file of an earlier report
	NewOnly         *bool  `yaml:"newOnly"`  // only what is not in the baseline gates
	// Max is how many findings of a severity a run may have; those at or above FailOn may be none.
	Max map[string]int `yaml:"max"`
}

// Waivers says which findings are accepted.
type Waivers struct {
	Files       []string `yaml:"files"`
	MaxDays     int      `yaml:"maxDays"`     // how far ahead a waiver may end; 0: no limit
	Annotations bool     `yaml:"annotations"` // objects may ask to be waived
}

// Owners says who answers for what is found.
type Owners struct {
	// Labels of an object, or of its namespace, that name its owner; the first that it has. An empty list: none.
	Labels []string `yaml:"labels"`
}

// Limits bound a run.
type Limits struct {
	Concurrency int     `yaml:"concurrency"` // clusters at once
	Timeout     string  `yaml:"timeout"`     // of one target, as in 15m
	Check       string  `yaml:"check"`       // time of a check for one object, as in 5s
	QPS         float64 `yaml:"qps"`         // requests a second to one API server
}

// readFile reads and checks a configuration file. Errors name file, line and key.
func readFile(path string) (File, error) {
	var f File
	data, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("reading the configuration: %w", err)
	}
	f.path = path
	f.lines, err = strictyaml.DecodeLines(path, data, &f)
	return f, err
}
