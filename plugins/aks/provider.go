package main

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// version is set when the plugin is built, with -ldflags "-X main.version=…".
var version = "dev"

// serverApp is the application that AKS API servers take tokens for. It is the same in every Azure cloud
// (https://learn.microsoft.com/azure/aks/kubelogin-authentication).
const serverApp = "6dae42f8-4368-4678-94ff-3960e28e3630"

// provider gives access to AKS clusters. Targets with the same credentials in the same subscription share connections
// and the tokens for Resource Manager.
type provider struct {
	mu       sync.Mutex
	sessions map[sessionKey]*session
}

func newProvider() *provider { return &provider{sessions: map[sessionKey]*session{}} }

// Info implements sdk.Provider.
func (*provider) Info() sdk.Info {
	return sdk.Info{
		Name:    "aks",
		Version: version,
		Path:    "{subscription}/{resourceGroup}/{cluster}",
		Parameters: []sdk.Parameter{
			{Name: "endpoint", Type: sdk.Enum, Values: []string{"auto", "public", "private"}, Default: "auto", Help: "which name of the API server to use; auto is the private one in private clusters and else the public one"},
			{Name: "allowLocalAccounts", Type: sdk.Bool, Default: "false", Help: "use the cluster's admin certificate where the cluster has no Entra integration"},
			{Name: "auth", Type: sdk.Enum, Values: []string{"default", "secret", "certificate", "workload", "managed", "cli", "pipelines"}, Default: "default", Help: "kind of credential; default tries what azidentity's default chain tries"},
			{Name: "tenantId", Type: sdk.String, Help: "Entra tenant of the identity"},
			{Name: "clientId", Type: sdk.String, Help: "application (client) ID of the identity"},
			{Name: "clientSecret", Type: sdk.String, Secret: true, Help: "client secret, with auth=secret"},
			{Name: "certificateFile", Type: sdk.File, Help: "PEM or PKCS#12 file with an RSA key and its certificate, with auth=certificate"},
			{Name: "certificatePassword", Type: sdk.String, Secret: true, Help: "password of a PKCS#12 certificateFile"},
			{Name: "federatedTokenFile", Type: sdk.File, Help: "file with the workload's token, with auth=workload"},
			{Name: "serviceConnectionId", Type: sdk.String, Help: "ID of the Azure DevOps service connection, with auth=pipelines"},
			{Name: "cloud", Type: sdk.Enum, Values: []string{"public", "government", "china", "custom"}, Default: "public", Help: "which Azure cloud the cluster is in"},
			{Name: "authorityHost", Type: sdk.URL, Help: "Entra or AD FS URL of a custom cloud, without the tenant"},
			{Name: "resourceManagerEndpoint", Type: sdk.URL, Help: "Resource Manager URL of a custom cloud"},
			{Name: "resourceManagerAudience", Type: sdk.String, Help: "audience of Resource Manager's tokens in a custom cloud; its URL if not set"},
			sdk.ParameterCAFile,
		},
		// What azidentity reads for each kind of credential. AZURE_AUTHORITY_HOST is not among them: where credentials
		// are sent is for the target to say (cloud, authorityHost).
		Env: []string{
			"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS",
			"AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
			"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CONFIG_DIR",
			"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT",
			"MSI_ENDPOINT", "MSI_SECRET", "DEFAULT_IDENTITY_CLIENT_ID",
			"SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI",
			"AZURESUBSCRIPTION_CLIENT_ID", "AZURESUBSCRIPTION_TENANT_ID", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
		},
	}
}

// Access implements sdk.Provider: it asks Resource Manager for the cluster, and for a kubeconfig, which alone holds the
// cluster's certificate authority.
func (p *provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	c, err := p.find(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := c.mode.supported(c, t.Params["allowLocalAccounts"] == "true"); err != nil {
		return nil, err
	}
	host, err := c.host(t.Params["endpoint"])
	if err != nil {
		return nil, err
	}
	ca, err := c.certificateAuthority(ctx)
	if err != nil {
		return nil, err
	}
	return &sdk.Access{
		Server:  "https://" + host,
		Trust:   sdk.ClusterCA(ca),
		Cluster: c.identity(),
		Hint:    c.hint(),
	}, nil
}

// Token implements sdk.Provider. It never hands out a token twice of its own accord: a new credential starts with an
// empty cache, so after a 401 there is a new token. Managed identities and the Azure CLI keep caches of their own,
// which nobody can empty from here.
func (p *provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	if t.Params["allowLocalAccounts"] == "true" {
		c, err := p.find(ctx, t)
		if err != nil {
			return nil, err
		}
		if err := c.mode.supported(c, true); err != nil {
			return nil, err
		}
		if c.mode == localAccounts {
			return c.adminCertificate(ctx)
		}
	}
	r, err := resourceOf(t)
	if err != nil {
		return nil, err
	}
	s, err := p.session(r, t)
	if err != nil {
		return nil, err
	}
	cred, err := s.settings.credential(s.http, r.subscription)
	if err != nil {
		return nil, err
	}
	token, err := cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{serverApp + "/.default"}})
	if err != nil {
		return nil, err
	}
	return &sdk.Token{Value: sdk.NewSecret(token.Token), Expiry: token.ExpiresOn}, nil
}

// resource names a cluster in Azure. Azure compares all three parts without regard to case.
type resource struct{ subscription, group, cluster string }

// Resource Manager's naming rules
// (https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules).
var (
	subscriptionPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	groupPattern        = regexp.MustCompile(`^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$`)
	clusterPattern      = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$`)
)

func resourceOf(t sdk.Target) (resource, error) {
	r := resource{t.Path["subscription"], t.Path["resourceGroup"], t.Path["cluster"]}
	switch {
	case !subscriptionPattern.MatchString(r.subscription):
		return r, sdk.Errorf(sdk.ErrInvalidTarget, "give the subscription's ID, a UUID, not its name", "%q is not a subscription", r.subscription)
	case !groupPattern.MatchString(r.group):
		return r, sdk.Errorf(sdk.ErrInvalidTarget, "it takes 1 to 90 letters, digits, _ . - ( ) and does not end with a period", "%q is not the name of a resource group", r.group)
	case !clusterPattern.MatchString(r.cluster):
		return r, sdk.Errorf(sdk.ErrInvalidTarget, "it takes 1 to 63 letters, digits, _ - and begins and ends with a letter or digit", "%q is not the name of an AKS cluster", r.cluster)
	}
	return r, nil
}

// id returns the resource ID in lower case, so that a cluster has one ID however its name was written.
func (r resource) id() string {
	return strings.ToLower("/subscriptions/" + r.subscription + "/resourceGroups/" + r.group +
		"/providers/Microsoft.ContainerService/managedClusters/" + r.cluster)
}
