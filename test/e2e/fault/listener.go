package fault

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// ServeFor starts an HTTPS server whose certificate is for another host, and returns its URL.
func ServeFor(t testing.TB, ca *cloudfake.CA, host string, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.ServerCertificate(host)}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// Listen starts a server that does something else with its connections than TLS, and returns its https URL.
func Listen(t testing.TB, do func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				do(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return "https://" + l.Addr().String()
}

// Nobody returns the URL of a port that was free a moment ago.
func Nobody(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return "https://" + l.Addr().String()
}

// What a listener may do with a connection.
func CloseAtOnce(*net.TCPConn) {}

// CloseAtHello reads the client's hello and closes.
func CloseAtHello(c *net.TCPConn) { hello(c) }

// ResetAtHello reads the client's hello and resets.
func ResetAtHello(c *net.TCPConn) {
	hello(c)
	_ = c.SetLinger(0)
}

// Garbage answers the client's hello with something that is no TLS.
func Garbage(c *net.TCPConn) {
	hello(c)
	_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\nthis is no TLS\r\n")
}

// Mute reads until the client closes, and says nothing.
func Mute(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) }

// hello reads a TLS record whole: closing with something unread would reset.
func hello(c *net.TCPConn) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err == nil {
		_, _ = io.CopyN(io.Discard, c, int64(head[3])<<8|int64(head[4]))
	}
}
