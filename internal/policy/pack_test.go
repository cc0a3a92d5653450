package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
)

// The pack's own manifests: what is in a bad*.yaml fails the check whose folder it is in, and what is in a good*.yaml
// passes it.
func TestManifests(t *testing.T) {
	engine := newEngine(t)
	for _, c := range engine.Checks() {
		t.Run(c.ID, func(t *testing.T) {
			if lacks := shown(t, engine, c); lacks != "" {
				t.Error(lacks)
			}
		})
	}
}

// shown says what the manifests of a check lack to show it failing and passing.
func shown(t *testing.T, engine *policy.Engine, c finding.Check) string {
	t.Helper()
	const root = "../../testdata/manifests"
	bad, _ := filepath.Glob(filepath.Join(root, c.ID, "bad*.yaml"))
	good, _ := filepath.Glob(filepath.Join(root, c.ID, "good*.yaml"))
	if len(bad) == 0 || len(good) == 0 {
		return "it needs at least one bad and one good manifest"
	}
	var lacks []string
	for _, file := range bad {
		if _, findings := judge(t, engine, c.ID, file); len(findings) == 0 {
			lacks = append(lacks, file+" has no finding")
		}
	}
	for _, file := range good {
		passed, findings := judge(t, engine, c.ID, file)
		if !passed {
			lacks = append(lacks, file+" holds nothing that the check judges")
		}
		for _, f := range findings {
			lacks = append(lacks, fmt.Sprintf("%s: %s %s", file, f.Object, f.Message))
		}
	}
	return strings.Join(lacks, "; ")
}

// Every folder of manifests belongs to a check, and every finding of the pack's manifests has an identity of its own.
func TestManifestsBelongToChecks(t *testing.T) {
	engine := newEngine(t)
	known := map[string]bool{}
	for _, c := range engine.Checks() {
		known[c.ID] = true
	}
	entries, err := os.ReadDir("../../testdata/manifests")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("testdata/manifests/%s belongs to no check", e.Name())
		}
		files, _ := filepath.Glob(filepath.Join("../../testdata/manifests", e.Name(), "*.yaml"))
		for _, file := range files {
			seen := map[string]string{}
			_, findings := judge(t, engine, "", file)
			for _, f := range findings {
				id := f.Fingerprint("cluster")
				if other, ok := seen[id]; ok {
					t.Errorf("%s: %s: %q and %q share an identity", file, f.Check, other, f.Message)
				}
				seen[id] = f.Message
			}
		}
	}
}

var ourPack = policy.Pack{Name: "kubemuster", FS: policies.FS}

// shared is our pack, compiled once: engines only read.
var shared = sync.OnceValues(func() (*policy.Engine, error) { return policy.New(context.Background(), ourPack) })

func newEngine(t *testing.T) *policy.Engine {
	t.Helper()
	engine, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	// Parameters that a check cannot do without stand beside its manifests.
	parameters := map[string]map[string]any{}
	files, _ := filepath.Glob("../../testdata/manifests/*/parameters.json")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := json.Unmarshal(data, &values); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		parameters[filepath.Base(filepath.Dir(file))] = values
	}
	if engine, err = engine.Configure(policy.Settings{Parameters: parameters}); err != nil {
		t.Fatal(err)
	}
	return engine
}

// judge returns the findings of a check (all of them for an empty id) on the objects of a file, and whether it passed any: a check
// of the whole cluster passes one that holds a kind it requires.
func judge(t *testing.T, engine *policy.Engine, id, file string) (passed bool, found []finding.Finding) {
	t.Helper()
	about := policy.Cluster{Provider: "test", Version: "v1.37.2", Time: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	var index snapshot.Index
	held := map[string]bool{}
	for _, c := range engine.Checks() {
		held[c.ID] = c.Scope == finding.ObjectScope // the engine asks it about nothing else
	}
	take := func(j policy.Judgement) {
		for _, v := range j.Verdicts {
			if v.Verdict == finding.NotEvaluated {
				t.Errorf("%s: %s was not evaluated: %s", file, v.Check, v.Reason)
			}
			passed = passed || v.Check == id && v.Verdict == finding.Pass && held[id]
		}
		for _, f := range j.Findings {
			if id == "" || f.Check == id {
				found = append(found, f)
			}
		}
	}
	kinds := slices.Concat(snapshot.Kinds, snapshot.OptIn)
	for _, c := range engine.Checks() {
		if c.ID == id { // it is as right alone, where no kind is read but what it asks for
			kinds = slices.DeleteFunc(kinds, func(k snapshot.Kind) bool { return !slices.Contains(c.Requires, k.Name) })
		}
	}
	cov, err := collect.Manifests{Path: file}.Collect(t.Context(), collect.Scope{Kinds: kinds}, func(page []snapshot.Object) error {
		for _, o := range page {
			index.Add(o)
			for _, c := range engine.Checks() {
				held[c.ID] = held[c.ID] || slices.Contains(c.Requires, o.Kind.Name)
			}
			j := engine.Object(context.WithoutCancel(t.Context()), o, about)
			for _, f := range j.Findings {
				if f.Line < 1 || !strings.HasSuffix(f.File, filepath.Base(file)) {
					t.Errorf("%s: finding of %s stands at %s:%d", file, f.Check, f.File, f.Line)
				}
			}
			take(j)
		}
		return nil
	})
	if err != nil || len(cov.Gaps) > 0 {
		t.Fatalf("%s: %v %v", file, err, cov.Gaps)
	}
	take(engine.Cluster(t.Context(), index.Inventory(), about, func(finding.Check) bool { return false }))
	return passed, found
}
