package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// session is what targets with the same settings in the same subscription share.
type session struct {
	settings settings
	http     *http.Client
	clusters *armcontainerservice.ManagedClustersClient
	caller   *atomic.Pointer[caller] // nil inside until Resource Manager's first token
}

type sessionKey struct {
	settings     settings
	subscription string
}

func (p *provider) session(r resource, t sdk.Target) (*session, error) {
	set, err := settingsOf(t)
	if err != nil {
		return nil, err
	}
	key := sessionKey{set, strings.ToLower(r.subscription)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.sessions[key]; ok {
		return s, nil
	}
	s := &session{settings: set}
	if s.http, err = set.httpClient(); err != nil {
		return nil, err
	}
	cred, err := set.credential(s.http, r.subscription)
	if err != nil {
		return nil, err
	}
	s.caller = &cred.caller
	// Registering a resource provider, which the client would do if asked to, is a write.
	options := &arm.ClientOptions{ClientOptions: set.clientOptions(s.http), DisableRPRegistration: true}
	if s.clusters, err = armcontainerservice.NewManagedClustersClient(r.subscription, cred, options); err != nil {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "check cloud, resourceManagerEndpoint and resourceManagerAudience", "resource manager's address is not usable")
	}
	p.sessions[key] = s
	return s, nil
}

// settings are what decides how the plugin talks to Azure, from the target and, where that is silent, the environment.
// They are comparable.
type settings struct {
	auth                                       string
	tenantID, clientID                         string
	clientSecret, certificatePassword          sdk.Secret
	certificateFile, federatedTokenFile        string
	connectionID                               string
	systemAccessToken                          sdk.Secret
	cloud, authority, armEndpoint, armAudience string
	caFile                                     string
}

var tenantPattern = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

