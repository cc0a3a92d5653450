package main

import (
	"encoding/base64"
	"testing"
)

// Whatever Azure answers in a kubeconfig's place, it is read or taken for an empty one.
func FuzzKubeconfig(f *testing.F) {
	b64 := base64.StdEncoding.EncodeToString([]byte("PEM"))
	for _, seed := range []string{
		"", "a", "[", "users: [{}]", "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {certificate-authority-data: " + b64 + "}}]\n" +
			"users: [{name: u, user: {client-certificate-data: " + b64 + ", client-key-data: " + b64 + "}}]", "a: &a [*a]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		k := parseKubeconfig(data)
		cluster, user := k.current()
		if k.CurrentContext == "" && len(k.Contexts) == 0 && cluster+user != "" {
			t.Errorf("no context leads to %q and %q", cluster, user)
		}
		k.certificateAuthority()
		k.clientCertificate()
	})
}
