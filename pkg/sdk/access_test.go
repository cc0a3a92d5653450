package sdk

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// certificate returns a certificate that vouches for a server, and the server's URL.
func certificate(t *testing.T) ([]byte, string) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), s.URL
}

func TestAccessValidate(t *testing.T) {
	ca, _ := certificate(t)
	const (
		notURL   = "the server is not a URL"
		notHTTPS = "is not an https URL"
		more     = "holds more than a host and a path"
		nowhere  = "metadata address, where no API server is"
	)
	server := func(s string) func(*Access) { return func(a *Access) { a.Server = s } }
	trust := func(r Trust) func(*Access) { return func(a *Access) { a.Trust = r } }
	proxy := func(p string) func(*Access) { return func(a *Access) { a.ProxyURL = p } }
	for _, c := range []struct {
		name string
		set  func(*Access)
		want string // empty: it is good
	}{
		{"sound", func(*Access) {}, ""},
		{"port and path", server("https://rancher.example.test:8443/k8s/clusters/c-1"), ""},
		{"private address", server("https://10.0.0.1"), ""},
		{"private IPv6", server("https://[fd00::1]:6443"), ""},
		{"loopback", server("https://127.0.0.1:6443"), ""},
		{"upper case", server("HTTPS://API.EXAMPLE.TEST"), ""},
		{"a label of digits", server("https://123.eks.amazonaws.com"), ""},
		{"a label like a number", server("https://api.0xa9.example"), ""},

		{"none", server(""), notURL},
		{"no scheme", server("api.example.test"), notURL},
		{"no host", server("https://"), notURL},
		{"port alone", server("https://:6443"), notURL},
		{"user alone", server("https://user@"), notURL},
		{"opaque", server("https:api.example.test"), notURL},
		{"control character", server("https://api\x7f.example.test"), notURL},
		{"http", server("http://api.example.test"), notHTTPS},
		{"http with a password", server("http://me:" + value + "@api.example.test"), notHTTPS},
		{"file", server("file://host/etc/passwd"), notHTTPS},
		{"user", server("https://me@api.example.test"), more},
		{"password", server("https://me:" + value + "@api.example.test"), more},
		{"query", server("https://api.example.test/?x=y"), more},
		{"fragment", server("https://api.example.test/#x"), more},

		{"metadata service", server("https://169.254.169.254"), nowhere},
		{"with a port", server("https://169.254.169.254:443/latest"), nowhere},
		{"with a dot", server("https://169.254.169.254."), nowhere},
		{"container credentials", server("https://169.254.170.2"), nowhere},
		{"mapped", server("https://[::ffff:169.254.169.254]"), nowhere},
		{"mapped, in hexadecimal", server("https://[::ffff:a9fe:a9fe]"), nowhere},
		{"mapped, unspecified", server("https://[::ffff:0.0.0.0]"), nowhere},
		{"link-local IPv6", server("https://[fe80::1]"), nowhere},
		{"with a zone", server("https://[fe80::1%25eth0]:6443"), nowhere},
		{"multicast", server("https://224.0.0.1"), nowhere},
		{"multicast IPv6", server("https://[ff02::1]"), nowhere},
		{"unspecified", server("https://0.0.0.0"), nowhere},
		{"unspecified IPv6", server("https://[::]:6443"), nowhere},
		{"one number", server("https://2852039166"), nowhere},
		{"one number, hexadecimal", server("https://0xA9FEA9FE"), nowhere},
		{"one number, octal", server("https://025177524776"), nowhere},
		{"parts that are octal", server("https://0251.0376.0251.0376"), nowhere},
		{"short form", server("https://169.254.43518"), nowhere},
		{"short form, hexadecimal", server("https://169.254.0xa9fe"), nowhere},
		{"Google by name", server("https://Metadata.Google.Internal."), nowhere},
		{"Google by IPv6", server("https://[fd20:ce:0::254]"), nowhere},
		{"AWS by IPv6", server("https://[FD00:EC2::254]"), nowhere},
		{"Azure", server("https://168.63.129.16"), nowhere},
		{"Alibaba", server("https://100.100.100.200"), nowhere},

		{"no trust", trust(Trust{}), "no certificate authority to trust"},
		{"empty authority", trust(ClusterCA(nil)), "no certificate authority to trust"},
		{"garbage authority", trust(ClusterCA([]byte("garbage"))), "holds no PEM certificate"},
		{"key for an authority", trust(ClusterCA(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))), "holds no PEM certificate"},
		{"broken authority", trust(ClusterCA(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))), "holds no PEM certificate"},
		{"garbage beside the system's", trust(SystemRoots([]byte("garbage"))), "holds no PEM certificate"},
		{"authority", trust(ClusterCA(ca)), ""},
		{"beside the system's", trust(SystemRoots(ca)), ""},

		{"proxy", proxy("http://proxy.example.test:3128"), ""},
		{"proxy, SOCKS", proxy("socks5://127.0.0.1:1080"), ""},
		{"proxy, no URL", proxy("proxy.example.test:3128"), "the proxy is not"},
		{"proxy, no host", proxy("http://:3128"), "the proxy is not"},
		{"proxy, a file", proxy("file://host/etc"), "the proxy is not"},
		{"proxy, a password", proxy("http://me:" + value + "@:1"), "the proxy is not"},

		{"no provider", func(a *Access) { a.Cluster.Provider = "" }, "the cluster has no provider"},
		{"no name", func(a *Access) { a.Cluster.Name = "" }, "the cluster has no name"},
		{"no ID", func(a *Access) { a.Cluster.ID = "" }, "the cluster has no ID"},
		{"no region or account", func(a *Access) { a.Cluster.Region, a.Cluster.Account = "", "" }, ""},
		{"escape sequence", func(a *Access) { a.Cluster.Name = "\x1b[2J" }, "holds control characters"},
		{"line", func(a *Access) { a.Cluster.Region = "a\nb" }, "holds control characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &Access{
				Server: "https://api.example.test", Trust: SystemRoots(nil),
				Cluster: Cluster{Provider: "p", Account: "a", Region: "r", Name: "n", ID: "i"},
			}
			c.set(a)
			err := a.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q", err, c.want)
			case err != nil && (strings.Contains(err.Error(), value) || strings.Contains(err.Error(), "\x1b")):
				t.Errorf("the error shows too much: %v", err)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	ca, url := certificate(t)
	for name, c := range map[string]struct {
		trust  Trust
		system bool
	}{"cluster": {ClusterCA(ca), false}, "system": {SystemRoots(ca), true}} {
		t.Run(name, func(t *testing.T) {
			if c.trust.System() != c.system || !bytes.Equal(c.trust.PEM(), ca) {
				t.Error("it does not tell what it was made of")
			}
			clear(c.trust.PEM())
			if !bytes.Equal(c.trust.PEM(), ca) {
				t.Error("what it gives out is its own")
			}
			pool, err := c.trust.Pool()
			if err != nil {
				t.Fatal(err)
			}
			leaf, _ := pem.Decode(ca)
			cert, err := x509.ParseCertificate(leaf.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cert.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
				t.Errorf("the authority of %s is not trusted: %v", url, err)
			}
		})
	}
	mine := bytes.Clone(ca)
	trust := ClusterCA(mine)
	clear(mine)
	if !bytes.Equal(trust.PEM(), ca) {
		t.Error("what it was made of is still the caller's")
	}
	alone, err := ClusterCA(ca).Pool()
	if err != nil {
		t.Fatal(err)
	}
	one := x509.NewCertPool()
	if one.AppendCertsFromPEM(ca); !alone.Equal(one) {
		t.Error("a cluster's authority is not trusted alone")
	}
	if pool, err := (Trust{}).Pool(); err == nil || pool != nil {
		t.Error("nothing makes a pool")
	}
}
