package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"
	"github.com/google/uuid"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/cloudfake/azure"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	subscription = "00000000-0000-0000-0000-0000000000AB"
	clientID     = "00000000-0000-0000-0000-00000000c11e"
	objectID     = "00000000-0000-0000-0000-00000000000b"
	secret       = "canary-secret-value"
	workload     = "system:serviceaccount:scan:kubemuster"
	fqdn         = "127.0.0.1:6443"
)

// world is a fake Azure with one identity and one cluster, a provider, and what was sent in confidence.
type world struct {
	*azure.Cloud
	provider *provider
	ca       *cloudfake.CA
	caFile   string
	identity azure.Identity
	cluster  azure.Cluster
	// handle sees every request first, as azure.Intercept's function does.
	handle func(http.ResponseWriter, *http.Request) bool

	mu         sync.Mutex
	confidence []string
}

func newWorld(t *testing.T, opts ...azure.Option) *world {
	t.Helper()
	for _, name := range newProvider().Info().Env {
		t.Setenv(name, "") // restores it after the test
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{provider: newProvider(), ca: cloudfake.NewCA("azure"), confidence: []string{secret}}
	w.Cloud = azure.New(w.ca, append(opts, azure.Intercept(w.intercept))...)
	t.Cleanup(w.Close)
	w.caFile = file(t, "ca.pem", w.ca.PEM())
	w.identity = azure.Identity{
		ClientID: clientID, ObjectID: objectID, Secret: secret, FederatedSubject: workload,
		Actions: []string{azure.ActionRead, azure.ActionUserCredential, azure.ActionAdminCredential},
	}
	w.cluster = azure.Cluster{
		Subscription: subscription, ResourceGroup: "Platform", Name: "prod", Location: "westeurope",
		FQDN: fqdn, CA: w.ca.PEM(), ClientCA: w.ca, Mode: azure.AzureRBAC,
	}
	w.AddIdentity(w.identity)
	w.AddCluster(w.cluster)
	return w
}

func (w *world) intercept(rw http.ResponseWriter, r *http.Request) bool {
	_ = r.ParseForm() // the form stays with the request
	w.mu.Lock()
	for _, v := range []string{r.PostForm.Get("client_secret"), r.PostForm.Get("client_assertion"), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")} {
		if v != "" {
			w.confidence = append(w.confidence, v)
		}
	}
	w.mu.Unlock()
	return w.handle != nil && w.handle(rw, r)
}

// target parses a target as the host does. params override those for the fake with a client secret.
func (w *world) target(t *testing.T, params map[string]string) sdk.Target {
	t.Helper()
	all := map[string]string{
		"auth": "secret", "tenantId": w.TenantID(), "clientId": clientID, "clientSecret": secret,
		"cloud": "custom", "authorityHost": w.AuthorityURL(), "resourceManagerEndpoint": w.ARMURL(), "caFile": w.caFile,
	}
	path := subscription + "/platform/Prod"
	for k, v := range params {
		switch all[k] = v; {
		case k == "path":
			path = v
			fallthrough
		case v == "":
			delete(all, k)
		}
	}
	target, err := w.provider.Info().ParseTarget("aks://"+path, all, func(ref string) (sdk.Secret, error) { return sdk.NewSecret(ref), nil })
	if err != nil {
		t.Fatal(err)
	}
	return target
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
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range w.confidence {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), v) {
			t.Errorf("error %q shows what was sent in confidence", err)
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
	if _, err := info.ParseTarget("aks://"+subscription+"/platform/prod", nil, nil); err != nil {
		t.Error(err)
	}
}

func TestAccessByMode(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		mode   azure.Mode
		params map[string]string
		change func(*azure.Cluster)
		hint   string
		err    string // all of them ErrUnsupported
	}{
		{name: "Azure RBAC", mode: azure.AzureRBAC, hint: "uses Azure RBAC: assign the role in deploy/iam/aks/cluster-reader.json"},
		{name: "Kubernetes RBAC", mode: azure.KubernetesRBAC, hint: "object " + objectID + " of tenant " + w.TenantID() + "; the cluster uses Kubernetes RBAC"},
		{name: "Kubernetes RBAC, local accounts allowed", mode: azure.KubernetesRBAC, params: map[string]string{"allowLocalAccounts": "true"}, hint: "Kubernetes RBAC"},
		{name: "legacy Entra", mode: azure.LegacyEntra, err: "legacy Entra integration"},
		{name: "legacy Entra, local accounts allowed", mode: azure.LegacyEntra, params: map[string]string{"allowLocalAccounts": "true"}, err: "legacy Entra integration"},
		{name: "local accounts", mode: azure.LocalAccounts, err: "allowLocalAccounts=true"},
		{name: "local accounts allowed", mode: azure.LocalAccounts, params: map[string]string{"allowLocalAccounts": "true"}, hint: "admin certificate"},
		{
			name: "local accounts allowed and disabled", mode: azure.LocalAccounts, params: map[string]string{"allowLocalAccounts": "true"},
			change: func(c *azure.Cluster) { c.DisableLocalAccounts = true }, err: "local accounts disabled",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := w.cluster
			c.Mode = tt.mode
			if tt.change != nil {
				tt.change(&c)
			}
			w.AddCluster(c)
			got, err := w.provider.Access(t.Context(), w.target(t, tt.params))
			if tt.err != "" {
				w.check(t, err, sdk.ErrUnsupported, tt.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Validate(); err != nil {
				t.Error(err)
			}
			want := sdk.Cluster{
				Provider: "aks", Account: strings.ToLower(subscription), Region: "westeurope", Name: "prod",
				ID: "/subscriptions/00000000-0000-0000-0000-0000000000ab/resourcegroups/platform/providers/microsoft.containerservice/managedclusters/prod",
			}
			if got.Cluster != want || got.Server != "https://"+fqdn || got.Trust.System() || string(got.Trust.PEM()) != string(w.ca.PEM()) {
				t.Errorf("got %+v", got)
			}
			if !strings.Contains(got.Hint, tt.hint) {
				t.Errorf("hint %q does not say %q", got.Hint, tt.hint)
			}
		})
	}
}

func TestModeOf(t *testing.T) {
	yes, no, app := true, false, "app"
	type aad = armcontainerservice.ManagedClusterAADProfile
	for _, tt := range []struct {
		aad  *aad
		want mode
	}{
		{nil, localAccounts},
		{&aad{}, unknownMode},
		{&aad{Managed: &no}, unknownMode},
		{&aad{ServerAppID: &app}, legacyEntra},
		{&aad{Managed: &no, ServerAppID: &app}, legacyEntra},
		{&aad{Managed: &no, EnableAzureRBAC: &yes}, unknownMode},
		{&aad{Managed: &yes}, kubernetesRBAC},
		{&aad{Managed: &yes, EnableAzureRBAC: &no, ServerAppID: &app}, kubernetesRBAC},
		{&aad{Managed: &yes, EnableAzureRBAC: &yes}, azureRBAC},
	} {
		if got := modeOf(tt.aad); got != tt.want {
			t.Errorf("modeOf(%+v) = %s, want %s", tt.aad, got, tt.want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	w := newWorld(t)
	public := w.cluster
	private := public
	private.Private, private.FQDN, private.PrivateFQDN = true, "", "prod.privatelink.westeurope.azmk8s.io"
	both := private
	both.FQDN = fqdn
	noZone := both // a private cluster with the DNS zone "none" has the public name alone
	noZone.PrivateFQDN = ""
	nameless := public
	nameless.FQDN = ""
	crooked := public
	crooked.FQDN = "user@prod.example/path"
	for _, tt := range []struct {
		name, endpoint string
		cluster        azure.Cluster
		want           string
		kind           error
	}{
		{"public", "auto", public, fqdn, nil},
		{"public", "public", public, fqdn, nil},
		{"public", "private", public, "", sdk.ErrUnsupported},
		{"private", "auto", private, private.PrivateFQDN, nil},
		{"private", "private", private, private.PrivateFQDN, nil},
		{"private", "public", private, "", sdk.ErrUnsupported},
		{"private with a public name", "auto", both, private.PrivateFQDN, nil},
		{"private with a public name", "public", both, fqdn, nil},
		{"private without a DNS zone", "auto", noZone, fqdn, nil},
		{"without a name", "auto", nameless, "", sdk.ErrUnavailable},
		{"with more than a name", "auto", crooked, "", sdk.ErrUnavailable},
	} {
		t.Run(tt.name+" "+tt.endpoint, func(t *testing.T) {
			w.AddCluster(tt.cluster)
			got, err := w.provider.Access(t.Context(), w.target(t, map[string]string{"endpoint": tt.endpoint}))
			if tt.kind != nil {
				w.check(t, err, tt.kind)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Server != "https://"+tt.want {
				t.Errorf("got %s, want %s", got.Server, tt.want)
			}
		})
	}
}

// TestAuth signs in with every kind of credential, to Resource Manager and to the cluster.
func TestAuth(t *testing.T) {
	none := map[string]string{"clientSecret": "", "tenantId": "", "clientId": ""}
	for _, tt := range []struct {
		name   string
		params map[string]string
		set    func(*testing.T, *world)
	}{
		{"secret", map[string]string{"auth": "secret"}, nil},
		{"secret from the environment", none, func(t *testing.T, w *world) {
			t.Setenv("AZURE_TENANT_ID", w.TenantID())
			t.Setenv("AZURE_CLIENT_ID", clientID)
			t.Setenv("AZURE_CLIENT_SECRET", secret)
		}},
		{"authority of the environment is not followed", nil, func(t *testing.T, _ *world) {
			t.Setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:1/")
		}},
		{"default", map[string]string{"auth": "default", "clientSecret": "", "tenantId": "", "clientId": ""}, func(t *testing.T, w *world) {
			t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
			t.Setenv("AZURE_TENANT_ID", w.TenantID())
			t.Setenv("AZURE_CLIENT_ID", clientID)
			t.Setenv("AZURE_CLIENT_SECRET", secret)
		}},
		{"certificate", map[string]string{"auth": "certificate", "clientSecret": ""}, func(t *testing.T, w *world) {
			t.Setenv("AZURE_CLIENT_CERTIFICATE_PATH", w.registerCertificate(t))
		}},
		{"workload", map[string]string{"auth": "workload", "clientSecret": ""}, func(t *testing.T, w *world) {
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file(t, "token", []byte(w.FederatedToken(workload, time.Hour))))
		}},
		{"managed", map[string]string{"auth": "managed", "clientSecret": "", "tenantId": "", "clientId": uuid.NewString()}, func(t *testing.T, w *world) {
			s := w.ca.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-IDENTITY-HEADER") != "canary-identity-header" {
					rw.WriteHeader(http.StatusUnauthorized)
					return
				}
				_ = json.NewEncoder(rw).Encode(map[string]any{
					"access_token": w.signIn(t, r.FormValue("resource")), "expires_on": fmt.Sprint(time.Now().Add(time.Hour).Unix()), "token_type": "Bearer",
				})
			}))
			t.Cleanup(s.Close)
			t.Setenv("IDENTITY_ENDPOINT", s.URL)
			t.Setenv("IDENTITY_HEADER", "canary-identity-header")
		}},
		{"cli", map[string]string{"auth": "cli", "clientSecret": "", "tenantId": "", "clientId": ""}, func(t *testing.T, w *world) {
			if runtime.GOOS == "windows" {
				t.Skip("the stand-in for az is a shell script")
			}
			dir := t.TempDir()
			script := "#!/bin/sh\ncase \"$*\" in\n*" + serverApp + "*--subscription*) t='" + w.signIn(t, serverApp) + "';;\n*) t='" + w.signIn(t, w.ARMURL()) + "';;\nesac\n" +
				`echo "{\"accessToken\":\"$t\",\"expires_on\":` + fmt.Sprint(time.Now().Add(time.Hour).Unix()) + `}"` + "\n"
			if err := os.WriteFile(filepath.Join(dir, "az"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		}},
		{"pipelines", map[string]string{"auth": "pipelines", "clientSecret": "", "tenantId": "", "clientId": ""}, func(t *testing.T, w *world) {
			s := w.ca.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer canary-job-token" || r.FormValue("serviceConnectionId") != "connection" {
					rw.WriteHeader(http.StatusUnauthorized)
					return
				}
				_ = json.NewEncoder(rw).Encode(map[string]string{"oidcToken": w.FederatedToken(workload, time.Hour)})
			}))
			t.Cleanup(s.Close)
			t.Setenv("SYSTEM_OIDCREQUESTURI", s.URL)
			t.Setenv("SYSTEM_ACCESSTOKEN", "canary-job-token")
			t.Setenv("AZURESUBSCRIPTION_TENANT_ID", w.TenantID())
			t.Setenv("AZURESUBSCRIPTION_CLIENT_ID", clientID)
			t.Setenv("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "connection")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if tt.set != nil {
				tt.set(t, w)
			}
			target := w.target(t, tt.params)
			if _, err := w.provider.Access(t.Context(), target); err != nil {
				t.Fatal(err)
			}
			token, err := w.provider.Token(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			if oid, err := w.VerifyToken(token.Value.Reveal()); err != nil || oid != objectID {
				t.Errorf("the cluster sees %q, %v", oid, err)
			}
		})
	}
}

