package policy_test

import (
	"context"
	"encoding/json"
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
// does not.
func TestManifests(t *testing.T) {
	engine := newEngine(t)
	const root = "../../testdata/manifests"
	for _, c := range engine.Checks() {
		t.Run(c.ID, func(t *testing.T) {
			bad, _ := filepath.Glob(filepath.Join(root, c.ID, "bad*.yaml"))
			good, _ := filepath.Glob(filepath.Join(root, c.ID, "good*.yaml"))
			if len(bad) == 0 || len(good) == 0 {
				t.Fatalf("%s needs at least one bad and one good manifest", c.ID)
			}
			for _, file := range bad {
				if findings := judge(t, engine, c.ID, file); len(findings) == 0 {
					t.Errorf("%s: no finding", file)
				}
			}
			for _, file := range good {
				for _, f := range judge(t, engine, c.ID, file) {
					t.Errorf("%s: %s %s", file, f.Object, f.Message)
				}
			}
		})
	}
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
			for _, f := range judge(t, engine, "", file) {
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
	if engine, err = engine.Configure(t.Context(), policy.Settings{Parameters: parameters}); err != nil {
		t.Fatal(err)
	}
	return engine
}

// judge returns the findings of a check (all of them for an empty id) on the objects of a file.
func judge(t *testing.T, engine *policy.Engine, id, file string) []finding.Finding {
	t.Helper()
	about := policy.Cluster{Provider: "test", Version: "v1.37.2", Time: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	var index snapshot.Index
	var found []finding.Finding
	take := func(j policy.Judgement) {
		for _, v := range j.Verdicts {
			if v.Verdict == finding.NotEvaluated {
				t.Errorf("%s: %s was not evaluated: %s", file, v.Check, v.Reason)
			}
		}
		for _, f := range j.Findings {
			if id == "" || f.Check == id {
				found = append(found, f)
			}
		}
	}
	cov, err := collect.Manifests{Path: file}.Collect(t.Context(), collect.Scope{Kinds: slices.Concat(snapshot.Kinds, snapshot.OptIn)}, func(page []snapshot.Object) error {
		for _, o := range page {
			index.Add(o)
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
	return found
}
