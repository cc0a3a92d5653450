// Package kube makes Kubernetes clients from what an auth plugin answers: a verified connection to the server of the
// Access and to no other, with a token that is renewed before it ends.
package kube

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/address"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// ClientConfig is client-go's configuration of a client, under our name for packages that only pass it on.
type ClientConfig = rest.Config

// Options tune a client.
type Options struct {
	// QPS bounds requests a second; zero means 50. Burst is twice that.
	QPS float32
	// UserAgent names the scanner to the server.
	UserAgent string
}

// maxBody bounds an answer, in bytes once it is unpacked. A page of 500 pods is some 5 MiB, and one of 20 of the largest
// objects that etcd stores is 30.
const maxBody = 64 << 20

// refuseForbidden is a net.Dialer's Control: names may resolve to where no API server is, whoever answers for them.
func refuseForbidden(_, to string, _ syscall.RawConn) error {
	if host, _, err := net.SplitHostPort(to); err != nil || address.Forbidden(host) {
		return sdk.Errorf(sdk.ErrUnsupported, "check the endpoint that the target names, and who answers for its name",
			"the API server's name leads to %s, a link-local, multicast, unspecified or metadata address, where no API server is", to)
	}
	return nil
}

// Config returns the client configuration for an API server. Every request carries a token from source, or its client
// certificate; protobuf is preferred over JSON.
func Config(access *sdk.Access, source *TokenSource, opts Options) (*rest.Config, error) {
	server, err := url.Parse(access.Server)
	if err != nil {
		return nil, fmt.Errorf("the API server's URL is malformed")
	}
	pool, err := access.Trust.Pool()
	if err != nil {
		return nil, err
	}
	proxy := http.ProxyFromEnvironment
	if access.ProxyURL != "" {
		u, err := url.Parse(access.ProxyURL)
		if err != nil {
			return nil, fmt.Errorf("the proxy's URL is malformed")
		}
		proxy = http.ProxyURL(u)
	}
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	if via, err := proxy(&http.Request{URL: server}); via == nil && err == nil {
		dialer.Control = refuseForbidden // behind a proxy it is the proxy that finds the server
	}
	open := &conns{dialer: dialer, open: map[*conn]bool{}}
	base := &http.Transport{
		Proxy:       proxy,
		DialContext: open.dial,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: access.TLSServerName,
			GetClientCertificate: source.clientCertificate,
		},
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
		// A connection that a middlebox has dropped is found out by a ping, not by a time-out of the whole scan.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	}
	if opts.QPS == 0 {
		opts.QPS = 50
	}
	return &rest.Config{
		Host:      access.Server,
		Transport: &transport{host: server.Host, base: base, conns: open, source: source, maxBody: maxBody},
		UserAgent: opts.UserAgent,
		QPS:       opts.QPS,
		Burst:     int(2 * opts.QPS),
		// Deprecations of an API are no concern of who only reads it, and the log is not client-go's to write to.
		WarningHandler: rest.NoWarnings{},
		ContentConfig: rest.ContentConfig{
			AcceptContentTypes: "application/vnd.kubernetes.protobuf,application/json",
			ContentType:        "application/vnd.kubernetes.protobuf",
		},
	}, nil
}

// Close closes the connections of a configuration's clients, which are of no use any more.
func Close(config *rest.Config) {
	if t, ok := config.Transport.(*transport); ok {
		t.base.CloseIdleConnections()
		t.conns.close()
	}
}
