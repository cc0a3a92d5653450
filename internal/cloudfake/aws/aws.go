// Package aws is an in-process AWS for tests and the demo: EKS and STS over HTTPS on loopback. It checks what AWS checks
// (the signature of each request, its age, session tokens, trust policies, IAM permissions) and answers in AWS's own
// shapes, so that a client that passes here speaks AWS's protocols. The signature check is its own, not the SDK's.
package aws

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// regions are those whose STS host names the server's certificate holds.
var regions = []string{
	"us-east-1", "us-east-2", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-1", "us-gov-west-1", "cn-north-1",
}

// Config is what there is in the cloud at the start.
type Config struct {
	Users    []User
	Roles    []Role
	Clusters []Cluster
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// User is an IAM user with an access key.
type User struct {
	ARN             string // arn:aws:iam::111122223333:user/scanner
	AccessKeyID     string
	SecretAccessKey string
	// MayDescribe holds the ARNs of the clusters that the user's policy allows eks:DescribeCluster on; * is all.
	MayDescribe []string
}

// Role is an IAM role.
type Role struct {
	ARN string // arn:aws:iam::111122223333:role/audit
	// Trusts holds the ARNs of the users and roles that its trust policy lets in.
	Trusts []string
	// ExternalID is what the trust policy asks for; empty is none.
	ExternalID string
	// SessionLifetime is how long a session lives; zero means as long as its caller asked for.
	SessionLifetime time.Duration
	// MayDescribe is as in User.
	MayDescribe []string
}

// Cluster is what EKS knows of a cluster.
type Cluster struct {
	ARN      string // arn:aws:eks:us-east-1:111122223333:cluster/prod
	Endpoint string
	CA       []byte // PEM
	// Status is ACTIVE if empty.
	Status string
	// AuthenticationMode is API if empty.
	AuthenticationMode string
	// Connector makes it a cluster that is registered with EKS and runs elsewhere.
	Connector bool
	// Outpost makes it a local cluster on an Outpost.
	Outpost bool
}

// Cloud is a running fake. It is safe for concurrent use.
type Cloud struct {
	now      func() time.Time
	eks, sts *httptest.Server

	mu       sync.Mutex
	keys     map[string]credential // by access key ID
	roles    map[string]Role       // by ARN
	clusters map[string]Cluster    // by ARN
}

// credential is an access key and whom it speaks for.
type credential struct {
	secret  string
	session string    // empty for a user's own key
	expires time.Time // zero for a user's own key

	caller      string // ARN, as GetCallerIdentity tells it
	principal   string // ARN of the user, or of the role behind the session
	userID      string
	mayDescribe []string
}

func (c credential) account() string { return account(c.caller) }

// New starts a cloud whose servers have certificates of ca's.
func New(ca *cloudfake.CA, config Config) *Cloud {
	c := &Cloud{now: config.Now, keys: map[string]credential{}, roles: map[string]Role{}, clusters: map[string]Cluster{}}
	if c.now == nil {
		c.now = time.Now
	}
	for _, u := range config.Users {
		c.keys[u.AccessKeyID] = credential{
			secret: u.SecretAccessKey, caller: u.ARN, principal: u.ARN, userID: uniqueID("AIDA", u.ARN), mayDescribe: u.MayDescribe,
		}
	}
	for _, r := range config.Roles {
		c.roles[r.ARN] = r
	}
	for _, cluster := range config.Clusters {
		c.SetCluster(cluster)
	}
	hosts := []string{"sts.amazonaws.com"}
	for _, r := range regions {
		hosts = append(hosts, stsHost(r))
	}
	c.eks = ca.Serve(c.serveEKS())
	c.sts = ca.Serve(c.serveSTS(), hosts...)
	return c
}

// Close stops the servers.
func (c *Cloud) Close() {
	c.eks.Close()
	c.sts.Close()
}

// EKSEndpoint returns the URL of the EKS API, which serves all regions.
func (c *Cloud) EKSEndpoint() string { return c.eks.URL }

// STSEndpoint returns the URL of STS. The server also answers to the host names sts.<region>.amazonaws.com (of the larger
// regions), for those who are routed to it.
func (c *Cloud) STSEndpoint() string { return c.sts.URL }

// SetCluster adds a cluster, or replaces the one with its ARN.
func (c *Cloud) SetCluster(cluster Cluster) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clusters[cluster.ARN] = cluster
}

// Revoke ends the credentials that the user or role with the ARN has so far. A role's later sessions work.
func (c *Cloud) Revoke(principal string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, key := range c.keys {
		if key.principal == principal {
			delete(c.keys, id)
		}
	}
}

// newSession issues credentials for a session of the role.
func (c *Cloud) newSession(r Role, name string, lifetime time.Duration) (id string, key credential) {
	if r.SessionLifetime > 0 {
		lifetime = min(lifetime, r.SessionLifetime)
	}
	a, _ := arn.Parse(r.ARN)
	a.Service, a.Resource = "sts", "assumed-role/"+roleName(r.ARN)+"/"+name
	id = "ASIA" + strings.ToUpper(random(8))
	key = credential{
		secret:      random(20),
		session:     base64.StdEncoding.EncodeToString([]byte("session " + random(60))),
		expires:     c.now().Add(lifetime).UTC().Truncate(time.Second),
		caller:      a.String(),
		principal:   r.ARN,
		userID:      uniqueID("AROA", r.ARN) + ":" + name,
		mayDescribe: r.MayDescribe,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[id] = key
	return id, key
}

func (c *Cloud) key(id string) (credential, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.keys[id]
	return k, ok
}

func (c *Cloud) role(id string) (Role, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.roles[id]
	return r, ok
}

func (c *Cloud) cluster(id string) (Cluster, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cluster, ok := c.clusters[id]
	return cluster, ok
}

func (c credential) describes(cluster string) bool {
	return slices.Contains(c.mayDescribe, "*") || slices.Contains(c.mayDescribe, cluster)
}

// stsHost returns the regional host name of STS.
func stsHost(region string) string { return "sts." + region + "." + dnsSuffix(region) }

func dnsSuffix(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func account(s string) string {
	a, _ := arn.Parse(s)
	return a.AccountID
}

func roleName(s string) string { return s[strings.LastIndex(s, "/")+1:] }

// uniqueID returns the ID that IAM gives a principal: stable, and without its name in it.
func uniqueID(prefix, principal string) string {
	sum := sha256.Sum256([]byte(principal))
	return prefix + strings.ToUpper(hex.EncodeToString(sum[:8]))
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
