package kube

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// A name is resolved when the scanner connects, by whoever answers for it then: it may not lead to a metadata service.
func TestNamesThatLeadToForbiddenAddresses(t *testing.T) {
	api := &recorder{}
	access := serve(t, api, "api.example")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(access.Server, "https://"))
	for name, tt := range map[string]struct {
		addresses []string
		refused   bool
	}{
		"AWS's metadata service":    {[]string{"169.254.169.254"}, true},
		"the same, over IPv6":       {[]string{"fd00:ec2::254"}, true},
		"Azure's wire server":       {[]string{"168.63.129.16"}, true},
		"link-local, over IPv6":     {[]string{"fe80::1"}, true},
		"unspecified":               {[]string{"0.0.0.0"}, true},
		"one forbidden and another": {[]string{"169.254.169.254", "127.0.0.1"}, false},
		"an API server":             {[]string{"127.0.0.1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			resolveTo(t, tt.addresses...)
			access := *access
			access.Server = "https://api.example:" + port
			resp, err := do(t, client(t, &access, (&issuer{}).issue), "GET", access.Server+"/version")
			if !tt.refused {
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("not reached: %v", err)
				}
				return
			}
			const want = "metadata address, where no API server is; check the endpoint"
			if err == nil || !strings.Contains(Message(err), want) || !strings.Contains(explain(err, &access).Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("behind a proxy", func(t *testing.T) {
		resolveTo(t, "169.254.169.254")
		asked := make(chan string, 1)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Host
			w.WriteHeader(http.StatusForbidden)
		}))
		t.Cleanup(proxy.Close)
		access := &sdk.Access{Server: "https://api.example:6443", Trust: access.Trust, ProxyURL: proxy.URL}
		if _, err := do(t, client(t, access, (&issuer{}).issue), "GET", access.Server+"/version"); err == nil {
			t.Error("the proxy refuses, and there is an answer")
		}
		if got := <-asked; got != "api.example:6443" {
			t.Errorf("the proxy is asked for %s", got)
		}
	})
}

// resolveTo has a name server on loopback answer for every name until the test ends.
func resolveTo(t *testing.T, addresses ...string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { answerNames(conn, addresses) })
	system := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = system
		_ = conn.Close()
		wg.Wait()
	})
}

func answerNames(conn net.PacketConn, addresses []string) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		for _, a := range addresses {
			ip := netip.MustParseAddr(a)
			r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}}
			switch {
			case ip.Is4() && q.Type == dnsmessage.TypeA:
				r.Body = &dnsmessage.AResource{A: ip.As4()}
			case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
				r.Body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
			default:
				continue
			}
			m.Answers = append(m.Answers, r)
		}
		if answer, err := m.Pack(); err == nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}