func TestTokenIsNewAndEndsOnTime(t *testing.T) {
	w := newWorld(t, azure.TokenLifetime(20*time.Minute))
	target := w.target(t, nil)
	seen := map[string]bool{}
	for range 3 {
		token, err := w.provider.Token(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(token.Expiry); left > 20*time.Minute || left < 19*time.Minute {
			t.Errorf("the token ends in %v, want 20m", left)
		}
		seen[token.Value.Reveal()] = true
	}
	if len(seen) != 3 {
		t.Errorf("3 calls gave %d tokens", len(seen))
	}
}

func TestAdminCertificate(t *testing.T) {
	w := newWorld(t)
	w.cluster.Mode = azure.LocalAccounts
	w.AddCluster(w.cluster)
	token, err := w.provider.Token(t.Context(), w.target(t, map[string]string{"allowLocalAccounts": "true"}))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(token.ClientCertificate)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !token.Value.IsZero() || token.ClientKey.IsZero() || !token.Expiry.Equal(cert.NotAfter) || cert.Subject.CommonName != "masterclient" {
		t.Errorf("got %+v for %v", token, cert.Subject)
	}

	w.cluster.Mode = azure.KubernetesRBAC
	w.AddCluster(w.cluster)
	if token, err = w.provider.Token(t.Context(), w.target(t, map[string]string{"allowLocalAccounts": "true"})); err != nil || token.Value.IsZero() {
		t.Errorf("a cluster with Entra integration: got %+v, %v, want a token", token, err)
	}
}

func TestErrors(t *testing.T) {
	without := func(action string) func(*world) {
		return func(w *world) {
			w.identity.Actions = nil
			for _, a := range []string{azure.ActionRead, azure.ActionUserCredential, azure.ActionAdminCredential} {
				if a != action {
					w.identity.Actions = append(w.identity.Actions, a)
				}
			}
		}
	}
	answer := func(status int, header, body string) func(*world) {
		return func(w *world) {
			w.handle = func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "managedClusters") {
					return false
				}
				if name, v, ok := strings.Cut(header, ": "); ok {
					rw.Header().Set(name, v)
				}
				rw.WriteHeader(status)
				_, _ = rw.Write([]byte(body))
				return true
			}
		}
	}
	// echo answers with all that was sent, as a careless proxy or a hostile server would.
	echo := func(path string, status int) func(*world) {
		return func(w *world) {
			w.handle = func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, path) {
					return false
				}
				rw.Header().Set("x-ms-error-code", r.Header.Get("Authorization")+r.PostForm.Encode())
				rw.WriteHeader(status)
				_, _ = fmt.Fprint(rw, r.Header, r.PostForm)
				return true
			}
		}
	}
	for _, tt := range []struct {
		name   string
		params map[string]string
		change func(*world)
		kind   error
		words  []string
	}{
		{"subscription by name", map[string]string{"path": "production/platform/prod"}, nil, sdk.ErrInvalidTarget, []string{"production", "UUID"}},
		{"resource group's name", map[string]string{"path": subscription + "/platform./prod"}, nil, sdk.ErrInvalidTarget, []string{"platform."}},
		{"cluster's name", map[string]string{"path": subscription + "/platform/a/b"}, nil, sdk.ErrInvalidTarget, []string{"a/b"}},
		{"no secret", map[string]string{"clientSecret": ""}, nil, sdk.ErrInvalidTarget, []string{"clientSecret or AZURE_CLIENT_SECRET"}},
		{"a secret too many", map[string]string{"auth": "cli", "tenantId": "", "clientId": ""}, nil, sdk.ErrInvalidTarget, []string{"clientSecret"}},
		{"not a tenant", map[string]string{"tenantId": "a/b"}, nil, sdk.ErrInvalidTarget, []string{"tenantId"}},
		{"addresses without the custom cloud", map[string]string{"cloud": "china"}, nil, sdk.ErrInvalidTarget, []string{"cloud=custom"}},
		{"custom cloud without addresses", map[string]string{"authorityHost": ""}, nil, sdk.ErrInvalidTarget, []string{"authorityHost"}},
		{"no CA file", map[string]string{"caFile": "/nowhere/ca.pem"}, nil, sdk.ErrInvalidTarget, []string{"caFile"}},
		{"no certificate file", map[string]string{"auth": "certificate", "clientSecret": "", "certificateFile": "/nowhere"}, nil, sdk.ErrInvalidTarget, []string{"certificateFile"}},
		{"no workload's token", map[string]string{"auth": "workload", "clientSecret": "", "federatedTokenFile": "/nowhere"}, nil, sdk.ErrUnauthenticated, []string{"federatedTokenFile"}},

		{"wrong secret", map[string]string{"clientSecret": "canary-other-secret"}, nil, sdk.ErrUnauthenticated, []string{"client secret is wrong", "AADSTS7000215"}},
		{"unknown application", map[string]string{"clientId": uuid.NewString()}, nil, sdk.ErrUnauthenticated, []string{"AADSTS700016", "clientId"}},
		{"unknown tenant", map[string]string{"tenantId": uuid.NewString()}, nil, sdk.ErrUnauthenticated, []string{"tenant does not exist", "AADSTS90002"}},
		{"unknown resource", map[string]string{"resourceManagerAudience": "https://elsewhere.example"}, nil, sdk.ErrUnauthenticated, []string{"AADSTS500011", "resourceManagerAudience"}},
		{"authority echoes", nil, echo("/token", 418), sdk.ErrUnauthenticated, []string{"HTTP 418"}},

		{"no permission to read", nil, without(azure.ActionRead), sdk.ErrPermissionDenied, []string{azure.ActionRead, "/managedclusters/prod", "AuthorizationFailed"}},
		{"no permission for the kubeconfig", nil, without(azure.ActionUserCredential), sdk.ErrPermissionDenied, []string{azure.ActionUserCredential}},
		{"no such subscription", map[string]string{"path": uuid.NewString() + "/platform/prod"}, nil, sdk.ErrTargetNotFound, []string{"subscription"}},
		{"no such resource group", map[string]string{"path": subscription + "/other/prod"}, nil, sdk.ErrTargetNotFound, []string{"resource group other"}},
		{"no such cluster", map[string]string{"path": subscription + "/platform/other"}, nil, sdk.ErrTargetNotFound, []string{"cluster other"}},
		{"stopped", nil, func(w *world) { w.cluster.Stopped = true }, sdk.ErrUnavailable, []string{"stopped", "az aks start"}},
		{"deleting", nil, func(w *world) { w.cluster.ProvisioningState = "Deleting" }, sdk.ErrUnavailable, []string{"Deleting"}},
		{"no certificate authority", nil, func(w *world) { w.cluster.CA = nil }, sdk.ErrUnavailable, []string{"certificate authority"}},
		{"resource manager echoes", nil, echo("managedClusters", 418), sdk.ErrUnsupported, []string{"HTTP 418"}},
		{"resource manager echoes a refusal", nil, echo("managedClusters", 403), sdk.ErrPermissionDenied, []string{azure.ActionRead}},
		{"resource manager refuses the token", nil, answer(401, "", ""), sdk.ErrUnauthenticated, []string{"did not accept the token"}},
		{"token of another tenant", nil, answer(401, "x-ms-error-code: InvalidAuthenticationTokenTenant", ""), sdk.ErrUnauthenticated, []string{"tenantId"}},
		{"redirect", nil, answer(307, "Location: https://127.0.0.1:1/", ""), sdk.ErrUnsupported, []string{"HTTP 307"}},
		{"throttled", nil, answer(429, "retry-after-ms: 1", ""), sdk.ErrUnavailable, []string{"slow down"}},
		{"throttled for long", nil, answer(429, "Retry-After: 3600", ""), sdk.ErrUnavailable, []string{"slow down"}},
		{"out of order", nil, answer(503, "retry-after-ms: 1", "<html>"), sdk.ErrUnavailable, []string{"HTTP 503"}},
		{"not JSON", nil, answer(200, "", "<html>"), sdk.ErrUnavailable, []string{"cannot be read"}},
		{"no properties", nil, answer(200, "", "{}"), sdk.ErrUnavailable, []string{"without its properties"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.confidence = append(w.confidence, "canary-other-secret")
			if tt.change != nil {
				tt.change(w)
				w.AddIdentity(w.identity)
				w.AddCluster(w.cluster)
			}
			_, err := w.provider.Access(t.Context(), w.target(t, tt.params))
			w.check(t, err, tt.kind, tt.words...)
		})
	}
}

