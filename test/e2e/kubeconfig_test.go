package e2e

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// shopToken is that of a user who may read one namespace of the prod cluster.
const shopToken = "shop-token-of-the-e2e-tests"

// Any cluster that a kubeconfig leads to can be scanned: with a token, with a client certificate, and with a command that
// fetches a credential, which may be the scanner itself.
func TestKubeconfig(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	certificate, key := world.ca.ClientCertificate("auditor", "kubemuster:readers")
	exec := func(c cloud) map[string]any {
		return map[string]any{"exec": map[string]any{
			"apiVersion": "client.authentication.k8s.io/v1", "command": world.command, "interactiveMode": "Never",
			"args": []string{"token", "--plugin-dir", world.plugins, c.target("prod", reader)},
		}}
	}
	for name, tc := range map[string]struct {
		user   map[string]any
		params string
		says   string // why it is refused; empty where it is not
	}{
		"token":              {user: map[string]any{"token": rogueToken}},
		"client-certificate": {user: map[string]any{"client-certificate-data": b64(certificate), "client-key-data": b64(key)}},
		"command":            {user: exec(world.gke), params: "&allowExec=" + world.command},
		"command-not-allowed": {
			user: exec(world.gke), says: "allowExec",
		},
		"wrong-token": {user: map[string]any{"token": "nobody-knows-it"}, says: "does not accept the token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config")
			writeKubeconfig(t, path, map[string]any{"server": world.prod.URL(), "certificate-authority": world.caFile}, tc.user)
			s := scan(t, nil, "kubeconfig://dev?kubeconfig="+path+tc.params)
			if tc.says == "" {
				s.checkComplete(t)
				checkHolds(t, s.only(t).findings(t), prodFindings)
				return
			}
			stage := "token"
			if name == "wrong-token" {
				stage = "connect"
			}
			s.checkNotScanned(t, stage, tc.says)
		})
	}
}

// A kubeconfig that asks not to verify the server is refused.
func TestInsecureKubeconfig(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	writeKubeconfig(t, path, map[string]any{"server": world.prod.URL(), "insecure-skip-tls-verify": true}, map[string]any{"token": rogueToken})
	scan(t, nil, "kubeconfig://dev?kubeconfig="+path).checkNotScanned(t, "access", "insecure-skip-tls-verify")
}

func writeKubeconfig(t *testing.T, path string, cluster, user map[string]any) {
	t.Helper()
	named := func(key string, value map[string]any) []map[string]any {
		return []map[string]any{{"name": "dev", key: value}}
	}
	data, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config",
		"clusters": named("cluster", cluster), "users": named("user", user),
		"contexts": named("context", map[string]any{"cluster": "dev", "user": "dev"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
