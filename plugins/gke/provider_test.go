package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/cloudfake/google"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	scanner  = "scanner@my-project.iam.gserviceaccount.com"
	deployer = "deployer@my-project.iam.gserviceaccount.com"
	stranger = "stranger@my-project.iam.gserviceaccount.com"
	workload = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/subject/ci"
)

// world is a cloud, the files that lead to it, and a provider.
type world struct {
	*provider
	cloud  *google.Cloud
	ca     *cloudfake.CA
	caFile string
	dir    string
}

func newWorld(t *testing.T, opts ...google.Option) *world {
	t.Helper()
	ca := cloudfake.NewCA("google")
	w := &world{provider: newProvider(), cloud: google.New(ca, opts...), ca: ca, dir: t.TempDir()}
	t.Cleanup(w.cloud.Close)
	w.caFile = w.write(t, "ca.pem", string(ca.PEM()))
	w.cloud.AddIdentity(google.Identity{Email: scanner, Permissions: []string{google.ClustersGet}})
	w.cloud.AddIdentity(google.Identity{Email: deployer, Impersonates: []string{scanner}})
	w.cloud.AddIdentity(google.Identity{Email: workload, Impersonates: []string{scanner}})
	w.cloud.AddIdentity(google.Identity{Email: stranger})
	w.add("prod", func(c *google.Cluster) { c.PublicEndpoint = "203.0.113.7" })
	// The machine that runs the tests has no say in them.
	for _, name := range []string{"GOOGLE_CLOUD_QUOTA_PROJECT", "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "GOOGLE_APPLICATION_CREDENTIALS", "APPDATA", "HTTPS_PROXY", "https_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", w.dir)
	t.Setenv("CLOUDSDK_CONFIG", w.dir)
	t.Setenv("GCE_METADATA_HOST", "127.0.0.1:1")
	return w
}

func (w *world) add(name string, set func(*google.Cluster)) {
	c := google.Cluster{Project: "my-project", Location: "europe-west1", Name: name, CA: w.ca.PEM()}
	set(&c)
	w.cloud.AddCluster(c)
}

func (w *world) write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	must0(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// target parses as the host does, with the fake's address and authority unless the query says otherwise.
func (w *world) target(t *testing.T, cluster, query string) sdk.Target {
	t.Helper()
	return must1(w.Info().ParseTarget("gke://my-project/europe-west1/"+cluster+"?"+query,
		map[string]string{"apiEndpoint": w.cloud.Endpoint(), "caFile": w.caFile}, nil))(t)
}

func (w *world) key(t *testing.T, email string) string {
	t.Helper()
	return must1(w.cloud.CredentialsFile(w.dir, email))(t)
}

func must0(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must1[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must0(t, err)
		return v
	}
}

// wantError checks the kind and parts of the text, and that no credential of the files is in it.
func (w *world) wantError(t *testing.T, err, kind error, parts ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got error %v, want one of kind %q", err, kind)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
	for _, secret := range []string{"ya29.", "PRIVATE KEY", "MII", "1//", "CANARY", "eyJ", "fake-client-secret"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("error holds a secret (%s): %s", secret, err)
		}
	}
}

func TestAccessChoosesEndpoint(t *testing.T) {
	w := newWorld(t)
	q := "credentialsFile=" + w.key(t, scanner)
	w.add("all", func(c *google.Cluster) {
		c.DNSEndpoint, c.DNSExternal = "gke-1.europe-west1.gke.goog", true
		c.PublicEndpoint, c.PrivateEndpoint, c.Endpoint = "203.0.113.1", "10.0.0.1", "203.0.113.1"
	})
	w.add("closed-dns", func(c *google.Cluster) {
		c.DNSEndpoint, c.PublicEndpoint, c.PrivateEndpoint = "gke-2.europe-west1.gke.goog", "203.0.113.2", "10.0.0.2"
	})
	w.add("private", func(c *google.Cluster) { c.PrivateEndpoint = "2001:db8::3" })
	w.add("old", func(c *google.Cluster) { c.Endpoint = "198.51.100.4:8443" })
	w.add("none", func(c *google.Cluster) { c.DNSEndpoint = "gke-5.europe-west1.gke.goog" })
	w.add("no-ca", func(c *google.Cluster) { c.PublicEndpoint, c.CA = "203.0.113.6", nil })
	for _, test := range []struct {
		cluster, choice, server string
		system                  bool
		err                     string
	}{
		{"all", "auto", "https://gke-1.europe-west1.gke.goog", true, ""},
		{"all", "dns", "https://gke-1.europe-west1.gke.goog", true, ""},
		{"all", "public", "https://203.0.113.1", false, ""},
		{"all", "private", "https://10.0.0.1", false, ""},
		{"closed-dns", "auto", "https://203.0.113.2", false, ""},
		{"closed-dns", "dns", "", false, "--enable-dns-access"},
		{"private", "auto", "https://[2001:db8::3]", false, ""},
		{"private", "public", "", false, "endpoint=private"},
		{"old", "auto", "https://198.51.100.4:8443", false, ""},
		{"old", "private", "", false, "endpoint=public"},
		{"none", "auto", "", false, "enable access"},
		{"no-ca", "auto", "", false, "certificate authority"},
	} {
		t.Run(test.cluster+"/"+test.choice, func(t *testing.T) {
			got, err := w.Access(t.Context(), w.target(t, test.cluster, q+"&endpoint="+test.choice))
			if test.err != "" {
				w.wantError(t, err, sdk.ErrUnsupported, test.err)
				return
			}
			must0(t, err)
			must0(t, got.Validate())
			if got.Server != test.server || got.Trust.System() != test.system {
				t.Errorf("got %s with system roots %v", got.Server, got.Trust.System())
			}
			// The file of caFile vouches for the DNS endpoint, the cluster's own authority for the others.
			if string(got.Trust.PEM()) != string(w.ca.PEM()) {
				t.Errorf("trusts %s", got.Trust.PEM())
			}
			want := sdk.Cluster{
				Provider: "gke", Account: "my-project", Region: "europe-west1", Name: test.cluster,
				ID: "https://container.googleapis.com/v1/projects/my-project/locations/europe-west1/clusters/" + test.cluster,
			}
			if got.Cluster != want {
				t.Errorf("got cluster %+v", got.Cluster)
			}
			if !strings.Contains(got.Hint, scanner) || strings.Contains(got.Hint, "container.clusters.connect") != test.system {
				t.Errorf("got hint %q", got.Hint)
			}
		})
	}
	if n := w.cloud.Issued(); n != 1 {
		t.Errorf("%d tokens issued for one identity's clusters, want 1", n)
	}
}

func TestStatusOfCluster(t *testing.T) {
	w := newWorld(t)
	q := "credentialsFile=" + w.key(t, scanner)
	for s, usable := range map[containerpb.Cluster_Status]bool{
		containerpb.Cluster_RUNNING: true, containerpb.Cluster_RECONCILING: true, containerpb.Cluster_DEGRADED: true,
		containerpb.Cluster_PROVISIONING: false, containerpb.Cluster_STOPPING: false, containerpb.Cluster_ERROR: false,
	} {
		w.add("prod", func(c *google.Cluster) { c.PublicEndpoint, c.Status = "203.0.113.7", s })
		if _, err := w.Access(t.Context(), w.target(t, "prod", q)); usable {
			must0(t, err)
		} else {
			w.wantError(t, err, sdk.ErrUnavailable, s.String())
		}
	}
}

func TestCredentialsOfEveryKind(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ name, file, query, email, issued string }{
		{"service account", w.key(t, scanner), "", scanner, "1"},
		{"user", must1(w.cloud.UserFile(w.dir, scanner))(t), "", scanner, ""},
		{"impersonated", must1(w.cloud.ImpersonationFile(w.dir, deployer, scanner))(t), "", scanner, ""},
		{"federated", must1(w.cloud.FederatedFile(w.dir, workload, scanner))(t), "", scanner, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := w.target(t, "prod", "credentialsFile="+test.file)
			access := must1(w.Access(t.Context(), target))(t)
			if strings.Contains(access.Hint, test.email) == (test.name == "user") { // a user's file does not tell
				t.Errorf("got hint %q", access.Hint)
			}
			token := must1(w.Token(t.Context(), target))(t)
			if got := must1(w.cloud.VerifyToken(token.Value.Reveal()))(t); got != test.email {
				t.Errorf("the token is %s's", got)
			}
			if left := time.Until(token.Expiry); left < 59*time.Minute || left > 61*time.Minute {
				t.Errorf("the token lasts %v", left)
			}
		})
	}
	t.Run("default", func(t *testing.T) {
		t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", w.key(t, scanner))
		must1(w.Token(t.Context(), w.target(t, "prod", "")))(t)
	})
	t.Run("gcloud", func(t *testing.T) {
		w.write(t, "application_default_credentials.json", string(must1(os.ReadFile(must1(w.cloud.UserFile(w.dir, scanner))(t)))(t)))
		must1(w.Token(t.Context(), w.target(t, "prod", "")))(t)
	})
}

