package google_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/container/apiv1/containerpb"
	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/cloudfake/google"
)

const (
	reader = "reader@p.iam.gserviceaccount.com"
	writer = "writer@p.iam.gserviceaccount.com"
)

type fixture struct {
	*google.Cloud
	tls  *tls.Config
	http *http.Client
}

func start(t *testing.T, opts ...google.Option) fixture {
	t.Helper()
	ca := cloudfake.NewCA("google")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	f := fixture{google.New(ca, opts...), config, &http.Client{Transport: &http.Transport{TLSClientConfig: config.Clone()}}}
	t.Cleanup(func() { f.http.CloseIdleConnections(); f.Close() })
	f.AddIdentity(google.Identity{Email: reader, Permissions: []string{google.ClustersGet}})
	f.AddIdentity(google.Identity{Email: writer, Impersonates: []string{reader}})
	f.AddCluster(google.Cluster{Project: "p", Location: "l", Name: "c", PublicEndpoint: "203.0.113.1"})
	return f
}

func (f fixture) file(t *testing.T, email string) map[string]string {
	t.Helper()
	path, err := f.CredentialsFile(t.TempDir(), email)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]string
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// sign makes a service account's grant; change may spoil it.
func sign(t *testing.T, file map[string]string, change func(jwt.MapClaims, *jwt.Token)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": file["client_email"], "aud": file["token_uri"], "scope": google.ScopeCloudPlatform + " " + google.ScopeEmail,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = file["private_key_id"]
	if change != nil {
		change(claims, token)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(file["private_key"]))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (f fixture) post(t *testing.T, path, contentType, body, bearer string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+bearer)
	response, err := f.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	_ = json.Unmarshal(raw, &out)
	return response.StatusCode, out
}

func (f fixture) grant(t *testing.T, assertion string) (int, map[string]any) {
	t.Helper()
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	return f.post(t, "/token", "application/x-www-form-urlencoded", form.Encode(), "")
}

func (f fixture) tokenOf(t *testing.T, email string) string {
	t.Helper()
	code, answer := f.grant(t, sign(t, f.file(t, email), nil))
	if code != http.StatusOK {
		t.Fatalf("status %d: %v", code, answer)
	}
	return answer["access_token"].(string)
}

