package strictyaml_test

import (
	"testing"

	"github.com/kubemuster/kubemuster/internal/strictyaml"
)

// Errors are in the user's words: no Go types, no keys that are none.
func TestErrors(t *testing.T) {
	type item struct {
		Check string `yaml:"check"`
		line  int
	}
	type file struct {
		Waivers []*item        `yaml:"waivers"`
		Max     map[string]int `yaml:"max"`
	}
	_ = item{line: 1}
	for text, want := range map[string]string{
		"":                                      "",
		"waivers:":                              "",
		"waivers: [{check: x}]":                 "",
		"- check: x":                            "f.yaml:1: the file must be keys with values",
		"just words":                            "f.yaml:1: the file must be keys with values",
		"waivers: {check: x}":                   "f.yaml:1: waivers must be a list",
		"waivers: [x]":                          "f.yaml:1: waivers[0] must be keys with values",
		"max: 7":                                "f.yaml:1: max must be keys with values",
		"waivers: [{chekc: x}]":                 `f.yaml:1: unknown key "waivers[0].chekc"; did you mean "check"?`,
		"waivers: [{q: x}]":                     `f.yaml:1: unknown key "waivers[0].q"; the known keys here are check`,
		"waivers:\n- &a {check: x}\n- <<: *a\n": "f.yaml:3: waivers[1]: keys are not merged here (<<); write them out",
	} {
		got := ""
		if err := strictyaml.Decode("f.yaml", []byte(text), new(file)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
