package sdk

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kubemuster/kubemuster/internal/address"
)

// Access says where a cluster's API server is and what to trust there.
type Access struct {
	// Server is the API server's https URL.
	Server string
	// Trust says which certificate authorities vouch for Server. Its zero value is refused: there is no insecure mode.
	Trust Trust
	// TLSServerName is the name to verify in the server's certificate where it is not Server's host.
	TLSServerName string
	// ProxyURL is the proxy to reach Server through. Empty means the environment's proxy settings.
	ProxyURL string
	// Cluster identifies the cluster in its cloud.
	Cluster Cluster
	// Hint tells the user what to do when the API server refuses the token (401): who the caller is in the cloud's
	// eyes and which grant the cluster asks for. One line, no secret.
	Hint string
}

// Cluster identifies a cluster in its cloud.
type Cluster struct {
	Provider string // as Info.Name
	Account  string // the cloud's unit of ownership: AWS account, Google project, Azure subscription
	Region   string
	Name     string
	ID       string // stable and unique: an ARN, a resource ID, a self link
}

// Trust is the set of certificate authorities that vouch for an API server: made with [ClusterCA] or [SystemRoots].
type Trust struct {
	system bool
	pem    []byte
}

// ClusterCA trusts the certificate authorities in pem, and no others.
func ClusterCA(pem []byte) Trust { return Trust{pem: bytes.Clone(pem)} }

// SystemRoots trusts the system's certificate authorities and those in extra, which may be nil.
func SystemRoots(extra []byte) Trust { return Trust{system: true, pem: bytes.Clone(extra)} }

// System reports whether the system's certificate authorities are trusted.
func (t Trust) System() bool { return t.system }

// PEM returns the certificate authorities that are trusted beside the system's, if those are, and alone otherwise.
func (t Trust) PEM() []byte { return bytes.Clone(t.pem) }

// Pool returns the certificate authorities as a pool. A nil pool is never returned without an error.
func (t Trust) Pool() (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if t.system {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			return nil, fmt.Errorf("reading the system's certificate authorities: %w", err)
		}
	}
	if len(t.pem) > 0 && !pool.AppendCertsFromPEM(t.pem) {
		return nil, fmt.Errorf("the certificate authority holds no PEM certificate")
	}
	if !t.system && len(t.pem) == 0 {
		return nil, fmt.Errorf("no certificate authority to trust: the plugin must choose a cluster CA or the system's roots")
	}
	return pool, nil
}

// maxIdentity bounds each part of a cluster's identity, in bytes: reports repeat it with every finding.
const maxIdentity = 4 << 10

// Validate reports the first thing that makes a an unusable or unsafe answer: a server that is not https, or is a
// link-local, multicast or unspecified address or a cloud's metadata service; an empty or unreadable trust; a cluster
// without a provider, a name or an ID, or with control characters or more than 4 KiB in one.
//
// A name is taken as it is: what it resolves to, the scanner looks at when it connects.
func (a *Access) Validate() error {
	u, err := url.Parse(a.Server)
	switch {
	case err != nil || u.Hostname() == "":
		return fmt.Errorf("the server is not a URL")
	case u.Scheme != "https":
		return fmt.Errorf("server %q is not an https URL", u.Redacted())
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("server %q holds more than a host and a path", u.Redacted())
	case address.Forbidden(u.Hostname()):
		return fmt.Errorf("server %q is a link-local, multicast, unspecified or metadata address, where no API server is", a.Server)
	}
	if a.ProxyURL != "" {
		p, err := url.Parse(a.ProxyURL)
		if err != nil || p.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5"}, p.Scheme) {
			return fmt.Errorf("the proxy is not an http, https or socks5 URL")
		}
	}
	if _, err := a.Trust.Pool(); err != nil {
		return err
	}
	for _, part := range [][2]string{{"provider", a.Cluster.Provider}, {"name", a.Cluster.Name}, {"ID", a.Cluster.ID}} {
		if part[1] == "" {
			return fmt.Errorf("the cluster has no %s", part[0])
		}
	}
	for _, v := range []string{a.Cluster.Provider, a.Cluster.Account, a.Cluster.Region, a.Cluster.Name, a.Cluster.ID} {
		if len(v) > maxIdentity {
			return fmt.Errorf("a part of the cluster's identity is longer than %d bytes", maxIdentity)
		}
		if strings.ContainsFunc(v, unicode.IsControl) {
			return fmt.Errorf("the cluster's identity %q holds control characters", v)
		}
	}
	return nil
}

// Token is a credential for a cluster's API server: a bearer token, or a client certificate with its key.
type Token struct {
	Value             Secret
	ClientCertificate []byte // PEM
	ClientKey         Secret // PEM
	// Expiry is when the credential ends; zero means that it does not.
	Expiry time.Time
}