func settingsOf(t sdk.Target) (settings, error) {
	in := reader{target: t, used: map[string]bool{}}
	s := settings{auth: t.Params["auth"], cloud: t.Params["cloud"], caFile: t.Params["caFile"]}
	switch s.auth {
	case "secret":
		s.tenantID, s.clientID = in.required("tenantId", "AZURE_TENANT_ID"), in.required("clientId", "AZURE_CLIENT_ID")
		s.clientSecret = in.secret("clientSecret", "AZURE_CLIENT_SECRET", true)
	case "certificate":
		s.tenantID, s.clientID = in.required("tenantId", "AZURE_TENANT_ID"), in.required("clientId", "AZURE_CLIENT_ID")
		s.certificateFile = in.required("certificateFile", "AZURE_CLIENT_CERTIFICATE_PATH")
		s.certificatePassword = in.secret("certificatePassword", "AZURE_CLIENT_CERTIFICATE_PASSWORD", false)
	case "workload":
		s.tenantID, s.clientID = in.required("tenantId", "AZURE_TENANT_ID"), in.required("clientId", "AZURE_CLIENT_ID")
		s.federatedTokenFile = in.required("federatedTokenFile", "AZURE_FEDERATED_TOKEN_FILE")
	case "managed":
		s.clientID = in.optional("clientId", "AZURE_CLIENT_ID")
	case "pipelines":
		s.tenantID, s.clientID = in.required("tenantId", "AZURESUBSCRIPTION_TENANT_ID"), in.required("clientId", "AZURESUBSCRIPTION_CLIENT_ID")
		s.connectionID = in.required("serviceConnectionId", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
		s.systemAccessToken = in.secret("", "SYSTEM_ACCESSTOKEN", true)
	default: // default and cli take what is logged in
		s.tenantID = in.optional("tenantId", "")
	}
	if len(in.missing) > 0 {
		return s, sdk.Errorf(sdk.ErrInvalidTarget, "set "+strings.Join(in.missing, ", "), "auth=%s lacks a part of the credential", s.auth)
	}
	for _, p := range []string{"tenantId", "clientId", "clientSecret", "certificateFile", "certificatePassword", "federatedTokenFile", "serviceConnectionId"} {
		if !in.used[p] && (t.Params[p] != "" || !t.Secrets[p].IsZero()) {
			return s, sdk.Errorf(sdk.ErrInvalidTarget, "take it out, or choose the auth that it belongs to", "auth=%s does not use parameter %s", s.auth, p)
		}
	}
	if s.tenantID != "" && !tenantPattern.MatchString(s.tenantID) {
		return s, sdk.Errorf(sdk.ErrInvalidTarget, "give the tenant's ID or domain in tenantId", "the tenant is neither an ID nor a domain")
	}
	return s, s.readCloud(t)
}

// reader takes parts of a credential from the target or the environment, and notes which it took and which it missed.
type reader struct {
	target  sdk.Target
	used    map[string]bool
	missing []string
}

func (in *reader) optional(param, env string) string {
	in.used[param] = true
	if v := in.target.Params[param]; v != "" || env == "" {
		return v
	}
	return os.Getenv(env)
}

func (in *reader) required(param, env string) string {
	v := in.optional(param, env)
	if v == "" {
		in.missing = append(in.missing, param+" or "+env)
	}
	return v
}

func (in *reader) secret(param, env string, required bool) sdk.Secret {
	in.used[param] = true
	s := in.target.Secrets[param]
	if s.IsZero() {
		s = sdk.NewSecret(os.Getenv(env))
	}
	if s.IsZero() && required {
		in.missing = append(in.missing, strings.TrimPrefix(param+" or "+env, " or "))
	}
	return s
}

func (s *settings) readCloud(t sdk.Target) error {
	s.authority, s.armEndpoint, s.armAudience = t.Params["authorityHost"], t.Params["resourceManagerEndpoint"], t.Params["resourceManagerAudience"]
	switch {
	case s.cloud != "custom" && s.authority+s.armEndpoint+s.armAudience != "":
		return sdk.Errorf(sdk.ErrInvalidTarget, "set cloud=custom as well", "authorityHost, resourceManagerEndpoint and resourceManagerAudience are for a custom cloud")
	case s.cloud == "custom" && (s.authority == "" || s.armEndpoint == ""):
		return sdk.Errorf(sdk.ErrInvalidTarget, "set authorityHost and resourceManagerEndpoint", "cloud=custom lacks an address")
	case s.cloud == "custom" && s.armAudience == "":
		s.armAudience = strings.TrimSuffix(s.armEndpoint, "/")
	}
	return nil
}

// clientOptions are those of every request to Azure. The cloud is always named, so that AZURE_AUTHORITY_HOST cannot send
// a credential elsewhere.
func (s settings) clientOptions(client *http.Client) azcore.ClientOptions {
	configuration := cloud.AzurePublic
	switch s.cloud {
	case "government":
		configuration = cloud.AzureGovernment
	case "china":
		configuration = cloud.AzureChina
	case "custom":
		configuration = cloud.Configuration{
			ActiveDirectoryAuthorityHost: s.authority,
			Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
				cloud.ResourceManager: {Endpoint: s.armEndpoint, Audience: s.armAudience},
			},
		}
	}
	return azcore.ClientOptions{
		Cloud:            configuration,
		Transport:        client,
		PerRetryPolicies: []policy.Policy{witness{}},
		Retry:            policy.RetryOptions{MaxRetries: 2, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: 5 * time.Second, TryTimeout: 30 * time.Second},
		Telemetry:        policy.TelemetryOptions{ApplicationID: "kubemuster"},
	}
}

