package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/internal/scan"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const snapshots = "../../testdata/snapshots"

// TestMain makes the test's own executable the command that the demo runs.
func TestMain(m *testing.M) {
	if mode := os.Getenv("DEMO_TEST_COMMAND"); mode != "" {
		os.Exit(command(mode))
	}
	code := m.Run()
	_ = os.RemoveAll(built.dir)
	os.Exit(code)
}

// built are the executables that the tests start, as users have them.
var built struct {
	sync.Once
	dir     string // removed at the end
	command string // the scanner
	plugins string // the folder of the plugins
	acme    string // the plugin that docs/writing-a-plugin.md makes
	err     error
}

func build(t *testing.T) {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "kubemuster-demo-test-"); built.err != nil {
			return
		}
		built.command, built.acme = filepath.Join(built.dir, "kubemuster"), filepath.Join(built.dir, "kubemuster-auth-acme")
		built.plugins = filepath.Join(built.dir, "plugins")
		sources := map[string]string{built.command: "cmd/scanner", built.acme: "internal/plugin/testdata/src/acme"}
		for _, name := range []string{"gke", "aks", "eks", "kubeconfig"} {
			sources[filepath.Join(built.plugins, "kubemuster-auth-"+name)] = "plugins/" + name
		}
		for out, source := range sources {
			if text, err := exec.Command("go", "build", "-o", out, "../../"+source).CombinedOutput(); err != nil {
				built.err = fmt.Errorf("building %s: %w\n%s", source, err, text)
				return
			}
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
}

// command ends with 7 if all that it finds is what it should find.
func command(mode string) int {
	var problems []error
	for _, name := range []string{"KUBEMUSTER_CONFIG", "GOOGLE_APPLICATION_CREDENTIALS", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		info, err := os.Stat(os.Getenv(name))
		problems = append(problems, err)
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			problems = append(problems, fmt.Errorf("%s has mode %v", name, info.Mode()))
		}
	}
	for name, want := range map[string]string{
		"AZURE_CLIENT_ID": azureClientID, "AZURE_AUTHORITY_HOST": "", "AWS_PROFILE": "", "KUBEMUSTER_FAIL_ON": "",
		"KUBEMUSTER_PLUGIN_DIR": "kept", "OTHER": "kept",
	} {
		if got := os.Getenv(name); got != want {
			problems = append(problems, fmt.Errorf("%s is %q", name, got))
		}
	}
	problems = append(problems, os.WriteFile(mode, []byte(filepath.Dir(os.Getenv("KUBEMUSTER_CONFIG"))), 0o600))
	if err := errors.Join(problems...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 7
}

func TestRun(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(t.TempDir(), "left")
	t.Setenv("DEMO_TEST_COMMAND", left)
	for name, value := range map[string]string{
		"AWS_PROFILE": "mine", "AZURE_AUTHORITY_HOST": "https://elsewhere.example", "KUBEMUSTER_FAIL_ON": "low",
		"KUBEMUSTER_PLUGIN_DIR": "kept", "OTHER": "kept",
	} {
		t.Setenv(name, value)
	}
	if code, err := run(snapshots, []string{self}); code != 7 || err != nil {
		t.Fatalf("got %d, %v", code, err)
	}
	dir, err := os.ReadFile(left)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(string(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", dir, err)
	}
}

func TestRunFails(t *testing.T) {
	for name, tt := range map[string]struct {
		snapshots, command, want string
	}{
		"no command":   {snapshots, "no-such-command", "executable file not found"},
		"no snapshots": {t.TempDir(), "true", "run the demo in the repository's root"},
	} {
		if code, err := run(tt.snapshots, []string{tt.command}); code != 1 || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %d, %v", name, code, err)
		}
	}
}

// TestClouds goes the scanner's way to each cluster, through the real plugins.
func TestClouds(t *testing.T) {
	w, err := start(snapshots, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, v := range w.env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	data, err := os.ReadFile(os.Getenv("KUBEMUSTER_CONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	var file config.File
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	c := config.Config{Targets: file.Targets, Providers: file.Plugins.Providers}
	build(t)
	host := plugin.NewHost(plugin.Options{Dirs: []string{built.plugins}, Env: c.Env()})
	defer host.Close()

	users := map[string]string{"shop": googleEmail, "data-platform": azureObjectID, "ci-and-ml": awsUser}
	for _, target := range c.Targets {
		t.Run(target.Alias, func(t *testing.T) {
			conn, err := scan.Connect(t.Context(), host, scan.Target{Raw: target.Target, Params: c.Params(target)}, kube.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if conn.Version != "v1.37.2" || conn.Who.User != users[target.Alias] || !slices.Contains(conn.Who.Groups, "system:authenticated") {
				t.Errorf("version %s, identity %+v", conn.Version, conn.Who)
			}
			for _, kind := range snapshot.Kinds {
				want := (target.Alias != "data-platform" || kind.Name != "NetworkPolicy") && !kind.Custom() // nobody has installed those
				if got, err := kube.MayList(t.Context(), conn.Config, kind, ""); err != nil || got != want {
					t.Errorf("may list %s: %v, %v", kind.Name, got, err)
				}
			}
		})
	}
}

// TestRecordings compares the recorded clusters with the manifests that they were recorded from.
func TestRecordings(t *testing.T) {
	const maxSize = 1 << 20
	for _, name := range []string{"gke", "aks", "eks"} {
		path := filepath.Join(snapshots, name+".ndjson")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > maxSize {
			t.Errorf("%s has %d bytes; keep it below %d", path, len(data), maxSize)
		}
		for i, line := range strings.Split(string(data), "\n") {
			if redact.String(line) != line {
				t.Errorf("%s:%d holds what looks like a credential", path, i+1)
			}
		}
		recorded := map[string]bool{}
		r, err := snapshot.NewReader(bytes.NewReader(data), path)
		for err == nil {
			var o snapshot.Object
			if o, err = r.Next(); err == nil {
				recorded[identity(o)] = true
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		manifests := collect.Manifests{Path: filepath.Join("../../testdata/clusters", name)}
		coverage, err := manifests.Collect(t.Context(), collect.Scope{Kinds: snapshot.Kinds}, func(page []snapshot.Object) error {
			for _, o := range page {
				if !recorded[identity(o)] {
					t.Errorf("%s lacks %s; record it anew: cd test/e2e && go run ./record -in ../../testdata/clusters/%s -out ../../testdata/snapshots/%s.ndjson", path, identity(o), name, name)
				}
			}
			return nil
		})
		if err != nil || len(coverage.Gaps) > 0 {
			t.Errorf("%v, gaps %v", err, coverage.Gaps)
		}
	}
}

func identity(o snapshot.Object) string {
	return o.Kind.Name + " " + o.Value.GetNamespace() + "/" + o.Value.GetName()
}