// A change that failed leaves an API server that mostly still answers: whether it does is for the scan to find out.
func TestFailedClusterIsScanned(t *testing.T) {
	for _, state := range []string{"Failed", "Canceled", "Updating"} {
		w := newWorld(t)
		w.cluster.ProvisioningState = state
		w.AddCluster(w.cluster)
		if _, err := w.provider.Access(t.Context(), w.target(t, nil)); err != nil {
			t.Errorf("%s: %v", state, err)
		}
	}
}

func TestTokenErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params map[string]string
		change func(*testing.T, *world)
		kind   error
		words  []string
	}{
		{"wrong secret", map[string]string{"clientSecret": "canary-other-secret"}, nil, sdk.ErrUnauthenticated, []string{"AADSTS7000215"}},
		{"unregistered certificate", map[string]string{"auth": "certificate", "clientSecret": ""}, func(t *testing.T, w *world) {
			t.Setenv("AZURE_CLIENT_CERTIFICATE_PATH", w.registerCertificate(t))
			w.registerCertificate(t)
		}, sdk.ErrUnauthenticated, []string{"AADSTS700027"}},
		{"another workload", map[string]string{"auth": "workload", "clientSecret": ""}, func(t *testing.T, w *world) {
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file(t, "token", []byte(w.FederatedToken("other", time.Hour))))
		}, sdk.ErrUnauthenticated, []string{"AADSTS700213", "subject"}},
		{"a workload's token that has ended", map[string]string{"auth": "workload", "clientSecret": ""}, func(t *testing.T, w *world) {
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file(t, "token", []byte(w.FederatedToken(workload, -time.Hour))))
		}, sdk.ErrUnauthenticated, []string{"AADSTS700024"}},
		{"nothing in the environment", map[string]string{"auth": "default", "clientSecret": "", "tenantId": "", "clientId": ""}, func(t *testing.T, _ *world) {
			t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
		}, sdk.ErrUnauthenticated, []string{"found no credential", "az login"}},
		{"no such credential", map[string]string{"auth": "default", "clientSecret": "", "tenantId": "", "clientId": ""}, func(t *testing.T, _ *world) {
			t.Setenv("AZURE_TOKEN_CREDENTIALS", "canary-other-secret")
		}, sdk.ErrInvalidTarget, []string{"AZURE_TOKEN_CREDENTIALS"}},
		{"no CLI", map[string]string{"auth": "cli", "clientSecret": "", "tenantId": "", "clientId": ""}, func(t *testing.T, _ *world) {
			t.Setenv("PATH", t.TempDir())
		}, sdk.ErrUnauthenticated, []string{"az login"}},
		{"no pipeline", map[string]string{"auth": "pipelines", "clientSecret": "", "serviceConnectionId": "connection"}, func(t *testing.T, _ *world) {
			t.Setenv("SYSTEM_ACCESSTOKEN", "canary-other-secret")
			t.Setenv("SYSTEM_OIDCREQUESTURI", "http://127.0.0.1:1")
		}, sdk.ErrInvalidTarget, []string{"SYSTEM_OIDCREQUESTURI"}},
		{"admin certificate without permission", map[string]string{"allowLocalAccounts": "true"}, func(_ *testing.T, w *world) {
			w.cluster.Mode = azure.LocalAccounts
			w.identity.Actions = []string{azure.ActionRead}
		}, sdk.ErrPermissionDenied, []string{azure.ActionAdminCredential}},
		{"no admin certificate", map[string]string{"allowLocalAccounts": "true"}, func(_ *testing.T, w *world) {
			w.cluster.Mode, w.cluster.ClientCA = azure.LocalAccounts, nil
		}, sdk.ErrUnavailable, []string{"no client certificate"}},
		{"local accounts disabled", map[string]string{"allowLocalAccounts": "true"}, func(_ *testing.T, w *world) {
			w.cluster.Mode, w.cluster.DisableLocalAccounts = azure.LocalAccounts, true
		}, sdk.ErrUnsupported, []string{"local accounts disabled"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.confidence = append(w.confidence, "canary-other-secret")
			if tt.change != nil {
				tt.change(t, w)
				w.AddIdentity(w.identity)
				w.AddCluster(w.cluster)
			}
			_, err := w.provider.Token(t.Context(), w.target(t, tt.params))
			w.check(t, err, tt.kind, tt.words...)
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	w := newWorld(t)
	asked := 0
	w.handle = func(http.ResponseWriter, *http.Request) bool { asked++; return false }
	target := w.target(t, map[string]string{"caFile": file(t, "other.pem", cloudfake.NewCA("other").PEM())})
	_, err := w.provider.Access(t.Context(), target)
	w.check(t, err, sdk.ErrUnavailable, "is not trusted", "caFile", strings.TrimPrefix(w.AuthorityURL(), "https://"))
	if asked != 0 {
		t.Errorf("%d requests went to a server that is not trusted", asked)
	}
}

func TestUnreachable(t *testing.T) {
	w := newWorld(t)
	gone := w.ca.Serve(http.NotFoundHandler())
	gone.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := w.provider.Token(ctx, w.target(t, map[string]string{"authorityHost": gone.URL}))
	w.check(t, err, sdk.ErrUnavailable, "cannot be reached", strings.TrimPrefix(gone.URL, "https://"))
}

func TestDeadline(t *testing.T) {
	for _, path := range []string{"openid-configuration", "/token", "managedClusters"} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t)
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			w.handle = func(_ http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.Path, path) {
					<-r.Context().Done()
					return true
				}
				return false
			}
			_, err := w.provider.Access(ctx, w.target(t, nil))
			w.check(t, err, sdk.ErrUnavailable, "in the time allowed")
		})
	}
}