// httpClient trusts the system's authorities and those in caFile. It follows no redirect: a redirected token request
// would carry the secret along.
func (s settings) httpClient() (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if s.caFile != "" {
		unusable := func(err error) error {
			return sdk.Errorf(sdk.ErrInvalidTarget, "give a PEM file with certificates", "caFile is not usable: %v", err)
		}
		extra, err := os.ReadFile(s.caFile)
		if err != nil {
			return nil, unusable(err)
		}
		if transport.TLSClientConfig.RootCAs, err = sdk.SystemRoots(extra).Pool(); err != nil {
			return nil, unusable(err)
		}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// credential makes a new credential, with no token in it.
func (s settings) credential(client *http.Client, subscription string) (*credential, error) {
	inner, err := s.azureCredential(client, subscription)
	if err != nil {
		if hint := kinds[s.auth].setUp; hint != "" {
			// The cause is not passed on: what azidentity says here may quote what it was given.
			err = sdk.Errorf(sdk.ErrInvalidTarget, hint, "auth=%s cannot be set up", s.auth)
		}
		return nil, err
	}
	return &credential{TokenCredential: inner, auth: s.auth}, nil
}

func (s settings) azureCredential(client *http.Client, subscription string) (azcore.TokenCredential, error) {
	o, private := s.clientOptions(client), s.cloud == "custom"
	switch s.auth {
	case "secret":
		return azidentity.NewClientSecretCredential(s.tenantID, s.clientID, s.clientSecret.Reveal(),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: private})
	case "certificate":
		data, err := os.ReadFile(s.certificateFile)
		if err != nil {
			return nil, err
		}
		certs, key, err := azidentity.ParseCertificates(data, []byte(s.certificatePassword.Reveal()))
		if err != nil {
			return nil, err
		}
		chain := slices.Contains([]string{"1", "true"}, strings.ToLower(os.Getenv("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")))
		return azidentity.NewClientCertificateCredential(s.tenantID, s.clientID, certs, key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: private, SendCertificateChain: chain})
	case "workload":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: o, DisableInstanceDiscovery: private,
			TenantID: s.tenantID, ClientID: s.clientID, TokenFilePath: s.federatedTokenFile,
		})
	case "managed":
		options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o}
		if s.clientID != "" {
			options.ID = azidentity.ClientID(s.clientID)
		}
		return azidentity.NewManagedIdentityCredential(options)
	case "cli":
		options := &azidentity.AzureCLICredentialOptions{TenantID: s.tenantID}
		if s.tenantID == "" {
			options.Subscription = subscription // the CLI takes one of the two, and finds the tenant itself
		}
		return azidentity.NewAzureCLICredential(options)
	case "pipelines":
		if !strings.HasPrefix(os.Getenv("SYSTEM_OIDCREQUESTURI"), "https://") {
			return nil, fmt.Errorf("SYSTEM_OIDCREQUESTURI is not an https URL")
		}
		return azidentity.NewAzurePipelinesCredential(s.tenantID, s.clientID, s.connectionID, s.systemAccessToken.Reveal(),
			&azidentity.AzurePipelinesCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: private})
	}
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: o, DisableInstanceDiscovery: private, TenantID: s.tenantID,
	})
}

// kinds hold the hints for each value of auth: for a credential that cannot be set up, and for one that gives no token.
var kinds = map[string]struct{ setUp, noToken string }{
	"default": {
		"set AZURE_TOKEN_CREDENTIALS to dev, prod or the name of one credential, or leave it out",
		"log in with az login, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET and grant them to the plugin, or choose another auth",
	},
	"secret": {
		"check tenantId, clientId and clientSecret",
		"check tenantId, clientId and clientSecret",
	},
	"certificate": {
		"certificateFile must be a readable PEM or PKCS#12 file with an RSA key and its certificate; certificatePassword opens PKCS#12",
		"check tenantId, clientId and certificateFile",
	},
	"workload": {
		"check tenantId, clientId and federatedTokenFile",
		"check that federatedTokenFile is readable and holds the workload's current token",
	},
	"managed": {
		"this kind of host does not support the identity that clientId (or AZURE_CLIENT_ID) names",
		"run where a managed identity is assigned, and name a user-assigned one in clientId",
	},
	"cli": {
		"check tenantId",
		"install the Azure CLI and log in with az login",
	},
	"pipelines": {
		"run in an Azure Pipelines job that maps SYSTEM_ACCESSTOKEN, with SYSTEM_OIDCREQUESTURI an https URL",
		"check the service connection's ID and that the pipeline may use it",
	},
}
