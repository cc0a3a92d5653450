// Package cloudfake holds what the in-process control planes below it share: a certificate authority and HTTPS servers
// on loopback. The control planes check what the real clouds check (signatures, grants, lifetimes), so that a plugin
// that passes here speaks the cloud's own protocol. They serve tests and the demo.
package cloudfake

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// CA is a certificate authority that lives as long as the process.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// NewCA makes a certificate authority. It panics where the system has no randomness.
func NewCA(name string) *CA {
	key := newKey()
	tmpl := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der := must(x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key))
	return &CA{cert: must(x509.ParseCertificate(der)), key: key, pem: pemBlock("CERTIFICATE", der)}
}

// PEM returns the authority's own certificate.
func (ca *CA) PEM() []byte { return ca.pem }

// ServerCertificate issues a certificate for the hosts: DNS names, wildcards among them, and IP addresses.
func (ca *CA) ServerCertificate(hosts ...string) tls.Certificate {
	tmpl := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, h)
		}
	}
	tmpl.Subject.CommonName = hosts[0]
	cert, key := ca.issue(tmpl)
	return must(tls.X509KeyPair(cert, key))
}

// ClientCertificate issues a client certificate and its key in PEM: user is the common name, groups the organizations.
func (ca *CA) ClientCertificate(user string, groups ...string) (cert, key []byte) {
	return ca.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (ca *CA) issue(tmpl *x509.Certificate) (cert, key []byte) {
	k := newKey()
	tmpl.SerialNumber = serial()
	tmpl.NotBefore, tmpl.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature
	der := must(x509.CreateCertificate(rand.Reader, tmpl, ca.cert, k.Public(), ca.key))
	return pemBlock("CERTIFICATE", der), pemBlock("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(k)))
}

// Serve starts an HTTPS server (HTTP/1.1 and 2) on a free port of 127.0.0.1 with a certificate of the authority's for
// 127.0.0.1, localhost and the further hosts. Close ends it.
func (ca *CA) Serve(h http.Handler, hosts ...string) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(discard{}, "", 0) // refused handshakes are what some tests are about
	s.TLS = &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{ca.ServerCertificate(append([]string{"127.0.0.1", "localhost"}, hosts...)...)},
	}
	s.StartTLS()
	return s
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

func serial() *big.Int { return must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))) }

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
