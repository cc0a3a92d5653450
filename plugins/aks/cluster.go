package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// The actions that the plugin performs at Resource Manager.
const (
	actionRead  = "Microsoft.ContainerService/managedClusters/read"
	actionUser  = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
	actionAdmin = "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"
)

// cluster is a running AKS cluster as Resource Manager describes it.
type cluster struct {
	resource resource
	session  *session
	location string
	mode     mode
	props    *armcontainerservice.ManagedClusterProperties
}

// find asks Resource Manager for the target's cluster. A cluster that cannot answer now is an error.
func (p *provider) find(ctx context.Context, t sdk.Target) (*cluster, error) {
	r, err := resourceOf(t)
	if err != nil {
		return nil, err
	}
	s, err := p.session(r, t)
	if err != nil {
		return nil, err
	}
	got, err := s.clusters.Get(ctx, r.group, r.cluster, nil)
	if err != nil {
		return nil, explainARM(ctx, err, actionRead, r)
	}
	if got.Properties == nil {
		return nil, sdk.Errorf(sdk.ErrUnavailable, "try again later", "resource manager described cluster %s without its properties", r.cluster)
	}
	if name := value(got.Name); strings.EqualFold(name, r.cluster) {
		r.cluster = name // as its owner spells it
	}
	c := &cluster{resource: r, session: s, location: value(got.Location), mode: modeOf(got.Properties.AADProfile), props: got.Properties}
	return c, c.running()
}

func (c *cluster) running() error {
	if power := c.props.PowerState; power != nil && value(power.Code) == armcontainerservice.CodeStopped {
		return sdk.Errorf(sdk.ErrUnavailable, "start it with az aks start, or leave it out of the scan", "cluster %s is stopped", c.resource.cluster)
	}
	// Failed and Canceled say how the last change ended, not whether the API server answers: such a cluster is scanned.
	hints := map[string]string{
		"creating": "scan again when it has been created",
		"deleting": "leave it out of the scan",
	}
	if hint, ok := hints[strings.ToLower(value(c.props.ProvisioningState))]; ok {
		return sdk.Errorf(sdk.ErrUnavailable, hint, "cluster %s is in the provisioning state %s", c.resource.cluster, value(c.props.ProvisioningState))
	}
	return nil
}

// mode is how a cluster authenticates and authorizes.
type mode string

const (
	localAccounts  mode = "local accounts"          // client certificates only
	legacyEntra    mode = "legacy Entra"            // Entra through applications of the customer's own
	kubernetesRBAC mode = "Entra + Kubernetes RBAC" // Entra, authorized by the cluster
	azureRBAC      mode = "Entra + Azure RBAC"      // Entra, authorized by Azure
	unknownMode    mode = "unknown"
)

func modeOf(aad *armcontainerservice.ManagedClusterAADProfile) mode {
	switch {
	case aad == nil:
		return localAccounts
	case value(aad.Managed) && value(aad.EnableAzureRBAC):
		return azureRBAC
	case value(aad.Managed):
		return kubernetesRBAC
	case value(aad.ServerAppID) != "":
		return legacyEntra
	}
	return unknownMode
}

// supported says why the plugin does not serve a cluster of this mode, if so.
func (m mode) supported(c *cluster, allowLocalAccounts bool) error {
	name := c.resource.cluster
	switch m {
	case kubernetesRBAC, azureRBAC:
		return nil
	case localAccounts:
		switch {
		case !allowLocalAccounts:
			return sdk.Errorf(sdk.ErrUnsupported,
				"turn Entra integration on (az aks update --enable-aad), or set allowLocalAccounts=true to use the cluster's admin certificate",
				"cluster %s has no Entra integration and takes client certificates only", name)
		case value(c.props.DisableLocalAccounts):
			return errLocalAccountsDisabled(name)
		}
		return nil
	case legacyEntra:
		return sdk.Errorf(sdk.ErrUnsupported, "move it to the managed integration (az aks update --enable-aad)",
			"cluster %s uses the legacy Entra integration, with applications of its own", name)
	}
	return sdk.Errorf(sdk.ErrUnsupported, "check aadProfile with az aks show, and move it to the managed integration (az aks update --enable-aad)",
		"cluster %s has an Entra integration that is neither managed nor the legacy one", name)
}

func errLocalAccountsDisabled(name string) error {
	return sdk.Errorf(sdk.ErrUnsupported, "turn Entra integration on (az aks update --enable-aad); allowLocalAccounts cannot help here",
		"cluster %s has its local accounts disabled and gives out no admin certificate", name)
}

