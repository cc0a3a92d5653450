package scan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/replay"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// TestMain makes the test's own executable the auth plugin of the provider fake, a real process: fake://NAME?server=URL is the API server
// at URL.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "kubemuster-auth-") {
		sdk.Serve(provider{})
	}
	os.Exit(runWithPlugin(m))
}

var (
	host *plugin.Host
	ca   = cloudfake.NewCA("cluster")
	// caFile is where the plugin finds ca.
	caFile string
)

func runWithPlugin(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kubemuster-scan")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "kubemuster-auth-fake")); err != nil {
		panic(err)
	}
	caFile = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(caFile, ca.PEM(), 0o600); err != nil {
		panic(err)
	}
	host = plugin.NewHost(plugin.Options{Dirs: []string{dir}})
	defer host.Close()
	return m.Run()
}

type provider struct{}

func (provider) Info() sdk.Info {
	return sdk.Info{Name: "fake", Version: "1.0.0", Path: "{cluster}", Parameters: []sdk.Parameter{
		{Name: "server", Type: sdk.URL, Required: true, Help: "URL of the API server"},
		{Name: "ca", Type: sdk.File, Required: true, Help: "PEM file of its certificate authority"},
	}}
}

func (provider) Access(_ context.Context, t sdk.Target) (*sdk.Access, error) {
	pem, err := os.ReadFile(t.Params["ca"])
	if err != nil {
		return nil, err
	}
	name := t.Path["cluster"]
	if name == "missing" {
		return nil, sdk.Errorf(sdk.ErrTargetNotFound, "check its name", "there is no cluster %s", name)
	}
	return &sdk.Access{
		Server: t.Params["server"], Trust: sdk.ClusterCA(pem), Hint: "map the identity",
		Cluster: sdk.Cluster{Provider: "fake", Account: "acme", Region: "here", Name: name, ID: "id-of-" + name},
	}, nil
}

func (provider) Token(_ context.Context, t sdk.Target) (*sdk.Token, error) {
	if t.Path["cluster"] == "logged-out" {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "log in again", "the session has ended")
	}
	sum := sha256.Sum256([]byte(t.Path["cluster"]))
	return &sdk.Token{Value: sdk.NewSecret(hex.EncodeToString(sum[:]))}, nil
}

// request is one that an API server is asked.
type request struct {
	*http.Request
	w        http.ResponseWriter
	resource string // the last part of the path
	n        int    // the first of this resource is 1
}

// forbid answers that the identity may not.
func (r request) forbid() bool { return r.fail(http.StatusForbidden, "Forbidden") }

// fail answers with a failure as the API server words it.
func (r request) fail(code int, reason string) bool {
	r.w.Header().Set("Content-Type", "application/json")
	r.w.WriteHeader(code)
	fmt.Fprintf(r.w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, reason, code)
	return true
}

// isList reports whether objects are asked for: not who asks, and not the version.
func (r request) isList() bool {
	return r.Method == http.MethodGet && r.resource != "version"
}

// apiServer starts a cluster's API server and returns the target that leads there. broken answers a request in its place,
// or reports that it does not.
func apiServer(t *testing.T, name string, objects []metav1.Object, broken func(request) bool) Target {
	t.Helper()
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, snapshot.Header{ServerVersion: "v1.37.2"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range objects {
		if err := w.Write(object(v)); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]int{}
	for _, k := range snapshot.Kinds {
		counts[k.Name] = 0
	}
	if err := w.End(snapshot.Ending{Objects: counts}); err != nil {
		t.Fatal(err)
	}
	recorded, err := snapshot.NewReader(&file, name)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := replay.New(recorded, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := map[string]int{}
	s := ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resource := path.Base(r.URL.Path)
		mu.Lock()
		asked[resource]++
		n := asked[resource]
		mu.Unlock()
		if broken == nil || !broken(request{r, w, resource, n}) {
			whole.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return Target{Raw: "fake://" + name, Params: map[string]string{"server": s.URL, "ca": caFile}}
}
