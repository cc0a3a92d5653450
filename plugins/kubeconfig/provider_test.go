package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	token    = "canary-token-0123456789"
	password = "canary-password"
	scanner  = "scanner"
)

// world is an API server that takes a token and client certificates, and a kubeconfig with the context dev for it.
type world struct {
	provider  *provider
	ca        *cloudfake.CA
	server    *httptest.Server
	config    *api.Config
	dir       string // of the kubeconfig
	cert, key []byte
	secrets   []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	for _, name := range newProvider().Info().Env {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("USERPROFILE", os.Getenv("HOME"))
	w := &world{provider: newProvider(), ca: cloudfake.NewCA("cluster"), config: api.NewConfig(), dir: t.TempDir()}
	w.cert, w.key = w.ca.ClientCertificate(scanner, "kubemuster:readers")
	w.secrets = append([]string{token, password}, strings.Split(strings.TrimSpace(string(w.key)), "\n")[1:]...)
	w.server = w.serve()
	t.Cleanup(w.server.Close)

	cluster := api.NewCluster()
	cluster.Server, cluster.CertificateAuthorityData = w.server.URL, w.ca.PEM()
	user := api.NewAuthInfo()
	user.Token = token
	w.config.Clusters["dev-cluster"], w.config.AuthInfos["dev-user"] = cluster, user
	w.config.Contexts["dev"] = &api.Context{Cluster: "dev-cluster", AuthInfo: "dev-user"}
	w.config.CurrentContext = "dev"
	return w
}

func (w *world) cluster() *api.Cluster { return w.config.Clusters["dev-cluster"] }
func (w *world) user() *api.AuthInfo   { return w.config.AuthInfos["dev-user"] }

// serve starts the API server. It answers with the name of the caller.
func (w *world) serve() *httptest.Server {
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(w.ca.PEM())
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case len(r.TLS.PeerCertificates) > 0:
			fmt.Fprint(rw, r.TLS.PeerCertificates[0].Subject.CommonName)
		case r.Header.Get("Authorization") == "Bearer "+token:
			fmt.Fprint(rw, "token")
		default:
			rw.WriteHeader(http.StatusUnauthorized)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{w.ca.ServerCertificate("127.0.0.1", "api.example")},
		ClientCAs: clients, ClientAuth: tls.VerifyClientCertIfGiven,
	}
	s.StartTLS()
	return s
}

// target writes the kubeconfig and parses a target as the host does.
func (w *world) target(t *testing.T, context string, params map[string]string) sdk.Target {
	t.Helper()
	file := filepath.Join(w.dir, "config")
	if err := clientcmd.WriteToFile(*w.config, file); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"kubeconfig": file}
	for k, v := range params {
		all[k] = v
	}
	target, err := newProvider().Info().ParseTarget("kubeconfig://"+context, all, nil)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func (w *world) file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// call goes to the API server with what the provider gave, and returns who the server takes the caller for.
func call(t *testing.T, a *sdk.Access, tok *sdk.Token) string {
	t.Helper()
	pool, err := a.Trust.Pool()
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: a.TLSServerName}
	if len(tok.ClientCertificate) > 0 {
		pair, err := tls.X509KeyPair(tok.ClientCertificate, []byte(tok.ClientKey.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.Server+"/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !tok.Value.IsZero() {
		req.Header.Set("Authorization", "Bearer "+tok.Value.Reveal())
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the server answered %s (%v)", resp.Status, err)
	}
	return string(body)
}

// check fails the test unless err is of the kind, says all of the words and no secret, in one line.
func (w *world) check(t *testing.T, err, kind error, words ...string) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, which is not an *sdk.Error", err)
	}
	if !errors.Is(err, kind) {
		t.Errorf("got %q of kind %v, want kind %v", err, e.Kind, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not say %q", err, word)
		}
	}
	if e.Hint == "" || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q needs a hint, in one line", err)
	}
	for _, s := range w.secrets {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), s) {
			t.Errorf("error %q shows a secret", err)
		}
	}
}