// googleHosts leads the real cloud's hosts to the fake, whose certificate is for them too.
func (w *world) googleHosts(ctx context.Context, network, address string) (net.Conn, error) {
	if host, _, _ := net.SplitHostPort(address); strings.HasSuffix(host, ".googleapis.com") {
		address = w.cloud.Endpoint()
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func TestImpersonateParameter(t *testing.T) {
	w := newWorld(t)
	w.dial = w.googleHosts
	target := w.target(t, "prod", "impersonate="+scanner+"&credentialsFile="+w.key(t, deployer))
	if access := must1(w.Access(t.Context(), target))(t); !strings.Contains(access.Hint, scanner) {
		t.Errorf("got hint %q", access.Hint)
	}
	token := must1(w.Token(t.Context(), target))(t)
	if got := must1(w.cloud.VerifyToken(token.Value.Reveal()))(t); got != scanner {
		t.Errorf("the token is %s's", got)
	}

	_, err := w.Token(t.Context(), w.target(t, "prod", "impersonate="+scanner+"&credentialsFile="+w.key(t, stranger)))
	w.wantError(t, err, sdk.ErrPermissionDenied, "roles/iam.serviceAccountTokenCreator on "+scanner)
	_, err = w.Token(t.Context(), w.target(t, "prod", "impersonate="+deployer+"/../x"))
	w.wantError(t, err, sdk.ErrInvalidTarget, "impersonate")
}

func TestDefaultEndpointIsGoogles(t *testing.T) {
	w := newWorld(t)
	w.dial = w.googleHosts
	file := must1(w.cloud.UserFile(w.dir, scanner))(t)
	edit(t, file, func(f map[string]any) { delete(f, "token_uri") })
	target := w.target(t, "prod", "credentialsFile="+file)
	delete(target.Params, "apiEndpoint")
	must1(w.Access(t.Context(), target))(t)
}

func TestMetadataServer(t *testing.T) {
	w := newWorld(t)
	answer := `{"access_token":"ya29.CANARY","expires_in":1200,"token_type":"Bearer"}`
	code := http.StatusOK
	l := must1(net.Listen("tcp", "127.0.0.1:0"))(t)
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata-Flavor") != "Google" || !strings.Contains(r.URL.RawQuery, "userinfo.email") {
			code = http.StatusBadRequest
		}
		rw.WriteHeader(code)
		_, _ = rw.Write([]byte(answer))
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	t.Setenv("GCE_METADATA_HOST", l.Addr().String())

	token := must1(w.Token(t.Context(), w.target(t, "prod", "")))(t)
	if left := time.Until(token.Expiry); token.Value.Reveal() != "ya29.CANARY" || left > 20*time.Minute || left < 19*time.Minute {
		t.Errorf("got a token that lasts %v", left)
	}
	code = http.StatusNotFound
	_, err := w.Token(t.Context(), w.target(t, "prod", ""))
	w.wantError(t, err, sdk.ErrUnauthenticated, "no service account is attached")
	code = http.StatusForbidden
	_, err = w.Token(t.Context(), w.target(t, "prod", ""))
	w.wantError(t, err, sdk.ErrUnavailable, "metadata server")
}

func TestTokenAfterRevocation(t *testing.T) {
	w := newWorld(t)
	target := w.target(t, "prod", "credentialsFile="+w.key(t, scanner))
	first := must1(w.Token(t.Context(), target))(t).Value.Reveal()
	w.cloud.Revoke(first)
	second := must1(w.Token(t.Context(), target))(t).Value.Reveal()
	if first == second {
		t.Fatal("the revoked token came back")
	}
	must1(w.cloud.VerifyToken(second))(t)

	// The token that Access holds for itself may be revoked as well.
	must1(w.Access(t.Context(), target))(t)
	for _, c := range w.clients {
		w.cloud.Revoke(c.held.token.Reveal())
	}
	must1(w.Access(t.Context(), target))(t)
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	scannerKey, strangerKey := w.key(t, scanner), w.key(t, stranger)
	otherKey := w.key(t, scanner)
	edit(t, otherKey, func(f map[string]any) { f["private_key"] = read(t, strangerKey)["private_key"] })
	brokenKey := w.key(t, scanner)
	edit(t, brokenKey, func(f map[string]any) { f["private_key"] = "CANARY" })
	forgotten := must1(w.cloud.UserFile(w.dir, scanner))(t)
	edit(t, forgotten, func(f map[string]any) { f["refresh_token"] = "1//CANARY" })
	unrelated := w.write(t, "unrelated.pem", string(cloudfake.NewCA("unrelated").PEM()))

	for _, test := range []struct {
		name, cluster, query string
		kind                 error
		says                 string
	}{
		{"wrong key", "prod", "credentialsFile=" + otherKey, sdk.ErrUnauthenticated, "invalid_grant"},
		{"unreadable key", "prod", "credentialsFile=" + brokenKey, sdk.ErrUnauthenticated, "gave no token"},
		{"unknown refresh token", "prod", "credentialsFile=" + forgotten, sdk.ErrUnauthenticated, "application-default login"},
		{"no permission", "prod", "credentialsFile=" + strangerKey, sdk.ErrPermissionDenied, stranger + " may not read"},
		{"no cluster", "absent", "credentialsFile=" + scannerKey, sdk.ErrTargetNotFound, "clusters/absent"},
		{"may not impersonate", "prod", "credentialsFile=" + must1(w.cloud.ImpersonationFile(w.dir, stranger, scanner))(t), sdk.ErrPermissionDenied, "roles/iam.serviceAccountTokenCreator"},
		{"federated, may not impersonate", "prod", "credentialsFile=" + must1(w.cloud.FederatedFile(w.dir, workload, deployer))(t), sdk.ErrPermissionDenied, deployer},
		{"unknown authority", "prod", "caFile=" + unrelated + "&credentialsFile=" + scannerKey, sdk.ErrUnavailable, "caFile"},
		{"no authority", "prod", "caFile=" + scannerKey, sdk.ErrInvalidTarget, "caFile"},
		{"absent authority", "prod", "caFile=" + w.dir + "/absent", sdk.ErrInvalidTarget, "caFile"},
		{"no credentials file", "prod", "credentialsFile=" + w.dir + "/absent", sdk.ErrUnauthenticated, "absent"},
		{"no credentials", "prod", "", sdk.ErrUnavailable, "metadata server"},
		{"plain http", "prod", "apiEndpoint=http://127.0.0.1:80", sdk.ErrInvalidTarget, "TLS"},
		{"endpoint with a path", "prod", "apiEndpoint=https://127.0.0.1/x", sdk.ErrInvalidTarget, "apiEndpoint"},
		{"no such name", "prod/extra", "credentialsFile=" + scannerKey, sdk.ErrInvalidTarget, "gke://project/location/cluster"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.Access(t.Context(), w.target(t, test.cluster, test.query))
			w.wantError(t, err, test.kind, test.says)
		})
	}
}

