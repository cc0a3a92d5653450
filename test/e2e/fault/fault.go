// Package fault stands between a client and a real API server, and breaks what passes: it ends TLS with a certificate of
// its own, answers some requests in the server's place, and sends the others on.
package fault

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
	"sync"
	"time"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// Fault answers a request in the API server's place, or reports that it does not.
type Fault func(*Request) bool

// Request is one that has reached the proxy.
type Request struct {
	*http.Request
	W        http.ResponseWriter
	Resource string // the last element of the path: nodes, version
	N        int    // the first of this resource is 1

	proxy *Proxy
}

// Proxy stands in front of one API server.
type Proxy struct {
	server *httptest.Server
	reach  *http.Transport
	pass   *httputil.ReverseProxy

	mu    sync.Mutex
	asked map[string]int
	conns map[net.Conn]bool
}

// New starts a proxy on loopback. CA vouches for it and for the server, a URL. HTTP/2 is spoken unless the proxy is old.
func New(ca *cloudfake.CA, server string, fault Fault, old bool) *Proxy {
	to, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM())
	p := &Proxy{
		reach: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, ForceAttemptHTTP2: true},
		asked: map[string]int{}, conns: map[net.Conn]bool{},
	}
	quiet := log.New(io.Discard, "", 0)
	p.pass = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: p.reach, ErrorLog: quiet}
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resource := path.Base(r.URL.Path)
		p.mu.Lock()
		p.asked[resource]++
		n := p.asked[resource]
		p.mu.Unlock()
		if fault == nil || !fault(&Request{Request: r, W: w, Resource: resource, N: n, proxy: p}) {
			p.pass.ServeHTTP(w, r)
		}
	}))
	p.server.EnableHTTP2 = !old
	p.server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.ServerCertificate("127.0.0.1")}}
	p.server.Config.ErrorLog = quiet
	p.server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	p.server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.conns[c] = true; s == http.StateClosed {
			delete(p.conns, c)
		}
	}
	p.server.StartTLS()
	return p
}

// URL is the proxy's.
func (p *Proxy) URL() string { return p.server.URL }

// Asked is how often a resource was asked for.
func (p *Proxy) Asked(resource string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[resource]
}

// Connections is how many clients' connections are open.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// Close ends the proxy and what is under way.
func (p *Proxy) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
	p.reach.CloseIdleConnections()
}

type connKey struct{}

// Status answers with a failure as the API server words it. The token goes into the field continue, and may be empty.
func (r *Request) Status(code int, reason, message, token string) bool {
	r.W.Header().Set("Content-Type", "application/json")
	r.W.WriteHeader(code)
	_, _ = io.WriteString(r.W, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":`+strconv.Quote(reason)+`,"message":`+strconv.Quote(message)+
		`,"code":`+strconv.Itoa(code)+`,"metadata":{"continue":`+strconv.Quote(token)+`}}`)
	return true
}

// Later answers 429 and asks to come back after some seconds.
func (r *Request) Later(seconds int) bool {
	r.W.Header().Set("Retry-After", strconv.Itoa(seconds))
	return r.Status(http.StatusTooManyRequests, "TooManyRequests", "too many requests, please try again later", "")
}

// Text answers 200 with this body.
func (r *Request) Text(contentType, body string) bool {
	r.W.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(r.W, body)
	return true
}

// Reset breaks the connection, and whatever else goes over it.
func (r *Request) Reset() bool {
	c := r.Context().Value(connKey{}).(*tls.Conn).NetConn().(*net.TCPConn)
	_ = c.SetLinger(0)
	_ = c.Close()
	panic(http.ErrAbortHandler)
}

// Abort breaks off this answer, and over HTTP/2 nothing else.
func (r *Request) Abort() bool { panic(http.ErrAbortHandler) }

// Real has the server answer, not packed.
func (r *Request) Real() (http.Header, []byte) {
	w := httptest.NewRecorder()
	in := r.Clone(r.Context())
	in.Header.Set("Accept-Encoding", "identity")
	r.proxy.pass.ServeHTTP(w, in)
	return w.Header(), w.Body.Bytes()
}

// Half sends the first half of the server's answer and returns; the answer's length promises the whole.
func (r *Request) Half() {
	header, body := r.Real()
	r.W.Header().Set("Content-Type", header.Get("Content-Type"))
	r.W.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = r.W.Write(body[:len(body)/2])
	_ = http.NewResponseController(r.W).Flush()
}

// Drip sends the server's answer in small parts, with a pause between them.
func (r *Request) Drip(parts int, pause time.Duration) bool {
	header, body := r.Real()
	r.W.Header().Set("Content-Type", header.Get("Content-Type"))
	for len(body) > 0 {
		n := min(len(body), max(1, len(body)/parts))
		_, _ = r.W.Write(body[:n])
		_ = http.NewResponseController(r.W).Flush()
		body = body[n:]
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return true
		}
		parts = max(1, parts-1)
	}
	return true
}

// Stall sends nothing more until the client has had enough.
func (r *Request) Stall() bool {
	<-r.Context().Done()
	return true
}

// Endless sends the beginning of an answer, and then size bytes of the same character.
func (r *Request) Endless(contentType, beginning string, size int64) bool {
	r.W.Header().Set("Content-Type", contentType)
	if _, err := io.WriteString(r.W, beginning); err != nil {
		return true
	}
	block := bytes.Repeat([]byte("x"), 1<<16)
	for ; size > 0; size -= int64(len(block)) {
		if _, err := r.W.Write(block); err != nil {
			break // the client has had enough
		}
	}
	return true
}
