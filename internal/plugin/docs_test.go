package plugin

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// The page on writing a plugin shows the plugin that is built and run here, to the letter.
func TestDocumentedPluginIsThisOne(t *testing.T) {
	page, err := os.ReadFile("../../docs/writing-a-plugin.md")
	must(t, err)
	source, err := os.ReadFile("testdata/src/acme/main.go")
	must(t, err)
	if !strings.Contains(string(page), "```go\n"+string(source)+"```\n") {
		t.Error("docs/writing-a-plugin.md does not hold testdata/src/acme/main.go as it is")
	}
}

func TestDocumentedPlugin(t *testing.T) {
	expiry := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	var ca string
	cloud := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer key-of-the-test" {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		switch r.Method + " " + r.URL.Path {
		case "GET /regions/north/clusters/prod":
			_ = json.NewEncoder(w).Encode(map[string]string{"id": "c-1", "endpoint": "https://c-1.acme.example", "ca": ca})
		case "POST /regions/north/clusters/prod/token":
			_ = json.NewEncoder(w).Encode(map[string]any{"token": "issued", "expires": expiry})
		case "GET /regions/north/clusters/secret":
			http.Error(w, "not for you", http.StatusForbidden)
		default:
			http.NotFound(w, r)
		}
	}))
	defer cloud.Close()
	ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cloud.Certificate().Raw}))
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(caFile, []byte(ca), 0o600))
	t.Setenv("ACME_API_KEY", "key-of-the-test")

	dir := install(t)
	must(t, os.Link(filepath.Join(built, "acme"), filepath.Join(dir, prefix+"acme")))
	connect := func(name string, grant bool) (*sdk.Access, *sdk.Token, error) {
		h, _ := start(t, dir)
		if grant {
			h.opts.Env = map[string][]string{"acme": {"ACME_API_KEY"}}
		}
		p := provider(t, h, "acme")
		target, err := p.Info().ParseTarget("acme://north/"+name, map[string]string{"caFile": caFile, "api": cloud.URL}, nil)
		must(t, err)
		a, err := p.Access(t.Context(), target)
		if err != nil {
			return nil, nil, err
		}
		tok, err := p.Token(t.Context(), target)
		return a, tok, err
	}

	a, tok, err := connect("prod", true)
	must(t, err)
	if want := (sdk.Cluster{Provider: "acme", Region: "north", Name: "prod", ID: "c-1"}); a.Cluster != want || a.Server != "https://c-1.acme.example" {
		t.Errorf("access %+v", a)
	}
	if tok.Value.Reveal() != "issued" || !tok.Expiry.Equal(expiry) {
		t.Errorf("another token, until %v", tok.Expiry)
	}
	for name, kind := range map[string]error{"secret": sdk.ErrPermissionDenied, "gone": sdk.ErrTargetNotFound} {
		if _, _, err := connect(name, true); !errors.Is(err, kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := connect("prod", false); !errors.Is(err, sdk.ErrUnauthenticated) {
		t.Errorf("without a grant: %v", err)
	}
}
