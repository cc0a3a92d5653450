package azure

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

var (
	reader = Identity{ClientID: "app-1", ObjectID: "object-1", Secret: "s3cret", Groups: []string{"auditors"}, Actions: []string{ActionRead}}
	prod   = Cluster{Subscription: "sub", ResourceGroup: "Platform", Name: "prod", Location: "westeurope", FQDN: "127.0.0.1:6443"}
)

const prodPath = "/subscriptions/SUB/resourceGroups/platform/providers/Microsoft.ContainerService/managedClusters/PROD"

type client struct {
	*testing.T
	*http.Client
}

func start(t *testing.T, opts ...Option) (*Cloud, client) {
	t.Helper()
	ca := cloudfake.NewCA("azure")
	c := New(ca, opts...)
	t.Cleanup(c.Close)
	c.AddIdentity(reader)
	c.AddCluster(prod)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	return c, client{t, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
}

// do returns the status and the JSON of the answer.
func (c client) do(method, to, token string, form url.Values) (int, map[string]any) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, to, strings.NewReader(form.Encode()))
	if err != nil {
		c.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		c.Fatal(err)
	}
	return resp.StatusCode, body
}

func (c client) token(cloud *Cloud, resource string) string {
	c.Helper()
	status, body := c.do(http.MethodPost, cloud.tokenURL(), "", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"app-1"}, "client_secret": {"s3cret"},
		"scope": {resource + "/.default openid offline_access profile"},
	})
	if status != http.StatusOK {
		c.Fatalf("got %d %v", status, body)
	}
	return body["access_token"].(string)
}

// TestIssuer verifies a token the way an API server does: with nothing but the issuer's URL.
func TestIssuer(t *testing.T) {
	cloud, c := start(t)
	token := c.token(cloud, ServerAppID)

	_, configuration := c.do(http.MethodGet, cloud.Issuer()+"/.well-known/openid-configuration", "", nil)
	if configuration["issuer"] != cloud.Issuer() || !strings.HasPrefix(cloud.Issuer(), "https://127.0.0.1:") {
		t.Errorf("issuer %v, want %s", configuration["issuer"], cloud.Issuer())
	}
	_, set := c.do(http.MethodGet, configuration["jwks_uri"].(string), "", nil)
	key := set["keys"].([]any)[0].(map[string]any)
	decode := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(key[name].(string))
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	var got claims
	parsed, err := jwt.ParseWithClaims(token, &got, func(*jwt.Token) (any, error) {
		return &rsa.PublicKey{N: decode("n"), E: int(decode("e").Int64())}, nil
	}, jwt.WithValidMethods([]string{key["alg"].(string)}), jwt.WithAudience(ServerAppID), jwt.WithIssuer(cloud.Issuer()), jwt.WithExpirationRequired())
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Header["kid"] != key["kid"] || got.ObjectID != "object-1" || got.Subject != "object-1" || got.TenantID != cloud.TenantID() || got.AppID != "app-1" || len(got.Groups) != 1 {
		t.Errorf("header %v, claims %+v", parsed.Header, got)
	}
}

