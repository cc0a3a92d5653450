package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"cloud.google.com/go/auth/credentials/impersonate"
	container "cloud.google.com/go/container/apiv1"
	"cloud.google.com/go/container/apiv1/containerpb"
	"github.com/googleapis/gax-go/v2"
	"golang.org/x/oauth2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpccredentials "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// settings are the parameters that decide who asks and whom; targets that share them share a client.
type settings struct{ credentialsFile, impersonate, apiEndpoint, caFile string }

// dialer opens a connection, as net.Dialer.DialContext.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// client asks Google for tokens and clusters, over TLS that trusts the system's authorities and those of caFile.
type client struct {
	settings
	trusted    string // apiEndpoint as host:port, empty without one
	extraRoots []byte // caFile's PEM
	transport  http.RoundTripper
	clusters   *container.ClusterManagerClient

	turn chan struct{} // holds one: who has put it in may touch held
	held *grant
}

// grant is an access token, and whom it speaks for.
type grant struct {
	token        sdk.Secret
	expiry       time.Time
	email        string // empty where the credentials do not tell
	quotaProject string
}

var emailPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+$`)

func newClient(s settings, dial dialer) (*client, error) {
	c := &client{settings: s, turn: make(chan struct{}, 1)}
	if s.impersonate != "" && !emailPattern.MatchString(s.impersonate) {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "name a service account's email", "parameter impersonate is not usable")
	}
	address := "container.googleapis.com:443"
	if s.apiEndpoint != "" {
		var err error
		if address, err = hostPort(s.apiEndpoint); err != nil {
			return nil, err
		}
		c.trusted = address
	}
	if s.caFile != "" {
		var err error
		if c.extraRoots, err = os.ReadFile(s.caFile); err != nil {
			return nil, sdk.Errorf(sdk.ErrInvalidTarget, "name a PEM file that can be read", "parameter caFile: %v", err)
		}
	}
	roots, err := sdk.SystemRoots(c.extraRoots).Pool()
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "name a PEM file of certificates", "parameter caFile: %v", err)
	}
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}

	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = tlsConfig.Clone()
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(grpccredentials.NewTLS(tlsConfig)),
		grpc.WithUserAgent("kubemuster/" + version),
	}
	if dial != nil {
		transport.DialContext, transport.Proxy = dial, nil
		options = append(options, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, "tcp", address) }))
		address = "passthrough:///" + address
	}
	c.transport = transport
	conn, err := grpc.NewClient(address, options...)
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "write it as https://host or host:port", "parameter apiEndpoint is not usable")
	}
	// The library can log whole requests and answers, tokens among them: an environment variable asks it to.
	c.clusters, err = container.NewClusterManagerClient(context.Background(), option.WithGRPCConn(conn), option.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrUnavailable, "", "the client of the Container API cannot be made: %v", err)
	}
	return c, nil
}

// hostPort reads an https URL without a path, or a host with or without a port.
func hostPort(endpoint string) (string, error) {
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return "", sdk.Errorf(sdk.ErrInvalidTarget, "write it as https://host or host:port; it is always reached over TLS", "parameter apiEndpoint is not usable")
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// cluster returns what the Container API says of a cluster, and the caller's email as far as it is known.
func (c *client) cluster(ctx context.Context, n clusterName) (*containerpb.Cluster, string, error) {
	var refused *grant
	for {
		g, reused, err := c.grant(ctx, refused)
		if err != nil {
			return nil, "", err
		}
		headers := []string{"authorization", "Bearer " + g.token.Reveal()}
		if g.quotaProject != "" {
			headers = append(headers, "x-goog-user-project", g.quotaProject)
		}
		found, err := c.clusters.GetCluster(metadata.AppendToOutgoingContext(ctx, headers...),
			&containerpb.GetClusterRequest{Name: n.String()}, gax.WithRetry(newAttempts))
		if reused && refused == nil && status.Code(err) == codes.Unauthenticated {
			refused = g // revoked meanwhile, perhaps: once more with a new one
			continue
		}
		if err != nil {
			return nil, "", apiError(ctx, err, g, n)
		}
		return found, g.email, nil
	}
}

// minValidity is how long a token must still last for the Container API to be asked with it once more.
const minValidity = 5 * time.Minute

// grant returns a grant for the Container API, where one identity asks for many clusters: the held one, unless it ends
// soon or is the refused one. Only one caller at a time asks for another.
func (c *client) grant(ctx context.Context, refused *grant) (g *grant, reused bool, err error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, false, interrupted(ctx)
	}
	if c.held != nil && c.held != refused && time.Until(c.held.expiry) > minValidity {
		return c.held, true, nil
	}
	g, err = c.issue(ctx)
	if err == nil {
		c.held = g
	}
	return g, false, err
}

// issue asks Google for an access token. The credentials are read anew each time: keys and subject tokens rotate.
func (c *client) issue(ctx context.Context) (*grant, error) {
	creds, err := findCredentials(c.credentialsFile, c.trusted)
	if err != nil {
		return nil, err
	}
	retries := attempts{}
	for {
		token, expiry, failed := c.exchange(ctx, creds)
		if failed == nil {
			return c.newGrant(creds, token, expiry)
		}
		if wait, again := retries.next(failed.transient()); !again || gax.Sleep(ctx, wait) != nil {
			return nil, failed.explain(ctx, creds, c.impersonate)
		}
	}
}

func (c *client) newGrant(creds *credentials, token sdk.Secret, expiry time.Time) (*grant, error) {
	// A zero expiry would tell the host that the token never ends.
	if token.IsZero() || expiry.IsZero() {
		return nil, sdk.Errorf(sdk.ErrUnavailable, "check what answers in Google's place", "the answer to %s holds no token with a lifetime", creds)
	}
	g := &grant{token: token, expiry: expiry, email: creds.email(), quotaProject: os.Getenv("GOOGLE_CLOUD_QUOTA_PROJECT")}
	if c.impersonate != "" {
		g.email = c.impersonate
	}
	if g.quotaProject == "" {
		g.quotaProject = creds.file.QuotaProjectID
	}
	return g, nil
}

// exchange turns the credentials into an access token once. The libraries' errors quote answers, which may hold
// secrets: what went wrong is taken from the last request instead.
func (c *client) exchange(ctx context.Context, creds *credentials) (sdk.Secret, time.Time, *failure) {
	watched := &watchedTransport{ctx: ctx, base: c.transport}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: watched})
	source, err := creds.tokens(ctx)
	if err != nil {
		return sdk.Secret{}, time.Time{}, &failure{}
	}
	if c.impersonate == "" {
		token, err := source.Token()
		if err != nil {
			return sdk.Secret{}, time.Time{}, watched.failure(err)
		}
		return sdk.NewSecret(token.AccessToken), token.Expiry, nil
	}
	impersonated, err := impersonate.NewCredentials(&impersonate.CredentialsOptions{
		TargetPrincipal: c.impersonate,
		Scopes:          scopes,
		Client:          &http.Client{Transport: &oauth2.Transport{Base: watched, Source: source}},
		Logger:          slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return sdk.Secret{}, time.Time{}, &failure{}
	}
	token, err := impersonated.Token(ctx)
	if err != nil {
		return sdk.Secret{}, time.Time{}, watched.failure(err)
	}
	return sdk.NewSecret(token.Value), token.Expiry, nil
}

// watchedTransport serves one exchange: it remembers how the last request failed, and follows no redirect: a credential
// goes where it was meant to go, or nowhere. It holds the context because the oauth2 library posts without one.
type watchedTransport struct {
	ctx  context.Context
	base http.RoundTripper
	last *failure // nil: it did not
}

// RoundTrip implements http.RoundTripper.
func (w *watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w.last = nil
	response, err := w.base.RoundTrip(r.WithContext(w.ctx))
	if err != nil {
		w.last = &failure{host: r.URL.Host, cause: err}
		return nil, err
	}
	if response.StatusCode < 300 {
		return response, nil
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	_ = response.Body.Close()
	w.last = &failure{host: r.URL.Host, path: r.URL.Path, status: response.StatusCode, code: errorCode(body)}
	if response.StatusCode < 400 {
		return nil, errors.New("redirect refused")
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// failure returns the last request's failure; err is what the caller got.
func (w *watchedTransport) failure(err error) *failure {
	f := w.last
	if f == nil {
		f = &failure{}
	}
	if own := (*sdk.Error)(nil); errors.As(err, &own) {
		f.own = own
	}
	return f
}

// attempts allows two more tries, with growing pauses.
type attempts struct {
	made    int
	backoff gax.Backoff
}

func newAttempts() gax.Retryer { return &attempts{} }

// Retry implements gax.Retryer. (gax itself never tries again after a certificate of an unknown authority.)
func (a *attempts) Retry(err error) (time.Duration, bool) {
	return a.next(status.Code(err) == codes.Unavailable && !untrusted(err))
}

func (a *attempts) next(transient bool) (time.Duration, bool) {
	if a.made == 0 {
		a.backoff = gax.Backoff{Initial: 200 * time.Millisecond, Max: 2 * time.Second, Multiplier: 3}
	}
	a.made++
	return a.backoff.Pause(), transient && a.made <= 2
}
