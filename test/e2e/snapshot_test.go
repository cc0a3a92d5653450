package e2e

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A recorded cluster is judged as the live one is: the same findings, identities, verdicts and gaps. So is one that replay
// serves. What could not be read when it was recorded is not taken for clean later.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	s, err := newServer(t.Context(), "../../testdata/clusters/eks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.ApplyPath(t.Context(), "testdata/snapshot.yaml"); err != nil {
		t.Fatal(err)
	}
	c := world.gke
	register(c, "variety", s, s.Address)
	for as, want := range map[identity]struct {
		code int
		gaps bool
	}{reader: {exitOK, false}, partial: {exitIncomplete, true}} {
		t.Run(string(as), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "variety.snapshot")
			o := runCommand(t, c.env(as), "collect", c.target("variety", as), "-o", file, "--plugin-dir", world.plugins, "-v")
			checkSecrets(t, "collect", o.stdout+o.stderr)
			if o.code != want.code || strings.Contains(o.stderr, "not recorded: ClusterRole: forbidden") != want.gaps {
				t.Fatalf("the exit code is %d, not %d\n%s", o.code, want.code, o.tail())
			}
			if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
				t.Errorf("got %v, %v", info, err)
			}
			text := unpack(t, file)
			checkSecrets(t, "the snapshot", text)
			if at := strings.Index(text, "canary"); at >= 0 {
				t.Errorf("the snapshot holds …%s", text[max(0, at-80):at+30])
			}
			if !strings.Contains(text, `{"name":"DB_PASSWORD","value":"<named-secret>"}`) {
				t.Error("the snapshot lacks the class of a value")
			}

			live := scan(t, c.env(as), c.target("variety", as))
			recorded := scan(t, nil, "snapshot://"+file)
			if live.code != want.code || recorded.code != want.code {
				t.Errorf("the exit codes are %d and %d, not %d\n%s", live.code, recorded.code, want.code, recorded.tail())
			}
			if len(live.only(t).Results) < 50 {
				t.Errorf("there is little to compare: %d findings", len(live.only(t).Results))
			}
			compare(t, live, recorded, "target")

			// A replay is nobody's cloud: what the provider runs, and grants that weigh differently there, are not to be compared.
			live = scan(t, c.env(as), c.target("variety", as), "--check", ofAnyCloud)
			r := live.only(t)
			compare(t, live, replayed(t, file, strings.TrimSuffix(strings.TrimPrefix(r.AutomationDetails.ID, "kubemuster/"), "/"), r.Properties.Cluster),
				"target", "provider", "account", "region", "name")
		})
	}
	events, err := s.Audit()
	if err != nil {
		t.Fatal(err)
	}
	if err := onlyReads(events); err != nil {
		t.Error(err)
	}
}

// ofAnyCloud are checks whose findings are the same whatever the provider is.
const ofAnyCloud = "KM2001,KM2003,KM4001,KM5001,KM5002,KM6001"

// replayed scans what replay makes of the file, as the cluster that was recorded.
func replayed(t *testing.T, file, alias, id string) scanned {
	t.Helper()
	dir := t.TempDir()
	kubeconfig, config := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "kubemuster.yaml")
	data, err := json.Marshal(map[string]any{"targets": []any{map[string]any{
		"target": "kubeconfig://replay", "alias": alias, "id": id, "params": map[string]string{"kubeconfig": kubeconfig},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, data, 0o600); err != nil {
		t.Fatal(err)
	}
	server := command(t, nil, "replay", file, "--kubeconfig", kubeconfig)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "replay serves", func() bool {
		info, err := os.Stat(kubeconfig)
		return err == nil && info.Size() > 0
	})
	s := scan(t, nil, "--config", config, "--check", ofAnyCloud)
	if err := server.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	o := finish(t, server)
	checkSecrets(t, "replay", o.stdout+o.stderr)
	if _, err := os.Stat(kubeconfig); o.code != exitOK || !os.IsNotExist(err) {
		t.Errorf("replay ended with %d, and its kubeconfig: %v\n%s", o.code, err, o.tail())
	}
	return s
}

func unpack(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// compare holds the reports of two scans of one cluster against each other, whole but for how and when the cluster was
// reached: times, the plugin, the note that a snapshot was judged, and these properties.
func compare(t *testing.T, live, other scanned, except ...string) {
	t.Helper()
	want, got := comparable(t, live, except), comparable(t, other, except)
	for part := range want {
		if !reflect.DeepEqual(got[part], want[part]) {
			t.Errorf("%s: %s\nlive: %s", part, indented(got[part]), indented(want[part]))
		}
	}
	if len(got) != len(want) {
		t.Errorf("the report has %d parts, the live one %d", len(got), len(want))
	}
}

func comparable(t *testing.T, s scanned, except []string) map[string]any {
	t.Helper()
	var file struct{ Runs []map[string]any }
	if err := json.Unmarshal(s.sarif, &file); err != nil || len(file.Runs) != 1 {
		t.Fatalf("%d runs, %v", len(file.Runs), err)
	}
	run := file.Runs[0]
	for _, name := range except {
		delete(run["properties"].(map[string]any), name)
		for _, result := range run["results"].([]any) {
			delete(result.(map[string]any)["properties"].(map[string]any), name)
		}
	}
	tool := run["tool"].(map[string]any)
	delete(tool, "extensions")
	delete(tool["driver"].(map[string]any), "notifications") // what the notifications below are
	invocation := run["invocations"].([]any)[0].(map[string]any)
	delete(invocation, "startTimeUtc")
	delete(invocation, "endTimeUtc")
	notifications, _ := invocation["toolExecutionNotifications"].([]any)
	notifications = slices.DeleteFunc(notifications, func(n any) bool {
		descriptor := n.(map[string]any)["descriptor"].(map[string]any)
		delete(descriptor, "index")
		return descriptor["id"] == "scan/snapshot" || descriptor["id"] == rbacOnly // a replay is no cloud's
	})
	if invocation["toolExecutionNotifications"] = notifications; len(notifications) == 0 {
		delete(invocation, "toolExecutionNotifications")
	}
	return run
}

func indented(v any) string {
	data, _ := json.MarshalIndent(v, "", " ")
	return string(data[:min(len(data), 20_000)])
}
