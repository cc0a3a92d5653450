package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"sync"
	"time"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// callTimeout bounds Access and Token where the host sets no shorter deadline.
const callTimeout = 30 * time.Second

// provider gives access to GKE clusters. It keeps one client for each set of parameters, so that a fleet scanned with
// one identity shares one connection to the Container API.
type provider struct {
	dial dialer // nil outside tests

	mu      sync.Mutex
	clients map[settings]*client
}

func newProvider() *provider { return &provider{clients: map[settings]*client{}} }

// Info implements sdk.Provider.
func (p *provider) Info() sdk.Info {
	return sdk.Info{
		Name:    "gke",
		Version: version,
		Path:    "{project}/{location}/{cluster}",
		Parameters: []sdk.Parameter{
			{
				Name: "endpoint", Type: sdk.Enum, Values: []string{"auto", "dns", "public", "private"}, Default: "auto",
				Help: "which of the control plane's endpoints to use; auto takes DNS where it admits outside traffic, then public, then private",
			},
			{
				Name: "credentialsFile", Type: sdk.File,
				Help: "Google credentials file to use in place of Application Default Credentials",
			},
			{
				Name: "impersonate", Type: sdk.String,
				Help: "email of the service account to act as",
			},
			{
				Name: "apiEndpoint", Type: sdk.String,
				Help: "Container API as https URL or host:port, for Private Service Connect; default container.googleapis.com:443",
			},
			sdk.ParameterCAFile,
		},
		Env: []string{
			// Where Application Default Credentials are looked for. APPDATA is gcloud's folder on Windows.
			"GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "APPDATA",
			// Names another metadata server, as emulators need it. Nothing secret is sent there.
			"GCE_METADATA_HOST",
			"GOOGLE_CLOUD_QUOTA_PROJECT",
			// Google's own opt-in to credentials that run a command.
			"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
		},
	}
}

