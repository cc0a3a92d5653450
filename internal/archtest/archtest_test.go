// Package archtest holds the import rules: who may know whom. docs/architecture.md tells the reasons.
package archtest

import (
	"errors"
	"go/types"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "github.com/kubemuster/kubemuster/"

var (
	clouds   = []string{"cloud.google.com/", "google.golang.org/api/", "github.com/Azure/", "github.com/aws/"}
	clientGo = []string{"k8s.io/client-go/"}
	opa      = []string{"github.com/open-policy-agent/opa/"}
	// The typed clients, and the scheme of every API group with them.
	typedClients = []string{"k8s.io/client-go/kubernetes"}
)

// A package, and all that it leads to, stays free of these.
func TestReach(t *testing.T) {
	rules := []struct {
		who    string // prefix of the package's path in the module
		except []string
		never  []string
		but    []string
		why    string
	}{
		{"pkg/sdk", nil, slices.Concat(clouds, clientGo, opa), nil, "third parties would compile it into their plugins"},
		{"internal/", []string{"internal/cloudfake"}, clouds, nil, "the core knows no cloud"},
		{"cmd/scanner", nil, clouds, nil, "the core knows no cloud"},
		{"cmd/scanner", nil, typedClients, nil, "they take longer to compile than all of ours: internal/snapshot has a scheme of what is read"},
		{"plugins/", []string{"plugins/kubeconfig"}, slices.Concat(clientGo, opa), nil, "a plugin knows its cloud and nothing else"},
		{"plugins/kubeconfig", nil, slices.Concat(clouds, opa), nil, "a plugin knows its cloud and nothing else"},
		{"internal/finding", nil, []string{module, "k8s.io/"}, nil, "it is plain types"},
		{"internal/snapshot", nil, append(slices.Clone(clientGo), module), []string{module + "internal/redact"}, "it is plain types, and may know what a credential looks like"},
		{"internal/report", nil, slices.Concat(clientGo, opa), nil, "reports are made of findings alone"},
	}
	all := load(t)
	for _, rule := range rules {
		matched := false
		for path, p := range all {
			if !strings.HasPrefix(path, rule.who) || hasPrefix(path, rule.except) {
				continue
			}
			matched = true
			for _, dep := range reach(p) {
				if hasPrefix(dep, rule.never) && !strings.HasPrefix(dep, module+rule.who) && !hasPrefix(dep, rule.but) {
					t.Errorf("%s reaches %s: %s", path, dep, rule.why)
				}
			}
		}
		if !matched {
			t.Errorf("the rule for %s matches no package", rule.who)
		}
	}
}

// A library that shapes the code around it is imported in one place.
func TestOnlyImporters(t *testing.T) {
	rules := []struct {
		library string
		only    []string
	}{
		{"github.com/open-policy-agent/opa/", []string{"internal/policy", "policies"}},
		{"oras.land/oras-go/v2", []string{"internal/policy"}},
		{"github.com/owenrumney/go-sarif/", []string{"internal/report/sarif"}},
		{"github.com/spf13/cobra", []string{"internal/cli"}},
		{"github.com/spf13/viper", []string{"internal/config"}},
		{"github.com/hashicorp/go-plugin", []string{"internal/plugin", "internal/pluginpb", "pkg/sdk"}},
		{"k8s.io/client-go/rest", []string{"internal/kube", "internal/collect"}},
		{"k8s.io/client-go/tools/clientcmd", []string{"plugins/kubeconfig"}},
	}
	all := load(t)
	for _, rule := range rules {
		used := false
		for path, p := range all {
			for dep := range p.Imports {
				if !strings.HasPrefix(dep+"/", strings.TrimSuffix(rule.library, "/")+"/") {
					continue
				}
				used = true
				if !slices.ContainsFunc(rule.only, func(o string) bool { return path == o || strings.HasPrefix(path, o+"/") }) {
					t.Errorf("%s imports %s; only %s may", path, dep, strings.Join(rule.only, ", "))
				}
			}
		}
		if !used {
			t.Errorf("nothing imports %s: take the rule away", rule.library)
		}
	}
}

// Plugins are strangers to each other and to the core: they could be third parties'.
func TestPluginsImportOnlyTheSDK(t *testing.T) {
	for path, p := range load(t) {
		if !strings.HasPrefix(path, "plugins/") {
			continue
		}
		for dep := range p.Imports {
			if ours, ok := strings.CutPrefix(dep, module); ok && ours != "pkg/sdk" {
				t.Errorf("%s imports %s; a plugin has pkg/sdk and nothing else of ours", path, ours)
			}
		}
	}
}

// Third parties never see the protocol's generated types.
func TestSDKExportsNoGeneratedType(t *testing.T) {
	// Types come from source, so that the test needs no compiled packages.
	all, err := loadPackages(packages.NeedName|packages.NeedImports|packages.NeedDeps|packages.NeedTypes, "./pkg/sdk")
	if err != nil {
		t.Fatal(err)
	}
	scope := all["pkg/sdk"].Types.Scope()
	for _, name := range scope.Names() {
		o := scope.Lookup(name)
		if !o.Exported() {
			continue
		}
		for _, text := range api(o) {
			if strings.Contains(text, "internal/") || strings.Contains(text, "google.golang.org/") {
				t.Errorf("pkg/sdk exports %s", text)
			}
		}
	}
}

// api describes what a user of the package sees of an object: its type, its exported fields and methods.
func api(o types.Object) []string {
	named, ok := o.Type().(*types.Named)
	if _, isType := o.(*types.TypeName); !isType || !ok {
		return []string{types.ObjectString(o, nil)}
	}
	var out []string
	for i := range named.NumMethods() {
		if m := named.Method(i); m.Exported() {
			out = append(out, types.ObjectString(m, nil))
		}
	}
	switch u := named.Underlying().(type) {
	case *types.Struct:
		for i := range u.NumFields() {
			if f := u.Field(i); f.Exported() {
				out = append(out, o.Name()+"."+types.ObjectString(f, nil))
			}
		}
	default:
		out = append(out, types.TypeString(u, nil))
	}
	return out
}

// load returns the module's packages by their path in it, without tests.
func load(t *testing.T) map[string]*packages.Package {
	t.Helper()
	all, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var loaded = sync.OnceValues(func() (map[string]*packages.Package, error) {
	return loadPackages(packages.NeedName|packages.NeedImports|packages.NeedDeps, "./...")
})

func loadPackages(mode packages.LoadMode, pattern string) (map[string]*packages.Package, error) {
	list, err := packages.Load(&packages.Config{Mode: mode, Dir: "../.."}, pattern)
	all := map[string]*packages.Package{}
	for _, p := range list {
		for _, e := range p.Errors {
			err = errors.Join(err, e)
		}
		all[strings.TrimPrefix(p.PkgPath, module)] = p
	}
	return all, err
}

// reach returns the paths of all that a package leads to.
func reach(p *packages.Package) []string {
	seen := map[string]bool{}
	var walk func(*packages.Package)
	walk = func(p *packages.Package) {
		for path, dep := range p.Imports {
			if !seen[path] {
				seen[path] = true
				walk(dep)
			}
		}
	}
	walk(p)
	return slices.Sorted(maps.Keys(seen))
}

func hasPrefix(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(path, p) })
}