// host returns the API server's name, with a port if Resource Manager gives one. A private cluster may have a public
// name too, which resolves to the private address everywhere.
func (c *cluster) host(endpoint string) (string, error) {
	public, private := value(c.props.Fqdn), value(c.props.PrivateFQDN)
	isPrivate := c.props.APIServerAccessProfile != nil && value(c.props.APIServerAccessProfile.EnablePrivateCluster)
	host := public
	switch {
	case endpoint == "public" && public == "":
		return "", sdk.Errorf(sdk.ErrUnsupported, "set endpoint=private and scan from its network", "cluster %s is private and has no public name", c.resource.cluster)
	case endpoint == "private" && private == "":
		return "", sdk.Errorf(sdk.ErrUnsupported, "set endpoint=public or leave it out", "cluster %s has no private name", c.resource.cluster)
	case endpoint == "private", endpoint != "public" && isPrivate && private != "":
		host = private
	}
	if u, err := url.Parse("https://" + host); err != nil || u.Host != host || host == "" {
		return "", sdk.Errorf(sdk.ErrUnavailable, "scan again when the cluster is running", "resource manager gave no usable name of the API server of cluster %s", c.resource.cluster)
	}
	return host, nil
}

// certificateAuthority takes the authority from the user's kubeconfig and nothing else: in legacy clusters it holds a
// client certificate as well, and its exec stanza is never run.
func (c *cluster) certificateAuthority(ctx context.Context) ([]byte, error) {
	format := armcontainerservice.FormatExec
	got, err := c.session.clusters.ListClusterUserCredentials(ctx, c.resource.group, c.resource.cluster,
		&armcontainerservice.ManagedClustersClientListClusterUserCredentialsOptions{Format: &format})
	if err != nil {
		return nil, explainARM(ctx, err, actionUser, c.resource)
	}
	for _, k := range got.Kubeconfigs {
		if k == nil {
			continue
		}
		if ca := parseKubeconfig(k.Value).certificateAuthority(); len(ca) > 0 {
			return ca, nil
		}
	}
	return nil, sdk.Errorf(sdk.ErrUnavailable, "check it with az aks get-credentials --format exec", "the kubeconfig of cluster %s holds no certificate authority", c.resource.cluster)
}

// adminCertificate gets the administrator's client certificate of a cluster without Entra integration.
func (c *cluster) adminCertificate(ctx context.Context) (*sdk.Token, error) {
	got, err := c.session.clusters.ListClusterAdminCredentials(ctx, c.resource.group, c.resource.cluster, nil)
	if err != nil {
		return nil, explainARM(ctx, err, actionAdmin, c.resource)
	}
	for _, k := range got.Kubeconfigs {
		if k == nil {
			continue
		}
		cert, key := parseKubeconfig(k.Value).clientCertificate()
		block, _ := pem.Decode(cert)
		if block == nil || key.IsZero() {
			continue
		}
		if leaf, err := x509.ParseCertificate(block.Bytes); err == nil {
			return &sdk.Token{ClientCertificate: cert, ClientKey: key, Expiry: leaf.NotAfter}, nil
		}
	}
	return nil, sdk.Errorf(sdk.ErrUnavailable, "check it with az aks get-credentials --admin", "the admin kubeconfig of cluster %s holds no client certificate", c.resource.cluster)
}

func (c *cluster) identity() sdk.Cluster {
	return sdk.Cluster{
		Provider: "aks",
		Account:  strings.ToLower(c.resource.subscription),
		Region:   c.location,
		Name:     c.resource.cluster,
		ID:       c.resource.id(),
	}
}

// hint says who the caller is and which grant the cluster asks for.
func (c *cluster) hint() string {
	if c.mode == localAccounts {
		return "the cluster's admin certificate was refused: its certificates may have been rotated; scan again"
	}
	grant := "the cluster uses Kubernetes RBAC: bind that object ID to the ClusterRole in deploy/kubernetes with a ClusterRoleBinding"
	if c.mode == azureRBAC {
		grant = `the cluster uses Azure RBAC: assign the role in deploy/iam/aks/cluster-reader.json on the cluster ("Azure Kubernetes Service RBAC Reader" is not enough, it reads no nodes and no roles)`
	}
	who := c.session.caller.Load()
	if who == nil {
		return grant
	}
	caller := "the caller is Entra object " + who.ObjectID + " of tenant " + who.TenantID
	if tenant := value(c.props.AADProfile.TenantID); tenant != "" && !strings.EqualFold(tenant, who.TenantID) {
		return caller + ", but the cluster takes tokens of tenant " + tenant + ": set tenantId; " + grant
	}
	return caller + "; " + grant
}

// value returns what p points to, or the zero value: every field of Resource Manager's answers is optional.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