func TestVerifyToken(t *testing.T) {
	cloud, c := start(t)
	other, o := start(t)
	short, s := start(t, TokenLifetime(-time.Second))
	good := c.token(cloud, ServerAppID)
	if oid, err := cloud.VerifyToken(good); err != nil || oid != "object-1" {
		t.Errorf("got %q, %v", oid, err)
	}
	for name, bad := range map[string]struct {
		cloud *Cloud
		token string
	}{
		"none":                         {cloud, ""},
		"for resource manager":         {cloud, c.token(cloud, cloud.ARMURL())},
		"of another tenant":            {cloud, o.token(other, ServerAppID)},
		"expired":                      {short, s.token(short, ServerAppID)},
		"without a signature":          {cloud, good[:strings.LastIndex(good, ".")+1]},
		"signed with the public key":   {cloud, must(jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": ServerAppID}).SignedString([]byte("key")))},
		"a workload's, not the tenant": {cloud, cloud.FederatedToken("w", time.Hour)},
	} {
		if oid, err := bad.cloud.VerifyToken(bad.token); err == nil {
			t.Errorf("a token %s passed as %q", name, oid)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	cloud, c := start(t)
	for _, tt := range []struct {
		name   string
		tenant string
		change url.Values
		status int
		code   float64
	}{
		{"tenant", "elsewhere", nil, 400, 90002},
		{"application", "", url.Values{"client_id": {"other"}}, 400, 700016},
		{"secret", "", url.Values{"client_secret": {"other"}}, 401, 7000215},
		{"no credential", "", url.Values{"client_secret": nil}, 401, 7000218},
		{"resource", "", url.Values{"scope": {"https://elsewhere.example/.default"}}, 400, 500011},
		{"grant", "", url.Values{"grant_type": {"password"}}, 400, 70003},
		{"assertion", "", url.Values{"client_secret": nil, "client_assertion": {"x"}, "client_assertion_type": {jwtBearer}}, 401, 50027},
		{"workload", "", url.Values{"client_secret": nil, "client_assertion": {cloud.FederatedToken("other", time.Hour)}, "client_assertion_type": {jwtBearer}}, 401, 700213},
	} {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app-1"}, "client_secret": {"s3cret"}, "scope": {ServerAppID + "/.default"}}
		for k, v := range tt.change {
			form[k] = v
		}
		to := cloud.tokenURL()
		if tt.tenant != "" {
			to = strings.Replace(to, cloud.TenantID(), tt.tenant, 1)
		}
		status, body := c.do(http.MethodPost, to, "", form)
		if status != tt.status || body["error_codes"].([]any)[0] != tt.code {
			t.Errorf("%s: got %d %v, want %d with code %v", tt.name, status, body, tt.status, tt.code)
		}
	}
}

func TestResourceManager(t *testing.T) {
	cloud, c := start(t)
	token := c.token(cloud, cloud.ARMURL())
	const version = "?api-version=2025-10-01"
	for _, tt := range []struct {
		name, method, path, token string
		status                    int
		code                      string
	}{
		{"a cluster, in any case", http.MethodGet, prodPath + version, token, 200, ""},
		{"without a token", http.MethodGet, prodPath + version, "", 401, "InvalidAuthenticationToken"},
		{"with a cluster's token", http.MethodGet, prodPath + version, c.token(cloud, ServerAppID), 401, "InvalidAuthenticationToken"},
		{"without a version", http.MethodGet, prodPath, token, 400, "MissingApiVersionParameter"},
		{"subscription", http.MethodGet, strings.Replace(prodPath, "SUB", "x", 1) + version, token, 404, "SubscriptionNotFound"},
		{"group", http.MethodGet, strings.Replace(prodPath, "platform", "x", 1) + version, token, 404, "ResourceGroupNotFound"},
		{"cluster", http.MethodGet, strings.Replace(prodPath, "PROD", "x", 1) + version, token, 404, "ResourceNotFound"},
		{"permission comes before existence", http.MethodPost, strings.Replace(prodPath, "PROD", "x", 1) + "/listClusterUserCredential" + version, token, 403, "AuthorizationFailed"},
		{"admin credential", http.MethodPost, prodPath + "/listClusterAdminCredential" + version, token, 403, "AuthorizationFailed"},
		{"a write", http.MethodPut, prodPath + version, token, 404, "InvalidResourceType"},
	} {
		status, body := c.do(tt.method, cloud.ARMURL()+tt.path, tt.token, nil)
		code := ""
		if e, ok := body["error"].(map[string]any); ok {
			code = e["code"].(string)
		}
		if status != tt.status || code != tt.code {
			t.Errorf("%s: got %d %s, want %d %s", tt.name, status, code, tt.status, tt.code)
		}
	}
}

func TestKubeconfig(t *testing.T) {
	cloud, c := start(t)
	i, k := reader, prod
	i.Actions = []string{ActionUserCredential}
	cloud.AddIdentity(i)
	token := c.token(cloud, cloud.ARMURL())
	for _, tt := range []struct {
		mode         Mode
		format, want string
	}{
		{AzureRBAC, "&format=exec", "command: kubelogin"},
		{KubernetesRBAC, "", "auth-provider"},
		{LocalAccounts, "&format=exec", "token: "},
	} {
		k.Mode = tt.mode
		cloud.AddCluster(k)
		status, body := c.do(http.MethodPost, cloud.ARMURL()+prodPath+"/listClusterUserCredential?api-version=2025-10-01"+tt.format, token, nil)
		if status != http.StatusOK {
			t.Fatalf("got %d %v", status, body)
		}
		got := must(base64.StdEncoding.DecodeString(body["kubeconfigs"].([]any)[0].(map[string]any)["value"].(string)))
		if !strings.Contains(string(got), tt.want) {
			t.Errorf("mode %d: %q is not in\n%s", tt.mode, tt.want, got)
		}
	}
}
