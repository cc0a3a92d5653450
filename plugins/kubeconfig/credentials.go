package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// supported says which part of the user's entry the plugin does not serve, if there is one.
func (e *entry) supported() error {
	u := e.user
	for _, no := range []struct {
		here       bool
		what, hint string
	}{
		{u.AuthProvider != nil, "an auth-provider, which Kubernetes has removed", "create the entry anew with your cloud's tool, which writes an exec stanza, and name its command in allowExec"},
		{u.Username != "" || u.Password != "", "a username and password, which Kubernetes does not take any more", "use a client certificate, a token or an exec stanza"},
		{u.Impersonate != "" || u.ImpersonateUID != "" || len(u.ImpersonateGroups) > 0 || len(u.ImpersonateUserExtra) > 0, "impersonation (as)", "use an entry with credentials of the scanner's own, bound to the ClusterRole kubemuster-reader in deploy/kubernetes"},
	} {
		if no.here {
			return sdk.Errorf(sdk.ErrUnsupported, no.hint, "user %q of the kubeconfig has %s", e.userName, no.what)
		}
	}
	return nil
}

func (e *entry) hasStatic() bool {
	return e.user.Token != "" || e.user.TokenFile != "" || hasCertificate(e.user)
}

func hasCertificate(u *api.AuthInfo) bool {
	return u.ClientCertificate != "" || len(u.ClientCertificateData) > 0
}

// static returns the credential that the user's entry holds or names a file of. Where it is both a token and a
// certificate, both are sent, as by kubectl: the API server takes the first that it accepts.
func (e *entry) static() (*sdk.Token, error) {
	if !e.hasStatic() {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "give it a token, a client certificate or an exec stanza", "user %q of the kubeconfig has no credential", e.userName)
	}
	token, cert, key := []byte(e.user.Token), e.user.ClientCertificateData, e.user.ClientKeyData
	for _, part := range []struct {
		into *[]byte
		file string
		wins bool
	}{
		{&token, e.user.TokenFile, true}, // it may be newer than the token beside it
		{&cert, e.user.ClientCertificate, false},
		{&key, e.user.ClientKey, false},
	} {
		if part.file == "" || (len(*part.into) > 0 && !part.wins) {
			continue
		}
		var err error
		if *part.into, err = os.ReadFile(part.file); err != nil {
			return nil, sdk.Errorf(sdk.ErrUnauthenticated, "check the path in the kubeconfig", "the credential of user %q cannot be read: %v", e.userName, err)
		}
	}
	if !hasCertificate(e.user) {
		cert, key = nil, nil
	}
	return credential(fmt.Sprintf("user %q of the kubeconfig", e.userName), "renew it, or the kubeconfig", string(token), cert, key, time.Time{})
}

// credential checks what holder gave and returns it. Its expiry is the earliest that is known; one that has passed is
// an error, with renew as the hint.
func credential(holder, renew, token string, cert, key []byte, expiry time.Time) (*sdk.Token, error) {
	token = strings.TrimSpace(token)
	t := &sdk.Token{Value: sdk.NewSecret(token), ClientCertificate: cert, Expiry: earliest(expiry, claimsOf(token).expiry())}
	if len(cert) > 0 || len(key) > 0 {
		// What crypto/tls says of a key is not passed on.
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, sdk.Errorf(sdk.ErrUnauthenticated, "both must be in PEM, the key unencrypted, and belong together",
				"the client certificate and key of %s cannot be used", holder)
		}
		t.ClientKey, t.Expiry = sdk.NewSecret(string(key)), earliest(t.Expiry, pair.Leaf.NotAfter)
	}
	switch {
	case token == "" && len(cert) == 0:
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, renew, "the token of %s is empty", holder)
	case !t.Expiry.IsZero() && !time.Now().Before(t.Expiry):
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, renew, "the credential of %s expired at %s", holder, t.Expiry.UTC().Format(time.RFC3339))
	}
	return t, nil
}

// earliest takes zero for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// caller names who a credential is for, and returns unknown where that is for the cluster to say.
func caller(t *sdk.Token, unknown string) string {
	if block, _ := pem.Decode(t.ClientCertificate); block != nil {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			return fmt.Sprintf("user %q of a client certificate", cert.Subject.CommonName)
		}
	}
	if sub := claimsOf(t.Value.Reveal()).Subject; strings.HasPrefix(sub, "system:serviceaccount:") {
		return fmt.Sprintf("%q", sub)
	}
	return unknown
}

// claims are those of a JWT that the plugin reads, to renew it in time and to name the caller in a hint. The signature
// is for the API server to check.
type claims struct {
	Subject string  `json:"sub"`
	Expires float64 `json:"exp"`
}

// claimsOf returns no claims where the token is not a JWT.
func claimsOf(token string) (c claims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return claims{}
	}
	return c
}

func (c claims) expiry() time.Time {
	const lastSecondOf9999 = 253402300799 // what the protocol's timestamps can hold
	if c.Expires <= 0 || c.Expires > lastSecondOf9999 {
		return time.Time{}
	}
	return time.Unix(int64(c.Expires), 0)
}
