package e2e

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	pipeline "github.com/kubemuster/kubemuster/internal/scan"
	"github.com/kubemuster/kubemuster/test/e2e/fault"
)

// Scans of broken clusters leave no goroutine and no connection behind. The pipeline runs in this process, and no other test
// beside this one.
func TestFaultsLeaveNothingRunning(t *testing.T) {
	t.Setenv("E2E_ROGUE_TOKEN", rogueToken)
	before := goleak.IgnoreCurrent()
	engine, err := ownEngine(t).Configure(policy.Settings{Select: []string{"KM1005", "KM2001", "KM6001"}})
	if err != nil {
		t.Fatal(err)
	}
	// The tokens are such that the API server asks nobody about them: its webhook is in this process.
	cases := []struct {
		behaviour string
		fault     fault.Fault
		want      report.Status
	}{
		{"behaves", nil, report.Complete},
		{"behaves", nodes(func(r *fault.Request) bool { return r.Status(403, "Forbidden", "no", "") }), report.Partial},
		{"behaves", nodes((*fault.Request).Abort), report.Partial},
		{"behaves", nodes(func(r *fault.Request) bool { r.Half(); return r.Reset() }), report.Partial},
		{"behaves", nodes(func(r *fault.Request) bool { r.Half(); return r.Stall() }), report.Partial},
		{"behaves", nodes(func(r *fault.Request) bool { return r.Endless("application/json", `{"a":"`, 1<<30) }), report.Partial},
		{"behaves", (*fault.Request).Stall, report.NotScanned},
		{"hangs", nil, report.NotScanned},
	}
	var proxies []*fault.Proxy
	var targets []pipeline.Target
	for _, c := range cases {
		p := fault.New(world.ca, world.prod.URL(), c.fault, false)
		defer p.Close()
		proxies = append(proxies, p)
		targets = append(targets, pipeline.Target{Raw: rogueAt(c.behaviour, p.URL())})
	}
	host := plugin.NewHost(plugin.Options{Dirs: []string{world.rogues}})
	defer host.Close()
	scanner := &pipeline.Scanner{Engine: engine, Host: host, Opts: pipeline.Options{Concurrency: len(targets), Timeout: 15 * time.Second}}
	r := scanner.Run(t.Context(), targets)
	for i, c := range cases {
		if got := r.Clusters[i]; got.Status != c.want {
			t.Errorf("%d (%s): %s, want %s (%v, %v)", i, c.behaviour, got.Status, c.want, got.Problem, got.Gaps)
		}
		eventually(t, "the end of the connections to "+proxies[i].URL(), func() bool { return proxies[i].Connections() == 0 })
	}
	host.Close()
	for _, p := range proxies {
		p.Close()
	}
	if err := goleak.Find(before); err != nil {
		t.Errorf("left running: %v", strings.TrimSpace(err.Error()))
	}
}