func TestInfo(t *testing.T) {
	info := newProvider().Info()
	for _, p := range info.Parameters {
		if p.Help == "" {
			t.Errorf("parameter %s has no help", p.Name)
		}
	}
	for _, context := range []string{"kind-dev", "arn:aws:eks:us-east-1:123:cluster/x", "a/b/c", "admin@home:6443", inCluster} {
		target, err := info.ParseTarget("kubeconfig://"+context, nil, nil)
		if err != nil || target.Path["context"] != context {
			t.Errorf("%s: got %v, %v", context, target.Path, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	inAnHour := time.Now().Add(time.Hour).Truncate(time.Second)
	for name, c := range map[string]struct {
		user   func(*testing.T, *world, *api.AuthInfo)
		caller string // empty: not one that the server knows
		value  string
		expiry func(*world) time.Time
		hint   string
	}{
		"token": {user: func(*testing.T, *world, *api.AuthInfo) {}, caller: "token", value: token, hint: `user "dev-user" of the kubeconfig`},
		"token file wins": {
			user: func(t *testing.T, w *world, u *api.AuthInfo) {
				w.file(t, "secrets/token", []byte(token+"\n"))
				u.Token, u.TokenFile = "old", "secrets/token"
			},
			caller: "token", value: token,
		},
		"service account's token": {
			user: func(_ *testing.T, _ *world, u *api.AuthInfo) {
				u.Token = jwt(fmt.Sprintf(`{"exp":%d,"sub":"system:serviceaccount:scan:kubemuster"}`, inAnHour.Unix()))
			},
			expiry: func(*world) time.Time { return inAnHour },
			hint:   `"system:serviceaccount:scan:kubemuster"`,
		},
		"token with an expiry beyond all time": {
			user: func(_ *testing.T, _ *world, u *api.AuthInfo) { u.Token = jwt(`{"exp":1e300}`) },
		},
		"certificate": {
			user: func(_ *testing.T, w *world, u *api.AuthInfo) {
				u.Token, u.ClientCertificateData, u.ClientKeyData = "", w.cert, w.key
			},
			caller: scanner, expiry: (*world).notAfter, hint: `user "scanner" of a client certificate`,
		},
		"certificate in files": {
			user: func(t *testing.T, w *world, u *api.AuthInfo) {
				w.file(t, "pki/dev.crt", w.cert)
				u.Token, u.ClientCertificate, u.ClientKey = "", "pki/dev.crt", w.file(t, "elsewhere/dev.key", w.key)
			},
			caller: scanner, expiry: (*world).notAfter,
		},
		"certificate's data wins over files": {
			user: func(_ *testing.T, w *world, u *api.AuthInfo) {
				u.Token, u.ClientCertificateData, u.ClientKeyData = "", w.cert, w.key
				u.ClientCertificate, u.ClientKey = "missing.crt", "missing.key"
			},
			caller: scanner, expiry: (*world).notAfter,
		},
		"certificate and token": {
			user: func(_ *testing.T, w *world, u *api.AuthInfo) {
				u.ClientCertificateData, u.ClientKeyData = w.cert, w.key
			},
			caller: scanner, value: token, expiry: (*world).notAfter,
		},
		"a token spares the command": {
			user: func(_ *testing.T, _ *world, u *api.AuthInfo) {
				u.Exec = &api.ExecConfig{Command: "/never/run", APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: api.NeverExecInteractiveMode}
			},
			caller: "token", value: token,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.user(t, w, w.user())
			target := w.target(t, "dev", nil)
			access, err := w.provider.Access(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(access.Hint, c.hint) || !strings.Contains(access.Hint, "kubemuster-reader") {
				t.Errorf("hint %q does not say %q", access.Hint, c.hint)
			}
			tok, err := w.provider.Token(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			if c.value != "" && tok.Value.Reveal() != c.value {
				t.Errorf("got another token")
			}
			want := time.Time{}
			if c.expiry != nil {
				want = c.expiry(w)
			}
			if !tok.Expiry.Equal(want) {
				t.Errorf("expires at %s, want %s", tok.Expiry, want)
			}
			if c.caller != "" {
				if got := call(t, access, tok); got != c.caller {
					t.Errorf("the server takes the caller for %q, want %q", got, c.caller)
				}
			}
		})
	}
}

func (w *world) notAfter() time.Time {
	block, _ := pem.Decode(w.cert)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		panic(err)
	}
	return cert.NotAfter
}

func jwt(payload string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part([]byte(payload)) + "." + part([]byte("signature"))
}

func TestTokenFileIsReadAnew(t *testing.T) {
	w := newWorld(t)
	w.user().Token, w.user().TokenFile = "", "token"
	target := w.target(t, "dev", nil)
	for _, want := range []string{"first", "second"} {
		w.file(t, "token", []byte(want))
		tok, err := w.provider.Token(t.Context(), target)
		if err != nil || tok.Value.Reveal() != want {
			t.Errorf("got another token than the %s, or %v", want, err)
		}
	}
}

func TestUnusableCredentials(t *testing.T) {
	_, foreignKey := cloudfake.NewCA("foreign").ClientCertificate("x")
	for name, c := range map[string]struct {
		user  func(*world, *api.AuthInfo)
		kind  error
		words []string
	}{
		"none": {func(_ *world, u *api.AuthInfo) { u.Token = "" }, sdk.ErrUnauthenticated, []string{`"dev-user"`, "no credential"}},
		"password": {
			func(_ *world, u *api.AuthInfo) { u.Username, u.Password = "admin", password },
			sdk.ErrUnsupported,
			[]string{"username and password"},
		},
		"auth provider": {
			func(_ *world, u *api.AuthInfo) {
				u.AuthProvider = &api.AuthProviderConfig{Name: "oidc", Config: map[string]string{"client-secret": password}}
			},
			sdk.ErrUnsupported,
			[]string{"auth-provider", "allowExec"},
		},
		"impersonation":          {func(_ *world, u *api.AuthInfo) { u.Impersonate = "root" }, sdk.ErrUnsupported, []string{"impersonation"}},
		"impersonation of group": {func(_ *world, u *api.AuthInfo) { u.ImpersonateGroups = []string{"system:masters"} }, sdk.ErrUnsupported, []string{"impersonation"}},
		"blank token":            {func(_ *world, u *api.AuthInfo) { u.Token = " \n" }, sdk.ErrUnauthenticated, []string{"empty"}},
		"expired token":          {func(_ *world, u *api.AuthInfo) { u.Token = jwt(`{"exp":1000000000}`) }, sdk.ErrUnauthenticated, []string{"expired at 2001-09-09"}},
		"missing token file":     {func(_ *world, u *api.AuthInfo) { u.TokenFile = "gone" }, sdk.ErrUnauthenticated, []string{"gone", "check the path"}},
		"certificate without key": {
			func(w *world, u *api.AuthInfo) { u.ClientCertificateData = w.cert },
			sdk.ErrUnauthenticated,
			[]string{"certificate and key"},
		},
		"key without certificate": {
			func(w *world, u *api.AuthInfo) { u.Token, u.ClientKeyData = "", w.key },
			sdk.ErrUnauthenticated,
			[]string{"no credential"},
		},
		"foreign key": {
			func(w *world, u *api.AuthInfo) { u.ClientCertificateData, u.ClientKeyData = w.cert, foreignKey },
			sdk.ErrUnauthenticated,
			[]string{"belong together"},
		},
		"key and certificate mixed up": {
			func(w *world, u *api.AuthInfo) { u.ClientCertificateData, u.ClientKeyData = w.key, w.cert },
			sdk.ErrUnauthenticated,
			[]string{"belong together"},
		},
		"no PEM": {
			func(_ *world, u *api.AuthInfo) {
				u.ClientCertificateData, u.ClientKeyData = []byte(token), []byte(password)
			},
			sdk.ErrUnauthenticated,
			[]string{"PEM"},
		},
		"expired certificate": {
			func(_ *world, u *api.AuthInfo) { u.ClientCertificateData, u.ClientKeyData = expiredCertificate() },
			sdk.ErrUnauthenticated,
			[]string{"expired at 2001-09-09"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.secrets = append(w.secrets, strings.Split(string(foreignKey), "\n")[1])
			c.user(w, w.user())
			target := w.target(t, "dev", nil)
			_, err := w.provider.Token(t.Context(), target)
			w.check(t, err, c.kind, c.words...)
			access, err := w.provider.Access(t.Context(), target)
			if err != nil {
				t.Fatalf("the credential spoils access: %v", err)
			}
			if !strings.Contains(access.Hint, `"dev-user"`) && !strings.Contains(access.Hint, scanner) {
				t.Errorf("hint %q names no caller", access.Hint)
			}
		})
	}
}

func expiredCertificate() (cert, key []byte) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1_000_000_000, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		panic(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func TestAccess(t *testing.T) {
	w := newWorld(t)
	w.file(t, "pki/ca.crt", w.ca.PEM())
	extra := w.file(t, "corporate.pem", cloudfake.NewCA("corporate").PEM())
	for name, c := range map[string]struct {
		cluster api.Cluster
		params  map[string]string
		system  bool
		pem     []byte
		id      string
	}{
		"data":              {cluster: api.Cluster{Server: "https://API.example:6443", CertificateAuthorityData: w.ca.PEM()}, pem: w.ca.PEM(), id: "https://api.example:6443"},
		"file":              {cluster: api.Cluster{Server: "https://api.example:443/", CertificateAuthority: "pki/ca.crt"}, pem: w.ca.PEM(), id: "https://api.example"},
		"data wins":         {cluster: api.Cluster{Server: "https://api.example", CertificateAuthority: "gone", CertificateAuthorityData: w.ca.PEM()}, pem: w.ca.PEM(), id: "https://api.example"},
		"caFile is not for": {cluster: api.Cluster{Server: "https://[::1]:6443", CertificateAuthorityData: w.ca.PEM()}, params: map[string]string{"caFile": extra}, pem: w.ca.PEM(), id: "https://[::1]:6443"},
		"system roots":      {cluster: api.Cluster{Server: "https://api.example/k8s/clusters/c-1"}, system: true, id: "https://api.example/k8s/clusters/c-1"},
		"caFile": {
			cluster: api.Cluster{Server: "https://api.example"}, params: map[string]string{"caFile": extra},
			system: true, pem: mustRead(t, extra), id: "https://api.example",
		},
		"gateway": {
			cluster: api.Cluster{Server: "https://gateway.example", CertificateAuthorityData: w.ca.PEM(), TLSServerName: "c-1.gateway.example"},
			pem:     w.ca.PEM(), id: "https://gateway.example?tls-server-name=c-1.gateway.example",
		},
		"proxy": {
			cluster: api.Cluster{Server: "https://10.0.0.1:6443", CertificateAuthorityData: w.ca.PEM(), ProxyURL: "socks5://me:" + password + "@bastion.example:1080"},
			pem:     w.ca.PEM(), id: "https://10.0.0.1:6443?proxy-url=socks5%3A%2F%2Fbastion.example%3A1080",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.config.Clusters["dev-cluster"] = &c.cluster
			a, err := w.provider.Access(t.Context(), w.target(t, "dev", c.params))
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Validate(); err != nil {
				t.Error(err)
			}
			want := sdk.Cluster{Provider: "kubeconfig", Name: "dev", ID: c.id}
			if a.Cluster != want {
				t.Errorf("got %+v, want %+v", a.Cluster, want)
			}
			if a.Server != c.cluster.Server || a.TLSServerName != c.cluster.TLSServerName || a.ProxyURL != c.cluster.ProxyURL {
				t.Errorf("got %+v", a)
			}
			if a.Trust.System() != c.system || string(a.Trust.PEM()) != string(c.pem) {
				t.Errorf("trust: system %t, %q", a.Trust.System(), a.Trust.PEM())
			}
		})
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTLSServerName(t *testing.T) {
	w := newWorld(t)
	w.cluster().TLSServerName = "api.example"
	target := w.target(t, "dev", nil)
	access, err := w.provider.Access(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := w.provider.Token(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if got := call(t, access, tok); got != "token" {
		t.Errorf("got %q", got)
	}
}

func TestUnusableClusters(t *testing.T) {
	w := newWorld(t)
	noPEM := w.file(t, "no.pem", []byte(token))
	good := w.ca.PEM()
	for name, c := range map[string]struct {
		cluster api.Cluster
		params  map[string]string
		kind    error
		words   []string
	}{
		"insecure": {
			cluster: api.Cluster{Server: "https://a.example", InsecureSkipTLSVerify: true},
			kind:    sdk.ErrUnsupported, words: []string{"insecure-skip-tls-verify", "certificate-authority-data", "kubectl config view --raw"},
		},
		"insecure beside an authority": {
			cluster: api.Cluster{Server: "https://a.example", InsecureSkipTLSVerify: true, CertificateAuthorityData: good},
			kind:    sdk.ErrUnsupported, words: []string{"insecure-skip-tls-verify"},
		},
		"http":               {cluster: api.Cluster{Server: "http://a.example:8080"}, kind: sdk.ErrUnsupported, words: []string{"http,", "https URL"}},
		"no scheme":          {cluster: api.Cluster{Server: "a.example:6443"}, kind: sdk.ErrInvalidTarget, words: []string{"https URL"}},
		"no server":          {cluster: api.Cluster{}, kind: sdk.ErrInvalidTarget, words: []string{`"dev-cluster"`, "https URL"}},
		"password in server": {cluster: api.Cluster{Server: "https://me:" + password + "@a.example"}, kind: sdk.ErrInvalidTarget, words: []string{"without credentials"}},
		"malformed server":   {cluster: api.Cluster{Server: "https://me:" + password + "%@a.example"}, kind: sdk.ErrInvalidTarget},
		"link-local server":  {cluster: api.Cluster{Server: "https://169.254.169.254"}, kind: sdk.ErrInvalidTarget, words: []string{"link-local"}},
		"proxy's scheme": {
			cluster: api.Cluster{Server: "https://a.example", ProxyURL: "ftp://me:" + password + "@b.example"},
			kind:    sdk.ErrInvalidTarget, words: []string{"proxy-url"},
		},
		"malformed proxy": {
			cluster: api.Cluster{Server: "https://a.example", ProxyURL: "http://me:" + password + "%@b.example"},
			kind:    sdk.ErrInvalidTarget, words: []string{"proxy-url"},
		},
		"authority's data": {cluster: api.Cluster{Server: "https://a.example", CertificateAuthorityData: []byte(token)}, kind: sdk.ErrInvalidTarget, words: []string{"certificate-authority-data"}},
		"authority's file": {cluster: api.Cluster{Server: "https://a.example", CertificateAuthority: noPEM}, kind: sdk.ErrInvalidTarget, words: []string{"certificate-authority"}},
		"no such file":     {cluster: api.Cluster{Server: "https://a.example", CertificateAuthority: "gone.crt"}, kind: sdk.ErrInvalidTarget, words: []string{"gone.crt"}},
		"caFile":           {cluster: api.Cluster{Server: "https://a.example"}, params: map[string]string{"caFile": noPEM}, kind: sdk.ErrInvalidTarget, words: []string{"caFile"}},
	} {
		t.Run(name, func(t *testing.T) {
			w.config.Clusters["dev-cluster"] = &c.cluster
			_, err := w.provider.Access(t.Context(), w.target(t, "dev", c.params))
			w.check(t, err, c.kind, c.words...)
		})
	}
}

func TestUnknownContext(t *testing.T) {
	w := newWorld(t)
	for i := range 12 {
		w.config.Contexts[fmt.Sprintf("c%02d", i)] = w.config.Contexts["dev"]
	}
	target := w.target(t, "no/such:one", nil)
	_, err := w.provider.Access(t.Context(), target)
	w.check(t, err, sdk.ErrTargetNotFound, `"no/such:one"`, target.Params["kubeconfig"], "dev (current), c00, c01,", "c08, and 3 more")
	_, err = w.provider.Token(t.Context(), target)
	w.check(t, err, sdk.ErrTargetNotFound)

	// A target names its cluster: there is no word for the current context.
	_, err = w.provider.Access(t.Context(), w.target(t, "current", nil))
	w.check(t, err, sdk.ErrTargetNotFound, "dev (current)")
}

func TestDanglingContext(t *testing.T) {
	for name, c := range map[string]api.Context{
		"cluster": {Cluster: "gone", AuthInfo: "dev-user"},
		"user":    {Cluster: "dev-cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.config.Contexts["dev"] = &c
			_, err := w.provider.Access(t.Context(), w.target(t, "dev", nil))
			w.check(t, err, sdk.ErrInvalidTarget, "names no "+name)
		})
	}
}

// TestFiles shows which files are read: the parameter's, KUBECONFIG's merged, the home directory's.
func TestFiles(t *testing.T) {
	w := newWorld(t)
	w.config.Contexts["arn:aws:eks:us-east-1:123:cluster/x"] = w.config.Contexts["dev"]
	explicit := w.target(t, "arn:aws:eks:us-east-1:123:cluster/x", nil)
	implicit := sdk.Target{Provider: "kubeconfig", Path: explicit.Path, Params: map[string]string{}}
	tokenFor := func(target sdk.Target) (string, error) {
		tok, err := w.provider.Token(t.Context(), target)
		if err != nil {
			return "", err
		}
		return tok.Value.Reveal(), nil
	}

	_, err := tokenFor(implicit)
	w.check(t, err, sdk.ErrTargetNotFound, filepath.Join(os.Getenv("HOME"), ".kube", "config"), "KUBECONFIG")

	if err := clientcmd.WriteToFile(*w.config, filepath.Join(os.Getenv("HOME"), ".kube", "config")); err != nil {
		t.Fatal(err)
	}
	if got, err := tokenFor(implicit); err != nil || got != token {
		t.Errorf("home directory: got another token, or %v", err)
	}

	// The first file that has an entry wins; a file that is not there is passed over; paths start at the entry's own file.
	w.file(t, "a/config", []byte("users: [{name: dev-user, user: {tokenFile: the-token}}]"))
	w.file(t, "a/the-token", []byte("from a"))
	t.Setenv("KUBECONFIG", strings.Join([]string{filepath.Join(w.dir, "gone"), filepath.Join(w.dir, "a", "config"), "", explicit.Params["kubeconfig"]}, string(filepath.ListSeparator)))
	if got, err := tokenFor(implicit); err != nil || got != "from a" {
		t.Errorf("KUBECONFIG: got another token, or %v", err)
	}
	if got, err := tokenFor(explicit); err != nil || got != token {
		t.Errorf("parameter: got another token, or %v", err)
	}

	t.Setenv("KUBECONFIG", "")
	t.Setenv("HOME", "")
	t.Setenv("USERPROFILE", "")
	_, err = tokenFor(implicit)
	w.check(t, err, sdk.ErrInvalidTarget, "home directory")
	if got, err := tokenFor(explicit); err != nil || got != token {
		t.Errorf("without a home directory: got another token, or %v", err)
	}
}

func TestUnusableFiles(t *testing.T) {
	w := newWorld(t)
	for name, text := range map[string]string{
		"no YAML":             "users:\n\t- token: " + token,
		"a list":              "[" + token + "]",
		"a text":              token,
		"a token for a users": "users: " + token,
		"not base64":          "users: [{name: u, user: {client-key-data: '" + password + "!'}}]",
		"other kind":          "apiVersion: " + token + "\nkind: Secret",
	} {
		t.Run(name, func(t *testing.T) {
			file := w.file(t, "broken", []byte(text))
			target := w.target(t, "dev", map[string]string{"kubeconfig": file})
			_, err := w.provider.Token(t.Context(), target)
			w.check(t, err, sdk.ErrInvalidTarget, file, "not a valid kubeconfig", "kubectl config view")

			t.Setenv("KUBECONFIG", file+string(filepath.ListSeparator)+w.file(t, "empty", nil))
			delete(target.Params, "kubeconfig")
			_, err = w.provider.Token(t.Context(), target)
			w.check(t, err, sdk.ErrInvalidTarget, file)
		})
	}
	gone := filepath.Join(w.dir, "gone")
	_, err := w.provider.Access(t.Context(), w.target(t, "dev", map[string]string{"kubeconfig": gone}))
	w.check(t, err, sdk.ErrInvalidTarget, gone, "no such file")
	_, err = w.provider.Access(t.Context(), w.target(t, "dev", map[string]string{"kubeconfig": w.dir}))
	w.check(t, err, sdk.ErrInvalidTarget, w.dir, "cannot be read")
	_, err = w.provider.Access(t.Context(), w.target(t, "dev", map[string]string{"kubeconfig": w.file(t, "empty", nil)}))
	w.check(t, err, sdk.ErrTargetNotFound, "no contexts")
}

func TestInCluster(t *testing.T) {
	w := newWorld(t)
	w.provider = &provider{serviceAccount: w.dir}
	target := w.target(t, inCluster, nil)

	_, err := w.provider.Access(t.Context(), target)
	w.check(t, err, sdk.ErrTargetNotFound, "KUBERNETES_SERVICE_HOST", "name a context")
	_, err = w.provider.Token(t.Context(), target)
	w.check(t, err, sdk.ErrUnauthenticated, "automountServiceAccountToken")

	u, err := url.Parse(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", u.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", u.Port())
	_, err = w.provider.Access(t.Context(), target)
	w.check(t, err, sdk.ErrUnsupported, "certificate authority", "automountServiceAccountToken")

	w.file(t, "ca.crt", w.ca.PEM())
	w.file(t, "token", []byte(token+"\n"))
	access, err := w.provider.Access(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := w.provider.Token(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if got := call(t, access, tok); got != "token" || !tok.Expiry.IsZero() {
		t.Errorf("got %q, expiry %s", got, tok.Expiry)
	}
	if access.Trust.System() || access.Cluster.Name != inCluster || !strings.HasPrefix(access.Cluster.ID, "in-cluster/sha256:") {
		t.Errorf("got %+v", access)
	}

	// A token that the kubelet has renewed, and an authority that is about to be replaced.
	expiry := time.Now().Add(time.Hour).Truncate(time.Second)
	w.file(t, "token", []byte(jwt(fmt.Sprintf(`{"exp":%d,"sub":"system:serviceaccount:scan:kubemuster"}`, expiry.Unix()))))
	w.file(t, "ca.crt", slices.Concat(w.ca.PEM(), cloudfake.NewCA("next").PEM()))
	if tok, err = w.provider.Token(t.Context(), target); err != nil || !tok.Expiry.Equal(expiry) {
		t.Errorf("got %+v, %v", tok, err)
	}
	next, err := w.provider.Access(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if next.Cluster != access.Cluster || !strings.Contains(next.Hint, `"system:serviceaccount:scan:kubemuster"`) {
		t.Errorf("got %+v", next)
	}

	w.file(t, "token", []byte(jwt(`{"exp":1000000000}`)))
	_, err = w.provider.Token(t.Context(), target)
	w.check(t, err, sdk.ErrUnauthenticated, "expired")
	w.file(t, "ca.crt", []byte(token))
	_, err = w.provider.Access(t.Context(), target)
	w.check(t, err, sdk.ErrInvalidTarget, "ca.crt")
}
