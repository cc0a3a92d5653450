package kube

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

var ca = cloudfake.NewCA("cluster")

// recorder is a server's handler that keeps the requests it gets.
type recorder struct {
	http.HandlerFunc // nil answers 200 with an empty object

	mu   sync.Mutex
	seen []*http.Request
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, req)
	r.mu.Unlock()
	if r.HandlerFunc != nil {
		r.HandlerFunc(w, req)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{}`)
}

// headers returns a header of every request, in their order.
func (r *recorder) headers(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	values := []string{}
	for _, req := range r.seen {
		values = append(values, req.Header.Get(name))
	}
	return values
}

// serve starts an API server with a certificate of ca.
func serve(t *testing.T, h http.Handler, hosts ...string) *sdk.Access {
	t.Helper()
	s := ca.Serve(h, hosts...)
	t.Cleanup(s.Close)
	return &sdk.Access{Server: s.URL, Trust: sdk.ClusterCA(ca.PEM()), Hint: "bind the identity"}
}

func configFor(t *testing.T, access *sdk.Access, issue func(context.Context) (*sdk.Token, error)) *rest.Config {
	t.Helper()
	config, err := Config(access, NewTokenSource(issue), Options{QPS: 1000, UserAgent: "kubemuster/test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Close(config) })
	return config
}

// client returns the HTTP client that client-go makes of a configuration, redirects included.
func client(t *testing.T, access *sdk.Access, issue func(context.Context) (*sdk.Token, error)) *http.Client {
	t.Helper()
	c, err := rest.HTTPClientFor(configFor(t, access, issue))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func do(t *testing.T, c *http.Client, method, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

func TestRequestsCarryTheTokenAndAskForProtobuf(t *testing.T) {
	api := &recorder{}
	config := configFor(t, serve(t, api), (&issuer{}).issue)
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clientset.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"Authorization": "Bearer token-1",
		"Accept":        "application/vnd.kubernetes.protobuf,application/json",
		"User-Agent":    "kubemuster/test",
	} {
		if got := api.headers(header); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	review := "/apis/authentication.k8s.io/v1/selfsubjectreviews"
	down := &issuer{}
	tests := []struct {
		name         string
		accepts      string
		method, path string
		issue        func(context.Context) (*sdk.Token, error)
		sent         []string
		status       int
	}{
		{"accepted", "Bearer token-1", "GET", "/api/v1/pods", (&issuer{}).issue, []string{"Bearer token-1"}, 200},
		{"the next one is accepted", "Bearer token-2", "GET", "/api/v1/pods", (&issuer{}).issue, []string{"Bearer token-1", "Bearer token-2"}, 200},
		{"all are refused", "nothing", "GET", "/api/v1/pods", (&issuer{}).issue, []string{"Bearer token-1", "Bearer token-2"}, 401},
		{"a review is, too: it changes nothing", "Bearer token-2", "POST", review, (&issuer{}).issue, []string{"Bearer token-1", "Bearer token-2"}, 200},
		{"no other is issued", "nothing", "GET", "/api/v1/pods", func(ctx context.Context) (*sdk.Token, error) {
			defer down.set(errors.New("the cloud is down"), nil)
			return down.issue(ctx)
		}, []string{"Bearer token-1"}, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := &recorder{HandlerFunc: func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != tt.accepts {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}}
			access := serve(t, api)
			resp, err := do(t, client(t, access, tt.issue), tt.method, access.Server+tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if got := api.headers("Authorization"); resp.StatusCode != tt.status || !slices.Equal(got, tt.sent) {
				t.Errorf("got %d after %q, want %d after %q", resp.StatusCode, got, tt.status, tt.sent)
			}
		})
	}
}

// A redirect is how a server could have the token sent elsewhere.
func TestRedirects(t *testing.T) {
	elsewhere, plain, api := &recorder{}, &recorder{}, &recorder{}
	other := serve(t, elsewhere)
	unencrypted := httptest.NewServer(plain)
	t.Cleanup(unencrypted.Close)
	var to string
	api.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		}
	}
	access := serve(t, api)
	tests := []struct {
		name, to string
		followed bool
	}{
		{"the same host", "/api/v1/pods", true},
		{"another port", other.Server + "/api/v1/pods", false},
		{"another name of the same host", strings.Replace(access.Server, "127.0.0.1", "localhost", 1) + "/api/v1/pods", false},
		{"another host", "https://attacker.example/api/v1/pods", false},
		{"plain HTTP", unencrypted.URL + "/api/v1/pods", false},
		{"plain HTTP on the same port", strings.Replace(access.Server, "https", "http", 1) + "/api/v1/pods", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			to = tt.to
			resp, err := do(t, client(t, access, (&issuer{}).issue), "GET", access.Server+"/from")
			if tt.followed {
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("not followed: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(Message(err), "redirects to another host, which is not followed; check the endpoint") {
				t.Errorf("got %v", err)
			}
		})
	}
	if n := len(elsewhere.headers("")) + len(plain.headers("")); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestWritesNeverLeave(t *testing.T) {
	api := &recorder{}
	access := serve(t, api)
	c := client(t, access, (&issuer{}).issue)
	refused := [][2]string{
		{"POST", "/api/v1/namespaces/a/pods"},
		{"PUT", "/api/v1/namespaces/a/pods/p"},
		{"PATCH", "/api/v1/namespaces/a/pods/p"},
		{"DELETE", "/api/v1/namespaces/a/pods/p"},
		{"DELETE", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"},
		{"POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews"},
		{"POST", "/apis/example.com/v1/namespaces/a/selfsubjectreviews"},
		{"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/../../../../api/v1/namespaces/a/pods"},
	}
	for _, r := range refused {
		if _, err := do(t, c, r[0], access.Server+r[1]); err == nil || !strings.Contains(err.Error(), "only reads are sent") {
			t.Errorf("%s %s: got %v", r[0], r[1], err)
		}
	}
	if got := api.headers(""); len(got) > 0 {
		t.Fatalf("%d writes have left", len(got))
	}
	asked := [][2]string{
		{"GET", "/api/v1/pods"},
		{"HEAD", "/api/v1/pods"},
		{"POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"},
		{"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"},
		{"POST", "/k8s/clusters/c-1/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"}, // behind a gateway with a path
	}
	for _, r := range asked {
		if _, err := do(t, c, r[0], access.Server+r[1]); err != nil {
			t.Errorf("%s %s: %v", r[0], r[1], err)
		}
	}
}

// A server that cannot show who it is gets no request, and so no token.
func TestServerIsVerified(t *testing.T) {
	const (
		foreign  = "is not signed by the cluster's authority"
		misnamed = "is for another host"
	)
	stranger := cloudfake.NewCA("stranger")
	tests := []struct {
		name   string
		access func(*sdk.Access)
		cert   tls.Certificate
		want   string // in the error
	}{
		{"the cluster's authority", func(*sdk.Access) {}, ca.ServerCertificate("127.0.0.1"), ""},
		{"another authority", func(*sdk.Access) {}, stranger.ServerCertificate("127.0.0.1"), foreign},
		{"another authority of the same name", func(*sdk.Access) {}, cloudfake.NewCA("cluster").ServerCertificate("127.0.0.1"), foreign},
		{"another host's certificate", func(*sdk.Access) {}, ca.ServerCertificate("other.example"), misnamed},
		{"the name to verify", func(a *sdk.Access) { a.TLSServerName = "api.example" }, ca.ServerCertificate("api.example"), ""},
		{"not the name to verify", func(a *sdk.Access) { a.TLSServerName = "api.example" }, ca.ServerCertificate("127.0.0.1"), misnamed},
		{"the system's authorities and one more", func(a *sdk.Access) { a.Trust = sdk.SystemRoots(ca.PEM()) }, ca.ServerCertificate("127.0.0.1"), ""},
		{"the system's authorities", func(a *sdk.Access) { a.Trust = sdk.SystemRoots(nil) }, ca.ServerCertificate("127.0.0.1"), foreign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := &recorder{HandlerFunc: version("v1.37.2")}
			access := start(t, api, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{tt.cert}})
			tt.access(access)
			_, _, err := Preflight(t.Context(), configFor(t, access, (&issuer{}).issue), access)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "the certificate of the API server "+access.Server+" "+tt.want) {
				t.Errorf("got %v", err)
			}
			if n := len(api.headers("")); n > 0 {
				t.Errorf("%d requests reached a server that is not verified", n)
			}
		})
	}
}

// start serves with a TLS configuration of its own.
func start(t *testing.T, h http.Handler, config *tls.Config) *sdk.Access {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS, s.EnableHTTP2 = config, true
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return &sdk.Access{Server: s.URL, Trust: sdk.ClusterCA(ca.PEM()), Hint: "bind the identity"}
}

func TestNoTrustNoClient(t *testing.T) {
	for name, trust := range map[string]sdk.Trust{"none": {}, "no PEM": sdk.ClusterCA([]byte("nonsense"))} {
		access := &sdk.Access{Server: "https://api.example", Trust: trust}
		if _, err := Config(access, NewTokenSource((&issuer{}).issue), Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestClientCertificate(t *testing.T) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	var user string
	access := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user = r.TLS.PeerCertificates[0].Subject.CommonName + r.Header.Get("Authorization")
	}), &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.ServerCertificate("127.0.0.1")},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	})
	issue := func(cert, key []byte) func(context.Context) (*sdk.Token, error) {
		return func(context.Context) (*sdk.Token, error) {
			return &sdk.Token{ClientCertificate: cert, ClientKey: sdk.NewSecret(string(key))}, nil
		}
	}
	cert, key := ca.ClientCertificate("auditor")
	if _, err := do(t, client(t, access, issue(cert, key)), "GET", access.Server); err != nil || user != "auditor" {
		t.Errorf("the server sees %q: %v", user, err)
	}
	_, foreign := ca.ClientCertificate("someone else")
	if _, err := do(t, client(t, access, issue(cert, foreign)), "GET", access.Server); err == nil || !strings.Contains(err.Error(), "certificate and key do not fit together") {
		t.Errorf("got %v", err)
	}
	if _, err := do(t, client(t, access, (&issuer{}).issue), "GET", access.Server); err == nil {
		t.Error("the server lets in whom it should not")
	}
}

// What passes a proxy is encrypted end to end: it learns the host, and nothing else.
func TestProxy(t *testing.T) {
	const host = "api.cluster.example:6443"
	api := &recorder{}
	behind := serve(t, api, "api.cluster.example")
	proxy := &recorder{}
	proxy.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect && r.Host == host {
			tunnel(t, w, strings.TrimPrefix(behind.Server, "https://"))
		}
	}
	p := httptest.NewServer(proxy)
	t.Cleanup(p.Close)
	access := *behind
	access.Server, access.ProxyURL = "https://"+host, p.URL
	if _, err := do(t, client(t, &access, (&issuer{}).issue), "GET", access.Server+"/api/v1/pods"); err != nil {
		t.Fatal(err)
	}
	if got := api.headers("Authorization"); !slices.Equal(got, []string{"Bearer token-1"}) {
		t.Errorf("the server got %q", got)
	}
	if len(proxy.seen) != 1 {
		t.Fatalf("the proxy got %d requests", len(proxy.seen))
	}
	for name, values := range proxy.seen[0].Header {
		if strings.Contains(strings.Join(values, " "), "token-1") {
			t.Errorf("the proxy got the token in %s", name)
		}
	}
}

// tunnel joins the connection that w answers to another.
func tunnel(t *testing.T, w http.ResponseWriter, address string) {
	to, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	from, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	fmt.Fprint(from, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(to, buffered); _ = to.Close() }()
	go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
}

// An answer is read into memory whole, and unpacked: a small one can become large.
func TestAnswerTooLarge(t *testing.T) {
	const bound = 1000
	send := map[string]func(http.ResponseWriter, []byte){
		"with its length": func(w http.ResponseWriter, b []byte) { _, _ = w.Write(b) },
		"in chunks": func(w http.ResponseWriter, b []byte) {
			for chunk := range slices.Chunk(b, 100) {
				_, _ = w.Write(chunk)
				_ = http.NewResponseController(w).Flush()
			}
		},
		"compressed": func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(b)
			_ = z.Close()
		},
	}
	for name, write := range send {
		for _, size := range []int{bound, bound + 1} {
			access := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, make([]byte, size)) }))
			config := configFor(t, access, (&issuer{}).issue)
			config.Transport.(*transport).maxBody = bound
			resp, err := do(t, &http.Client{Transport: config.Transport}, "GET", access.Server)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			switch {
			case size <= bound && (err != nil || len(body) != size):
				t.Errorf("%s: %d bytes of %d and %v", name, len(body), size, err)
			case size > bound && (err == nil || len(body) > bound || !strings.Contains(err.Error(), "too large")):
				t.Errorf("%s: %d bytes of %d and %v", name, len(body), size, err)
			}
		}
	}
}

// A server, or what stands before it, may show the request that it refuses.
func TestErrorsNeverRepeatTheToken(t *testing.T) {
	const secret = "opaque-secret-without-a-shape"
	answers := map[string]func(w http.ResponseWriter, token string){
		"text": func(w http.ResponseWriter, token string) { http.Error(w, "bad header: "+token, http.StatusBadGateway) },
		"a Status": func(w http.ResponseWriter, token string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no such user: %s","code":422}`, token)
		},
		"more than is read": func(w http.ResponseWriter, token string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write(bytes.Repeat([]byte(token+" "), 10_000))
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			access := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				answer(w, token)
			}))
			config := configFor(t, access, func(context.Context) (*sdk.Token, error) { return &sdk.Token{Value: sdk.NewSecret(secret)}, nil })
			clientset, err := kubernetes.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = clientset.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
			if err == nil || strings.Contains(err.Error(), secret) || len(err.Error()) > 2*maxError {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"without the URL":   {&url.Error{Op: "Get", URL: "https://10.0.0.1/api/v1/pods?limit=500", Err: io.ErrUnexpectedEOF}, "unexpected EOF"},
		"a plugin's words":  {fmt.Errorf("listing: %w", sdk.Errorf(sdk.ErrUnavailable, "try later", "the cloud is down")), "the cloud is down; try later"},
		"on one line":       {errors.New("first\n\tsecond"), "first second"},
		"without secrets":   {errors.New("refused: Bearer abcdefghijklmnop"), "refused: Bearer [redacted]"},
		"cut, by character": {errors.New(strings.Repeat("ü", 1000)), strings.Repeat("ü", maxMessage) + "…"},
	}
	for name, tt := range tests {
		if got := Message(tt.err); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