// TestAPIAuthorityIsCheckedToo: the token comes from an endpoint that is trusted, the Container API is not.
func TestAPIAuthorityIsCheckedToo(t *testing.T) {
	w := newWorld(t)
	api := google.New(cloudfake.NewCA("other"))
	t.Cleanup(api.Close)
	w.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "container.") {
			address = api.Endpoint()
		}
		return w.googleHosts(ctx, network, address)
	}
	file := must1(w.cloud.UserFile(w.dir, scanner))(t)
	edit(t, file, func(f map[string]any) { delete(f, "token_uri") })
	target := w.target(t, "prod", "credentialsFile="+file)
	delete(target.Params, "apiEndpoint")
	_, err := w.Access(t.Context(), target)
	w.wantError(t, err, sdk.ErrUnavailable, "the Container API", "caFile")
}

// TestAnswersAreNotQuoted: servers that answer with secrets, redirects, or nothing at all.
func TestAnswersAreNotQuoted(t *testing.T) {
	w := newWorld(t)
	key := w.key(t, scanner)
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		kind   error
		says   string
		calls  int
	}{
		{"secret in a refusal", answer(400, `{"error":"CANARY","error_description":"CANARY"}`), sdk.ErrUnauthenticated, "did not accept", 1},
		{"no lifetime", answer(200, `{"access_token":"ya29.CANARY"}`), sdk.ErrUnavailable, "lifetime", 1},
		{"no JSON", answer(200, `CANARY`), sdk.ErrUnauthenticated, "cannot be read", 1},
		{"forbidden", answer(403, `CANARY`), sdk.ErrPermissionDenied, "refused", 1},
		{"overloaded", answer(503, `CANARY`), sdk.ErrUnavailable, "status 503", 3},
		{"redirect", http.RedirectHandler("https://127.0.0.1:1/CANARY", http.StatusTemporaryRedirect).ServeHTTP, sdk.ErrUnauthenticated, "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			server := w.ca.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { calls++; test.answer(rw, r) }))
			t.Cleanup(server.Close)
			edit(t, key, func(f map[string]any) { f["token_uri"] = server.URL + "/token" })
			_, err := w.Token(t.Context(), w.target(t, "prod", "credentialsFile="+key+"&apiEndpoint="+server.URL))
			w.wantError(t, err, test.kind, test.says)
			if calls != test.calls {
				t.Errorf("asked %d times, want %d", calls, test.calls)
			}
		})
	}
}

