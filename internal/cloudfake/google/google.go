// Package google is a small Google Cloud in process: the Container API over gRPC, the OAuth token endpoint, the Security
// Token Service and IAM Service Account Credentials, all behind one TLS address on loopback. It checks what Google
// checks (signatures, audiences, scopes, lifetimes, permissions) and issues opaque access tokens that VerifyToken reads.
package google

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/grpc"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// The scopes that a token for a GKE cluster is asked with.
const (
	ScopeCloudPlatform = "https://www.googleapis.com/auth/cloud-platform"
	ScopeEmail         = "https://www.googleapis.com/auth/userinfo.email"
)

// ClustersGet is the permission that GetCluster asks for.
const ClustersGet = "container.clusters.get"

// Identity is a service account, a user or a federated principal.
type Identity struct {
	Email        string
	Permissions  []string // in every project
	Impersonates []string // emails of the service accounts that it may create tokens for
}

// Cluster is a GKE cluster, in the fields that the Container API tells of it. Endpoints may carry a port, so that they
// can be servers on loopback.
type Cluster struct {
	Project, Location, Name string

	Endpoint        string // the field of the cluster itself, older than those below
	PublicEndpoint  string
	PrivateEndpoint string
	DNSEndpoint     string
	DNSExternal     bool                       // the DNS endpoint admits traffic from outside
	CA              []byte                     // PEM; what the IP endpoints' certificates are verified with
	Status          containerpb.Cluster_Status // unspecified means running
}

// Cloud is a Google Cloud. Its methods may be called concurrently.
type Cloud struct {
	containerpb.UnimplementedClusterManagerServer

	server   *httptest.Server
	now      func() time.Time
	lifetime time.Duration

	mu         sync.Mutex
	identities map[string]Identity
	clusters   map[string]Cluster      // by resource name
	keys       map[string]serviceKey   // by key ID
	secrets    map[string]string       // refresh and subject token → email
	tokens     map[string]*issuedToken // by value
	issued     int
}

type serviceKey struct {
	email string
	key   *rsa.PublicKey
}

type issuedToken struct {
	email   string
	scopes  []string
	expiry  time.Time
	revoked bool
}

// Option sets up a Cloud.
type Option func(*Cloud)

// WithTokenLifetime sets how long access tokens last, in whole seconds as the protocol counts them. Google's last an hour.
func WithTokenLifetime(d time.Duration) Option { return func(c *Cloud) { c.lifetime = d } }

// WithClock sets the time that tokens and signed grants are judged by.
func WithClock(now func() time.Time) Option { return func(c *Cloud) { c.now = now } }

// New starts a cloud with certificates of ca, also for the hosts of the real one that a proxy may lead here.
// Close ends it.
func New(ca *cloudfake.CA, opts ...Option) *Cloud {
	c := &Cloud{
		now: time.Now, lifetime: time.Hour,
		identities: map[string]Identity{}, clusters: map[string]Cluster{}, keys: map[string]serviceKey{},
		secrets: map[string]string{}, tokens: map[string]*issuedToken{},
	}
	for _, o := range opts {
		o(c)
	}
	api := grpc.NewServer()
	containerpb.RegisterClusterManagerServer(api, c)
	web := http.NewServeMux()
	web.HandleFunc("POST /token", c.token)
	web.HandleFunc("POST /v1/token", c.exchange)
	web.HandleFunc("POST /v1/projects/-/serviceAccounts/{call}", c.generateAccessToken)
	c.server = ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			api.ServeHTTP(w, r)
			return
		}
		web.ServeHTTP(w, r)
	}), "container.googleapis.com", "oauth2.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com")
	return c
}

// Close ends the server and its connections.
func (c *Cloud) Close() {
	c.server.CloseClientConnections()
	c.server.Close()
}

// Endpoint is the host:port of every service: what a target's apiEndpoint names.
func (c *Cloud) Endpoint() string { return c.server.Listener.Addr().String() }

// URL is https:// and the Endpoint.
func (c *Cloud) URL() string { return c.server.URL }

// AddIdentity adds or replaces an identity.
func (c *Cloud) AddIdentity(i Identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identities[i.Email] = i
}

// AddCluster adds or replaces a cluster.
func (c *Cloud) AddCluster(cluster Cluster) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clusters[cluster.resourceName()] = cluster
}

// VerifyToken returns the email that an access token was issued to, as GKE's API servers see it: it refuses tokens that
// are unknown, expired or revoked, and those without the scope cloud-platform. One without the scope userinfo.email has
// a number for a user.
func (c *Cloud) VerifyToken(token string) (email string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.verify(token)
}

func (c *Cloud) verify(token string) (string, error) {
	t, ok := c.tokens[token]
	switch {
	case !ok:
		return "", errors.New("the token is not one of this cloud's")
	case t.revoked:
		return "", errors.New("the token was revoked")
	case !c.now().Before(t.expiry):
		return "", errors.New("the token has expired")
	case !slices.Contains(t.scopes, ScopeCloudPlatform):
		return "", errors.New("the token lacks the scope cloud-platform")
	case !slices.Contains(t.scopes, ScopeEmail):
		return "100000000000000000001", nil
	}
	return t.email, nil
}

// Revoke ends a token before its time.
func (c *Cloud) Revoke(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.tokens[token]; ok {
		t.revoked = true
	}
}

// Issued is the number of access tokens issued so far.
func (c *Cloud) Issued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.issued
}

// issue makes an access token. The caller holds the lock.
func (c *Cloud) issue(email string, scopes []string) (string, time.Time) {
	token, expiry := "ya29."+random(), c.now().Add(c.lifetime)
	c.tokens[token] = &issuedToken{email: email, scopes: scopes, expiry: expiry}
	c.issued++
	return token, expiry
}

func random() string {
	b := make([]byte, 48)
	_, _ = rand.Read(b) // never fails: it panics where there is no randomness
	return base64.RawURLEncoding.EncodeToString(b)
}