// Access implements sdk.Provider with one GetCluster call.
func (p *provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	name, err := parseName(t)
	if err != nil {
		return nil, err
	}
	c, err := p.client(t)
	if err != nil {
		return nil, err
	}
	cluster, caller, err := c.cluster(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := usable(cluster.GetStatus(), t); err != nil {
		return nil, err
	}
	e, err := chooseEndpoint(cluster, t, c.extraRoots)
	if err != nil {
		return nil, err
	}
	id := cluster.GetSelfLink()
	if id == "" {
		id = "https://container.googleapis.com/v1/" + name.String()
	}
	return &sdk.Access{
		Server:  "https://" + bracketed(e.host),
		Trust:   e.trust,
		Cluster: sdk.Cluster{Provider: "gke", Account: name.project, Region: name.location, Name: name.cluster, ID: id},
		Hint:    refusedHint(caller, name, e.dns),
	}, nil
}

// Token implements sdk.Provider. Every call asks Google for a new access token and none is kept: the host calls only when
// it needs another one, and one that the API server has refused, revoked perhaps, must not come back. (A metadata server
// keeps its own token and repeats it until five minutes before it ends.)
func (p *provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c, err := p.client(t)
	if err != nil {
		return nil, err
	}
	g, err := c.issue(ctx)
	if err != nil {
		return nil, err
	}
	return &sdk.Token{Value: g.token, Expiry: g.expiry}, nil
}

// client returns the client for the target's parameters.
func (p *provider) client(t sdk.Target) (*client, error) {
	s := settings{
		credentialsFile: t.Params["credentialsFile"],
		impersonate:     t.Params["impersonate"],
		apiEndpoint:     t.Params["apiEndpoint"],
		caFile:          t.Params["caFile"],
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.clients[s]; ok {
		return c, nil
	}
	c, err := newClient(s, p.dial)
	if err != nil {
		return nil, err
	}
	p.clients[s] = c
	return c, nil
}

// clusterName is a cluster's resource name in the Container API.
type clusterName struct{ project, location, cluster string }

func (n clusterName) String() string {
	return fmt.Sprintf("projects/%s/locations/%s/clusters/%s", n.project, n.location, n.cluster)
}

var (
	// projectPattern admits numbers and IDs, and those of a domain's own projects: example.com:my-project.
	projectPattern = regexp.MustCompile(`^([a-z0-9.-]+:)?[a-z0-9-]+$`)
	segmentPattern = regexp.MustCompile(`^[a-z0-9-]+$`)
)

func parseName(t sdk.Target) (clusterName, error) {
	n := clusterName{t.Path["project"], t.Path["location"], t.Path["cluster"]}
	if !projectPattern.MatchString(n.project) || !segmentPattern.MatchString(n.location) || !segmentPattern.MatchString(n.cluster) {
		return n, sdk.Errorf(sdk.ErrInvalidTarget, "write it as gke://project/location/cluster, in lower case", "target %q names no GKE cluster", t.Name)
	}
	return n, nil
}

// usable reports why a cluster in this state cannot be scanned.
func usable(s containerpb.Cluster_Status, t sdk.Target) error {
	var hint string
	switch s {
	case containerpb.Cluster_RUNNING, containerpb.Cluster_RECONCILING, containerpb.Cluster_DEGRADED:
		return nil
	case containerpb.Cluster_PROVISIONING:
		hint = "it is still being created: scan it later"
	case containerpb.Cluster_STOPPING:
		hint = "it is being deleted: take it off the list of targets"
	default:
		hint = "look at its state in the Google Cloud console"
	}
	return sdk.Errorf(sdk.ErrUnavailable, hint, "cluster %s is in state %s", t.Name, s)
}

// endpoint is one of the addresses that a control plane answers at.
type endpoint struct {
	host  string
	trust sdk.Trust
	dns   bool
}

// chooseEndpoint picks what the target's endpoint parameter asks for. The DNS endpoint presents a public certificate,
// so the cluster's own authority must not vouch for it; the IP endpoints present one of the cluster's authority.
func chooseEndpoint(c *containerpb.Cluster, t sdk.Target, extraRoots []byte) (endpoint, error) {
	dns := c.GetControlPlaneEndpointsConfig().GetDnsEndpointConfig()
	ip := c.GetControlPlaneEndpointsConfig().GetIpEndpointsConfig()
	// GKE fills in the DNS name of every cluster; it answers where outside traffic is allowed.
	reachable := dns.GetEndpoint() != "" && dns.GetAllowExternalTraffic()
	public, private, legacy := ip.GetPublicEndpoint(), ip.GetPrivateEndpoint(), c.GetEndpoint()
	if ip != nil && ip.Enabled != nil && !ip.GetEnabled() {
		public, private, legacy = "", "", ""
	}

	choice := t.Params["endpoint"]
	var host, hint string
	switch choice {
	case "dns":
		hint = "allow external traffic to it: gcloud container clusters update " + t.Path["cluster"] + " --enable-dns-access, or choose another endpoint"
	case "public":
		host, hint = public, "choose endpoint=dns or endpoint=private"
	case "private":
		host, hint = private, "choose endpoint=dns or endpoint=public"
	default:
		host, hint = cmp.Or(public, private, legacy), "enable access to its DNS or IP endpoint"
	}
	if reachable && (choice == "dns" || choice == "auto" || choice == "") {
		return endpoint{host: dns.GetEndpoint(), trust: sdk.SystemRoots(extraRoots), dns: true}, nil
	}
	if host == "" {
		return endpoint{}, sdk.Errorf(sdk.ErrUnsupported, hint, "cluster %s has no endpoint that endpoint=%s may use", t.Name, cmp.Or(choice, "auto"))
	}
	pem, err := base64.StdEncoding.DecodeString(c.GetMasterAuth().GetClusterCaCertificate())
	trust := sdk.ClusterCA(pem)
	if err == nil {
		_, err = trust.Pool()
	}
	if err != nil {
		return endpoint{}, sdk.Errorf(sdk.ErrUnsupported, "choose endpoint=dns", "the certificate authority of cluster %s cannot be read", t.Name)
	}
	return endpoint{host: host, trust: trust}, nil
}

// bracketed writes an IPv6 address as a URL's host.
func bracketed(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		return "[" + host + "]"
	}
	return host
}

// refusedHint says what to do when the API server answers 401. The caller could read the cluster a moment ago, so it has
// container.clusters.get, unless that is about to be taken away.
func refusedHint(caller string, n clusterName, dns bool) string {
	permissions, user := "container.clusters.get", "its email"
	if dns {
		permissions += " and container.clusters.connect (for the DNS endpoint)"
	}
	if caller == "" {
		caller = "the identity of the Google credentials"
	} else {
		user = caller
	}
	return caller + " must be enabled and needs " + permissions + " in project " + n.project +
		", and for reading a ClusterRoleBinding of User " + user + " to the ClusterRole kubemuster-reader"
}
