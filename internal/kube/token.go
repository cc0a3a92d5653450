package kube

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	// leeway is how long before its expiry a token is renewed: clocks differ, and requests take time.
	leeway = 60 * time.Second
	// issueTimeout bounds the issue of one token. It is apart from the request that waits for it: others wait too.
	issueTimeout = 90 * time.Second
)

// TokenSource hands out a cluster's current credential and renews it before it ends, once for all who wait. It is safe
// for concurrent use.
type TokenSource struct {
	issue func(context.Context) (*sdk.Token, error)
	now   func() time.Time

	mu      sync.Mutex
	current *sdk.Token
	renewAt time.Time   // zero: never
	pending *issueOfOne // set while a token is being issued
}

type issueOfOne struct {
	done  chan struct{}
	token *sdk.Token
	err   error
}

// NewTokenSource returns a source that has issued nothing yet.
func NewTokenSource(issue func(context.Context) (*sdk.Token, error)) *TokenSource {
	return &TokenSource{issue: issue, now: time.Now}
}

// Token returns a credential that lasts: the current one, or one newly issued. Where renewal fails, the current one is
// returned as long as it has not expired.
func (s *TokenSource) Token(ctx context.Context) (*sdk.Token, error) {
	s.mu.Lock()
	now := s.now()
	if s.current != nil && (s.renewAt.IsZero() || now.Before(s.renewAt)) {
		defer s.mu.Unlock()
		return s.current, nil
	}
	p := s.pending
	if p == nil {
		p = &issueOfOne{done: make(chan struct{})}
		s.pending = p
		go s.renew(context.WithoutCancel(ctx), p)
	}
	current := s.current
	s.mu.Unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.err != nil && current != nil && s.now().Before(current.Expiry) {
		return current, nil
	}
	return p.token, p.err
}

func (s *TokenSource) renew(ctx context.Context, p *issueOfOne) {
	ctx, cancel := context.WithTimeout(ctx, issueTimeout)
	defer cancel()
	p.token, p.err = s.issue(ctx)
	s.mu.Lock()
	if p.err == nil {
		s.current, s.renewAt = p.token, renewal(s.now(), p.token.Expiry)
	}
	s.pending = nil
	s.mu.Unlock()
	close(p.done)
}

// renewal is the expiry less the leeway; for a token that lives hardly longer than that, half its life.
func renewal(now, expiry time.Time) time.Time {
	if expiry.IsZero() {
		return time.Time{}
	}
	life := expiry.Sub(now)
	return expiry.Add(-min(leeway, life/2))
}

// refused drops a token that the server has answered 401 to, unless another has taken its place already.
func (s *TokenSource) refused(t *sdk.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == t {
		s.current = nil
	}
}

// clientCertificate implements tls.Config.GetClientCertificate: the current credential's, or none.
func (s *TokenSource) clientCertificate(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	t, err := s.Token(r.Context())
	if err != nil || len(t.ClientCertificate) == 0 {
		return &tls.Certificate{}, err
	}
	c, err := tls.X509KeyPair(t.ClientCertificate, []byte(t.ClientKey.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("the plugin's client certificate and key do not fit together")
	}
	return &c, nil
}

// transport sends the credential to one host, and nothing at all to any other. It lets reads through and self-subject
// reviews, which ask and change nothing.
type transport struct {
	host   string
	base   http.RoundTripper
	source *TokenSource
}

// RoundTrip implements http.RoundTripper. A read that is answered 401 is sent once more with a new token.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || req.URL.Host != t.host {
		return nil, fmt.Errorf("the API server redirects to another host, which is not followed")
	}
	if !readOnly(req) {
		return nil, fmt.Errorf("%s %s is refused: only reads are sent", req.Method, req.URL.Path)
	}
	resp, tok, err := t.send(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || tok.Value.IsZero() || req.Method != http.MethodGet {
		return resp, err
	}
	t.source.refused(tok)
	fresh, err := t.source.Token(req.Context())
	if err != nil || fresh == tok {
		return resp, nil // the server's own 401 says more than a failed renewal
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	resp, _, err = t.send(req)
	return resp, err
}

func (t *transport) send(req *http.Request) (*http.Response, *sdk.Token, error) {
	tok, err := t.source.Token(req.Context())
	if err != nil {
		return nil, nil, err
	}
	if !tok.Value.IsZero() {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+tok.Value.Reveal())
	}
	resp, err := t.base.RoundTrip(req)
	return resp, tok, err
}

func readOnly(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		path := req.URL.Path
		return strings.HasSuffix(path, "/selfsubjectaccessreviews") || strings.HasSuffix(path, "/selfsubjectrulesreviews") ||
			strings.HasSuffix(path, "/selfsubjectreviews")
	}
	return false
}
