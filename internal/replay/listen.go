package replay

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"
)

// Listener serves a Server to this machine alone: over TLS on a loopback address, to who has its token.
type Listener struct {
	net         net.Listener
	certificate tls.Certificate
	authority   []byte // PEM
	token       string
}

// life of a listener's certificate.
const life = 30 * 24 * time.Hour

// Listen listens on a loopback address, host:port; port 0 means any. The certificate and the token are made for this
// listener and kept nowhere else.
func Listen(address string) (*Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address %q is none; write host:port, as in 127.0.0.1:0", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is no loopback address, and a snapshot is served to this machine only; write 127.0.0.1:0", address)
	}
	l := &Listener{token: rand.Text()}
	if l.net, err = net.Listen("tcp", address); err != nil {
		return nil, err
	}
	if err := l.certify(); err != nil {
		return nil, errors.Join(err, l.net.Close())
	}
	return l, nil
}

// certify makes a certificate for the address that is its own authority. Its key never leaves the process.
func (l *Listener) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "kubemuster replay"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, IPAddresses: []net.IP{l.net.Addr().(*net.TCPAddr).IP},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	l.certificate = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	l.authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return nil
}

// URL is where the listener is.
func (l *Listener) URL() string { return "https://" + l.net.Addr().String() }

// Authenticate lets in who has the listener's token. It is an Options.Authenticate.
func (l *Listener) Authenticate(_ context.Context, token string) (user string, groups []string, err error) {
	if subtle.ConstantTimeCompare([]byte(token), []byte(l.token)) != 1 {
		return "", nil, errors.New("this is not the token of the replay")
	}
	return "kubemuster-replay", nil, nil
}

// Kubeconfig leads to the listener; its one context has this name. It holds the token.
func (l *Listener) Kubeconfig(name string) ([]byte, error) {
	type named map[string]any
	return json.MarshalIndent(named{
		"apiVersion": "v1", "kind": "Config", "current-context": name,
		"clusters": []named{{"name": name, "cluster": named{"server": l.URL(), "certificate-authority-data": l.authority}}},
		"users":    []named{{"name": name, "user": named{"token": l.token}}},
		"contexts": []named{{"name": name, "context": named{"cluster": name, "user": name}}},
	}, "", "  ")
}

// Serve serves until ctx ends, and then waits a moment for answers that are on their way.
func (l *Listener) Serve(ctx context.Context, s *Server) error {
	server := &http.Server{
		Handler: s, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{l.certificate}},
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // clients that hang up
	}
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(l.net, "", "") }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if server.Shutdown(wait) != nil {
		return server.Close()
	}
	return nil
}

// Close ends listening without having served.
func (l *Listener) Close() error { return l.net.Close() }