func TestSignedGrant(t *testing.T) {
	f := start(t)
	file, other := f.file(t, reader), f.file(t, writer)
	set := func(k string, v any) func(jwt.MapClaims, *jwt.Token) {
		return func(c jwt.MapClaims, _ *jwt.Token) { c[k] = v }
	}
	stolen := map[string]string{}
	for k, v := range file {
		stolen[k] = v
	}
	stolen["private_key"] = other["private_key"]
	for _, test := range []struct {
		name   string
		file   map[string]string
		change func(jwt.MapClaims, *jwt.Token)
		want   int
	}{
		{"good", file, nil, 200},
		{"foreign key", stolen, nil, 400},
		{"foreign issuer", file, set("iss", writer), 400},
		{"foreign audience", file, set("aud", "https://oauth2.googleapis.com/token"), 400},
		{"unknown key", file, func(_ jwt.MapClaims, t *jwt.Token) { t.Header["kid"] = "x" }, 400},
		{"other algorithm", file, func(_ jwt.MapClaims, t *jwt.Token) {
			t.Method, t.Header["alg"] = jwt.SigningMethodRS512, "RS512"
		}, 400},
		{"too long", file, set("exp", time.Now().Add(2*time.Hour).Unix()), 400},
		{"over", file, set("exp", time.Now().Add(-2*time.Minute).Unix()), 400},
		{"without end", file, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "exp") }, 400},
		{"of the future", file, set("iat", time.Now().Add(10*time.Minute).Unix()), 400},
		{"undated", file, func(c jwt.MapClaims, _ *jwt.Token) { delete(c, "iat") }, 400},
		{"without scope", file, set("scope", ""), 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, answer := f.grant(t, sign(t, test.file, test.change))
			if code != test.want || (code != 200) != (answer["error"] == "invalid_grant") {
				t.Errorf("status %d: %v", code, answer)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	f := start(t, google.WithTokenLifetime(90*time.Second), google.WithClock(func() time.Time { mu.Lock(); defer mu.Unlock(); return now }))
	file := f.file(t, reader)
	verify := func(token, want, problem string) {
		t.Helper()
		got, err := f.VerifyToken(token)
		if got != want || (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("got %q, %v", got, err)
		}
	}
	_, answer := f.grant(t, sign(t, file, nil))
	token := answer["access_token"].(string)
	if answer["expires_in"] != 90.0 || !strings.HasPrefix(token, "ya29.") {
		t.Errorf("got %v", answer)
	}
	verify(token, reader, "")
	verify("ya29.x", "", "not one")

	for scope, want := range map[string]string{google.ScopeCloudPlatform: "100000000000000000001", google.ScopeEmail: ""} {
		_, answer = f.grant(t, sign(t, file, func(c jwt.MapClaims, _ *jwt.Token) { c["scope"] = scope }))
		if got, _ := f.VerifyToken(answer["access_token"].(string)); got != want {
			t.Errorf("with scope %s the user is %q", scope, got)
		}
	}

	revoked := f.tokenOf(t, reader)
	f.Revoke(revoked)
	verify(revoked, "", "revoked")
	mu.Lock()
	now = now.Add(90 * time.Second)
	mu.Unlock()
	verify(token, "", "expired")
}

func TestImpersonation(t *testing.T) {
	f := start(t)
	path := "/v1/projects/-/serviceAccounts/" + reader + ":generateAccessToken"
	good := `{"scope":["` + google.ScopeCloudPlatform + `","` + google.ScopeEmail + `"],"lifetime":"3600s"}`
	byWriter, byReader := f.tokenOf(t, writer), f.tokenOf(t, reader)
	for _, test := range []struct {
		name, path, body, bearer string
		want                     int
	}{
		{"allowed", path, good, byWriter, 200},
		{"not allowed", path, good, byReader, 403},
		{"no token", path, good, "", 401},
		{"no scope", path, `{}`, byWriter, 400},
		{"too long", path, strings.Replace(good, "3600s", "3601s", 1), byWriter, 400},
		{"another method", strings.Replace(path, "AccessToken", "IdToken", 1), good, byWriter, 404},
	} {
		code, answer := f.post(t, test.path, "application/json", test.body, test.bearer)
		if code != test.want {
			t.Errorf("%s: status %d: %v", test.name, code, answer)
		}
		if code == 200 {
			if got, err := f.VerifyToken(answer["accessToken"].(string)); got != reader || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		}
	}
}

func TestRefreshAndExchange(t *testing.T) {
	f := start(t)
	for name, form := range map[string]url.Values{
		"invalid_client":         {"grant_type": {"refresh_token"}, "refresh_token": {"x"}},
		"unsupported_grant_type": {"grant_type": {"password"}},
	} {
		if _, answer := f.post(t, "/token", "application/x-www-form-urlencoded", form.Encode(), ""); answer["error"] != name {
			t.Errorf("got %v, want %s", answer, name)
		}
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "audience": {"x"}}
	if _, answer := f.post(t, "/v1/token", "application/x-www-form-urlencoded", form.Encode(), ""); answer["error"] != "invalid_target" {
		t.Errorf("got %v", answer)
	}
}

func TestGetCluster(t *testing.T) {
	f := start(t)
	conn, err := grpc.NewClient(f.Endpoint(), grpc.WithTransportCredentials(credentials.NewTLS(f.tls)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	api := containerpb.NewClusterManagerClient(conn)
	for _, test := range []struct {
		name, token, cluster string
		want                 codes.Code
	}{
		{"found", f.tokenOf(t, reader), "c", codes.OK},
		{"absent", f.tokenOf(t, reader), "x", codes.NotFound},
		{"not permitted", f.tokenOf(t, writer), "c", codes.PermissionDenied},
		{"absent or not, not permitted", f.tokenOf(t, writer), "x", codes.PermissionDenied},
		{"no token", "", "c", codes.Unauthenticated},
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+test.token)
		got, err := api.GetCluster(ctx, &containerpb.GetClusterRequest{Name: "projects/p/locations/l/clusters/" + test.cluster})
		if status.Code(err) != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil && (got.GetStatus() != containerpb.Cluster_RUNNING || got.GetControlPlaneEndpointsConfig().GetIpEndpointsConfig().GetPublicEndpoint() != "203.0.113.1") {
			t.Errorf("got %v", got)
		}
	}
}