func answer(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func TestDeadlineIsHonoured(t *testing.T) {
	w := newWorld(t)
	hung := make(chan struct{})
	server := w.ca.Serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hung }), "container.googleapis.com")
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hung) })
	key := w.key(t, scanner)
	tokens := w.target(t, "prod", "credentialsFile="+key+"&apiEndpoint="+server.URL) // only the API hangs
	edit(t, key, func(f map[string]any) { f["token_uri"] = server.URL })

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.Token(ctx, tokens)
	w.wantError(t, err, sdk.ErrUnavailable, "in time")
	_, err = w.Access(ctx, tokens)
	w.wantError(t, err, sdk.ErrUnavailable, "in time")

	// The token is had, and then the Container API hangs.
	w.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "container.") {
			address = server.Listener.Addr().String()
		}
		return w.googleHosts(ctx, network, address)
	}
	file := must1(w.cloud.UserFile(w.dir, scanner))(t)
	edit(t, file, func(f map[string]any) { delete(f, "token_uri") })
	target := w.target(t, "prod", "credentialsFile="+file)
	delete(target.Params, "apiEndpoint")
	must1(w.Token(t.Context(), target))(t)
	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = w.Access(ctx, target)
	w.wantError(t, err, sdk.ErrUnavailable, "in time")
}

