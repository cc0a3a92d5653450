// Package azure is an Azure in process: a Microsoft Entra authority that issues tokens, and a Resource Manager that
// serves AKS clusters to callers whose tokens and permissions allow it.
//
// Both check what Azure checks: secrets, signatures of assertions, audiences, lifetimes, permissions for each action.
// The authority is an OpenID Connect issuer too, so a real kube-apiserver can authenticate its tokens (issuer [Cloud.Issuer],
// audience [ServerAppID], user name claim oid, group claim groups).
//
// AKS names an API server by its FQDN and leaves out the port, 443. No server can listen there in a test: a [Cluster]'s
// FQDN may therefore be host:port, which a client that writes "https://" before it follows without knowing.
package azure

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// ServerAppID is the application that AKS API servers take tokens for, the same in every Azure cloud.
const ServerAppID = "6dae42f8-4368-4678-94ff-3960e28e3630"

// The actions that Resource Manager permits or refuses.
const (
	ActionRead            = "Microsoft.ContainerService/managedClusters/read"
	ActionUserCredential  = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
	ActionAdminCredential = "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"
)

// Identity is an application with a service principal in the cloud's tenant. Only the credentials that are set work.
type Identity struct {
	ClientID string
	ObjectID string // of the service principal: the tokens' oid and sub
	Groups   []string
	// Actions are what the identity may do with every cluster.
	Actions []string

	Secret      string
	Certificate *x509.Certificate // registered; the client signs its assertion with the key, RSA
	// FederatedSubject is the workload that may act as the identity: see [Cloud.FederatedToken].
	FederatedSubject string
}

// Mode is how a cluster authenticates and authorizes.
type Mode int

// The modes of a cluster.
const (
	AzureRBAC      Mode = iota // Entra, authorized by Azure
	KubernetesRBAC             // Entra, authorized by the cluster
	LegacyEntra                // Entra through applications of the customer's own, version 1
	LocalAccounts              // client certificates only
)

// Cluster is an AKS cluster.
type Cluster struct {
	Subscription  string // a UUID
	ResourceGroup string
	Name          string
	Location      string

	FQDN        string // may carry a port; empty in private clusters without a public name
	PrivateFQDN string
	Private     bool
	// CA is what the API server's certificate is verified against, in PEM.
	CA []byte

	Mode                 Mode
	DisableLocalAccounts bool
	// ClientCA issues the admin certificate of listClusterAdminCredential; nil where the test never asks.
	ClientCA *cloudfake.CA

	Stopped           bool
	ProvisioningState string // Succeeded where empty
}

// Cloud is one tenant with its authority, Resource Manager, identities and clusters. Its methods are safe for
// concurrent use.
type Cloud struct {
	tenant    string
	lifetime  time.Duration
	intercept func(http.ResponseWriter, *http.Request) bool

	signingKey   *rsa.PrivateKey
	federatedKey *ecdsa.PrivateKey
	authority    *httptest.Server
	arm          *httptest.Server

	mu         sync.RWMutex
	identities []Identity
	clusters   []Cluster
}

// Option changes a new Cloud.
type Option func(*Cloud)

// Tenant sets the tenant's ID, a UUID.
func Tenant(id string) Option { return func(c *Cloud) { c.tenant = id } }

// TokenLifetime sets how long issued tokens are valid: an hour if not set. Tokens end on whole seconds.
func TokenLifetime(d time.Duration) Option { return func(c *Cloud) { c.lifetime = d } }

// Intercept has f see every request first, to count, delay or break. The request goes on where f returns false, and
// has been answered where it returns true.
func Intercept(f func(http.ResponseWriter, *http.Request) bool) Option {
	return func(c *Cloud) { c.intercept = f }
}

// New starts a cloud on loopback, over TLS with certificates of ca. Close ends it.
func New(ca *cloudfake.CA, opts ...Option) *Cloud {
	c := &Cloud{
		tenant:       "00000000-0000-0000-0000-00000000007e",
		lifetime:     time.Hour,
		intercept:    func(http.ResponseWriter, *http.Request) bool { return false },
		signingKey:   must(rsa.GenerateKey(rand.Reader, 2048)),
		federatedKey: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
	}
	for _, o := range opts {
		o(c)
	}
	c.authority = ca.Serve(c.intercepted(c.authorityHandler()))
	c.arm = ca.Serve(c.intercepted(c.armHandler()))
	return c
}

// Close stops the servers.
func (c *Cloud) Close() {
	c.authority.Close()
	c.arm.Close()
}

// AddIdentity adds an identity, or replaces the one with its client ID.
func (c *Cloud) AddIdentity(i Identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identities = append(slices.DeleteFunc(c.identities, func(old Identity) bool { return old.ClientID == i.ClientID }), i)
}

// AddCluster adds a cluster, or replaces the one with its resource ID.
func (c *Cloud) AddCluster(k Cluster) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clusters = append(slices.DeleteFunc(c.clusters, func(old Cluster) bool { return old.id() == k.id() }), k)
}

// TenantID returns the tenant's ID.
func (c *Cloud) TenantID() string { return c.tenant }

// AuthorityURL returns the URL of the authority: what a client calls the authority host, without the tenant.
func (c *Cloud) AuthorityURL() string { return c.authority.URL }

// ARMURL returns the URL of Resource Manager, which is its audience too.
func (c *Cloud) ARMURL() string { return c.arm.URL }

// Issuer returns the issuer of the tokens. Its OpenID configuration is found below it, as OpenID Connect Discovery says.
func (c *Cloud) Issuer() string { return c.authority.URL + "/" + c.tenant + "/v2.0" }

func (c *Cloud) identity(match func(Identity) bool) (Identity, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if i := slices.IndexFunc(c.identities, match); i >= 0 {
		return c.identities[i], true
	}
	return Identity{}, false
}

func (c *Cloud) intercepted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.intercept(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// id is the cluster's resource ID in the spelling of AKS's answers. Azure compares IDs without regard to case.
func (k Cluster) id() string {
	return "/subscriptions/" + strings.ToLower(k.Subscription) + "/resourcegroups/" + strings.ToLower(k.ResourceGroup) +
		"/providers/Microsoft.ContainerService/managedClusters/" + strings.ToLower(k.Name)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
