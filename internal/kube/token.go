package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	// leeway is how long before its expiry a token is renewed: clocks differ, and requests take time.
	leeway = 60 * time.Second
	// renewalPause is how long after a failed renewal the next is tried, while the current token lasts.
	renewalPause = 5 * time.Second
	// issueTimeout bounds the issue of one token. It is apart from the request that waits for it: others wait too.
	issueTimeout = 90 * time.Second
	// maxError bounds the body of an answer that says what went wrong, in bytes.
	maxError = 64 << 10
	// maxReview bounds what is answered to a question about the caller: it has some KiB, and no pages.
	maxReview = 1 << 20
)

// TokenSource hands out a cluster's current credential and renews it before it ends, once for all who wait. It is safe
// for concurrent use.
type TokenSource struct {
	issue func(context.Context) (*sdk.Token, error)

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
	return &TokenSource{issue: issue}
}

// Token returns a credential: the current one, or one newly issued. A current one that comes to its end is renewed while it
// still serves, so that a renewal that is slow or fails holds up nothing before the token has expired.
func (s *TokenSource) Token(ctx context.Context) (*sdk.Token, error) {
	s.mu.Lock()
	now, current := time.Now(), s.current
	if current != nil && (s.renewAt.IsZero() || now.Before(s.renewAt)) {
		s.mu.Unlock()
		return current, nil
	}
	p := s.pending
	if p == nil {
		p = &issueOfOne{done: make(chan struct{})}
		s.pending = p
		go s.renew(context.WithoutCancel(ctx), p)
	}
	s.mu.Unlock()
	if current != nil && now.Before(current.Expiry) {
		return current, nil
	}
	select {
	case <-p.done:
		return p.token, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *TokenSource) renew(ctx context.Context, p *issueOfOne) {
	ctx, cancel := context.WithTimeout(ctx, issueTimeout)
	defer cancel()
	p.token, p.err = s.issue(ctx)
	s.mu.Lock()
	switch now := time.Now(); {
	case p.err == nil:
		s.current, s.renewAt = p.token, renewal(now, p.token.Expiry)
	case s.current != nil:
		s.renewAt = now.Add(min(renewalPause, s.current.Expiry.Sub(now)))
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
	host    string
	base    *http.Transport
	conns   *conns // of base
	source  *TokenSource
	maxBody int64 // of an answer, in bytes
}

// RoundTrip implements http.RoundTripper. What is answered 401 is sent once more with a new token: nothing that is let through
// changes anything.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || req.URL.Host != t.host {
		return nil, sdk.Errorf(sdk.ErrUnsupported, "check the endpoint that the target names",
			"the API server %s redirects to another host, which is not followed", t.host)
	}
	if !readOnly(req) {
		return nil, fmt.Errorf("%s %s is refused: only reads are sent", req.Method, req.URL.Path)
	}
	resp, tok, err := t.send(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || tok.Value.IsZero() || !repeatable(req) {
		return resp, err
	}
	t.source.refused(tok)
	fresh, err := t.source.Token(req.Context())
	if err != nil || fresh == tok {
		return resp, nil // the server's own 401 says more than a failed renewal
	}
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return resp, nil
		}
		req = req.Clone(req.Context())
		req.Body = body
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	resp, _, err = t.send(req)
	return resp, err
}

func repeatable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
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
	if err != nil {
		return nil, tok, err
	}
	if resp.StatusCode < http.StatusBadRequest {
		bound := t.maxBody
		if req.Method == http.MethodPost {
			bound = min(bound, maxReview)
		}
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: bound, server: t.host}
		return resp, tok, nil
	}
	return resp, tok, withoutToken(resp, tok.Value)
}

// withoutToken blanks out the token where an answer of failure repeats it: such answers end in messages. Blanks of the same
// length leave every encoding whole.
func withoutToken(resp *http.Response, token sdk.Secret) error {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
	if err != nil {
		return err
	}
	if t := []byte(token.Reveal()); len(t) > 0 {
		body = bytes.ReplaceAll(body, t, bytes.Repeat([]byte("*"), len(t)))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// ErrTooLarge is the kind of failure of an answer that is larger than what is read of one.
var ErrTooLarge = fmt.Errorf("%w: too large", sdk.ErrUnsupported)

// boundedBody fails where an answer is larger than any that an API server gives: it is read into memory whole.
type boundedBody struct {
	io.ReadCloser
	left   int64
	server string
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, sdk.Errorf(ErrTooLarge, "", "an answer of the API server %s is too large to be read", b.server)
	}
	return n, err
}

// readOnly reports whether a request changes nothing: reads, and the questions that a caller may ask about itself.
func readOnly(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return slices.ContainsFunc(selfReviews, func(path string) bool { return strings.HasSuffix(req.URL.Path, path) })
	}
	return false
}

var selfReviews = []string{
	"/apis/authentication.k8s.io/v1/selfsubjectreviews",
	"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
	"/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
}