func TestConcurrentCalls(t *testing.T) {
	w := newWorld(t)
	target := w.target(t, "prod", "credentialsFile="+w.key(t, scanner))
	const calls = 32
	var group sync.WaitGroup
	for range calls {
		group.Go(func() {
			if _, err := w.Access(t.Context(), target); err != nil {
				t.Error(err)
			}
			if _, err := w.Token(t.Context(), target); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := w.cloud.Issued(); n != calls+1 {
		t.Errorf("%d tokens issued, want %d for Token and one for Access", n, calls)
	}
}

func TestInfo(t *testing.T) {
	info := newProvider().Info()
	target := must1(info.ParseTarget("gke://example.com:proj/europe-west1-b/prod", nil, nil))(t)
	name := must1(parseName(target))(t)
	if got := name.String(); got != "projects/example.com:proj/locations/europe-west1-b/clusters/prod" {
		t.Errorf("got %s", got)
	}
	if target.Params["endpoint"] != "auto" {
		t.Errorf("got parameters %v", target.Params)
	}
	for _, p := range info.Parameters {
		if p.Help == "" {
			t.Errorf("parameter %s has no help", p.Name)
		}
	}
}

func read(t *testing.T, path string) map[string]any {
	t.Helper()
	var f map[string]any
	must0(t, json.Unmarshal(must1(os.ReadFile(path))(t), &f))
	return f
}

func edit(t *testing.T, path string, change func(map[string]any)) {
	t.Helper()
	f := read(t, path)
	change(f)
	must0(t, os.WriteFile(path, must1(json.Marshal(f))(t), 0o600))
}