func TestConcurrency(t *testing.T) {
	w := newWorld(t)
	var tokens sync.Map
	w.handle = func(_ http.ResponseWriter, r *http.Request) bool {
		if a := r.Header.Get("Authorization"); a != "" {
			tokens.Store(a, true)
		}
		return false
	}
	target := w.target(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.provider.Access(t.Context(), target); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := w.provider.Token(t.Context(), target); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	shared := 0
	tokens.Range(func(any, any) bool { shared++; return true })
	if shared != 1 {
		t.Errorf("8 concurrent calls took %d tokens for resource manager, want one that they share", shared)
	}
}

// TestOnlyReads shows that the plugin asks Resource Manager for nothing but the three actions that it documents.
func TestOnlyReads(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	asked := map[string]bool{}
	w.handle = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/subscriptions/") {
			mu.Lock()
			defer mu.Unlock()
			asked[r.Method+" "+r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]+" "+r.URL.Query().Get("format")] = true
		}
		return false
	}
	w.cluster.Mode = azure.LocalAccounts
	w.AddCluster(w.cluster)
	target := w.target(t, map[string]string{"allowLocalAccounts": "true"})
	if _, err := w.provider.Access(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	if _, err := w.provider.Token(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GET Prod ", "POST listClusterUserCredential exec", "POST listClusterAdminCredential "} {
		if !asked[want] {
			t.Errorf("%q was not asked for in %v", want, asked)
		}
		delete(asked, want)
	}
	if len(asked) != 0 {
		t.Errorf("asked for %v as well", asked)
	}
}

