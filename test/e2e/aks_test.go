package e2e

import (
	"fmt"

	"github.com/kubemuster/kubemuster/internal/cloudfake/azure"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

const (
	azureSubscription = "00000000-0000-4000-8000-0000000000f1"
	azureGroup        = "platform"
	azureSecret       = "fake-client-secret-of-the-e2e-tests"
)

// azureNumber tells the identities' IDs apart; the impostor uses the reader's.
var azureNumber = map[identity]int{reader: 1, partial: 2, stranger: 3, outsider: 4, impostor: 1}

func azureObject(as identity) string {
	return fmt.Sprintf("00000000-0000-4000-8000-0000000000a%d", azureNumber[as])
}

func azureClient(as identity) string {
	return fmt.Sprintf("00000000-0000-4000-8000-0000000000b%d", azureNumber[as])
}

// aksCloud is a tenant of Azure, where each identity is an application with a secret.
type aksCloud struct{ *azure.Cloud }

func buildAKS() error {
	world.aks = newAKS()
	world.aksBriefly = newAKS(azure.TokenLifetime(briefly))
	world.aksForeign = newAKS(azure.Tenant("00000000-0000-4000-8000-0000000000ff"))
	return nil
}

func newAKS(opts ...azure.Option) aksCloud {
	c := aksCloud{azure.New(world.ca, opts...)}
	for _, as := range []identity{reader, partial, stranger, outsider} {
		i := azure.Identity{ClientID: azureClient(as), ObjectID: azureObject(as), Secret: azureSecret}
		if as != outsider {
			i.Actions = []string{azure.ActionRead, azure.ActionUserCredential}
		}
		c.AddIdentity(i)
	}
	return c
}

// aksIssuers are the authorities that the clusters trust. AKS takes the object ID for the user's name.
func aksIssuers() []cluster.Issuer {
	var issuers []cluster.Issuer
	for _, c := range []cloud{world.aks, world.aksBriefly} {
		issuers = append(issuers, cluster.Issuer{URL: c.(aksCloud).Issuer(), Audience: azure.ServerAppID, UserClaim: "oid", GroupsClaim: "groups"})
	}
	return issuers
}

func (aksCloud) provider() string { return "aks" }

func (c aksCloud) register(name, address string, ca []byte) {
	c.AddCluster(azure.Cluster{
		Subscription: azureSubscription, ResourceGroup: azureGroup, Name: name, Location: "westeurope",
		FQDN: address, CA: ca, Mode: azure.KubernetesRBAC,
	})
}

func (c aksCloud) target(cluster string, as identity) string {
	return fmt.Sprintf("aks://%s/%s/%s?auth=secret&tenantId=%s&clientId=%s&clientSecret=env:E2E_AZURE_SECRET&cloud=custom&authorityHost=%s&resourceManagerEndpoint=%s&caFile=%s",
		azureSubscription, azureGroup, cluster, c.TenantID(), azureClient(as), c.AuthorityURL(), c.ARMURL(), world.caFile)
}

func (aksCloud) env(as identity) []string {
	if as == impostor {
		return []string{"E2E_AZURE_SECRET=not-the-secret"}
	}
	return []string{"E2E_AZURE_SECRET=" + azureSecret}
}

func (aksCloud) user(as identity) string { return azureObject(as) }

func (c aksCloud) verify(token, _ string) error {
	_, err := c.VerifyToken(token)
	return err
}