func TestParseKubeconfig(t *testing.T) {
	for name, data := range map[string]string{
		"empty":              "",
		"not YAML":           "\t{",
		"no current context": "clusters: [{name: a, cluster: {certificate-authority-data: QQ==}}]",
		"not base64":         "{current-context: c, contexts: [{name: c, context: {cluster: a, user: a}}], clusters: [{name: a, cluster: {certificate-authority-data: '?'}}]}",
		"a list":             "[]",
	} {
		k := parseKubeconfig([]byte(data))
		if cert, key := k.clientCertificate(); k.certificateAuthority() != nil || cert != nil || !key.IsZero() {
			t.Errorf("%s: got %+v", name, k)
		}
	}
	two := `{current-context: c2, contexts: [{name: c1, context: {cluster: a, user: a}}, {name: c2, context: {cluster: b, user: b}}],
	clusters: [{name: a, cluster: {certificate-authority-data: QQ==}}, {name: b, cluster: {certificate-authority-data: Qg==}}]}`
	if got := string(parseKubeconfig([]byte(two)).certificateAuthority()); got != "B" {
		t.Errorf("got %q, want the current context's", got)
	}
}

// signIn gets a token by the client secret, for stand-ins that hand out tokens themselves.
func (w *world) signIn(t *testing.T, resource string) string {
	t.Helper()
	client, err := settings{caFile: w.caFile}.httpClient()
	if err != nil {
		t.Error(err)
		return ""
	}
	resp, err := client.PostForm(w.AuthorityURL()+"/"+w.TenantID()+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}, "scope": {resource + "/.default"},
	})
	if err != nil {
		t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Error(err)
	}
	return body.Token
}

// registerCertificate gives the identity a new certificate and returns the file that holds it with its key.
func (w *world) registerCertificate(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubemuster"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if w.identity.Certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	w.AddIdentity(w.identity)
	return file(t, "certificate.pem", append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...))
}

func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
