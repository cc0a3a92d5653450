// Package cluster runs the real kube-apiserver, with etcd, on loopback: for end-to-end tests, recordings and benchmarks.
// There is no controller, no scheduler and no node: what is applied stays as it is.
package cluster

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// Version is that of the API server.
const Version = "v1.37.2"

// Options say how a cluster authenticates. The administrator's token is always there.
type Options struct {
	// CA issues the server's certificate, and vouches for client certificates.
	CA *cloudfake.CA
	// Authenticate answers for the bearer tokens that nothing else accepts; nil accepts none.
	Authenticate func(token string) (User, error)
	// Issuers are the OpenID Connect issuers whose tokens are accepted.
	Issuers []Issuer
	// Tokens are static bearer tokens.
	Tokens map[string]User
}

// User is whom the API server takes a caller for.
type User struct {
	Name   string
	Groups []string
}

// Issuer is an OpenID Connect issuer.
type Issuer struct {
	URL, Audience string
	// UserClaim and GroupsClaim are the claims that hold the user's name and groups.
	UserClaim, GroupsClaim string
}

// Cluster is a running API server.
type Cluster struct {
	// Address is the API server's host:port.
	Address string
	// Admin may do everything.
	Admin *rest.Config

	dir     string
	webhook *webhook
	process *exec.Cmd
	exited  chan struct{}
	log     *output
	uids    map[string]types.UID // of what was applied, by kind, namespace and name
}

// Start runs a cluster that ends with the test.
func Start(t testing.TB, opts Options) *Cluster {
	t.Helper()
	c, err := Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// Run starts a cluster and returns once it is ready. The caller stops it.
func Run(ctx context.Context, opts Options) (*Cluster, error) {
	executable, err := build()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kubemuster-cluster-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, webhook: serveWebhook(opts.CA, opts.Authenticate), log: &output{}, uids: map[string]types.UID{}}
	if err := c.start(ctx, executable, opts); err != nil {
		c.Stop()
		return nil, fmt.Errorf("starting the API server: %w\n%s", err, c.log)
	}
	return c, nil
}

// URL is https:// and the address.
func (c *Cluster) URL() string { return "https://" + c.Address }

// Stop ends the server and removes what it stored.
func (c *Cluster) Stop() {
	if c.process != nil {
		_ = c.process.Process.Kill()
		<-c.exited
	}
	c.webhook.close()
	_ = os.RemoveAll(c.dir)
}

// build returns the server's executable. Building it takes minutes once, and moments when nothing has changed.
var build = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "kubemuster-e2e", "apiserver")
	// A server that is not built by its own makefile does not know its version, which checks judge by.
	number := "-X k8s.io/component-base/version."
	ldflags := number + "gitVersion=" + Version + " " + number + "gitMajor=1 " + number + "gitMinor=37"
	out, err := exec.Command("go", "build", "-ldflags", ldflags, "-o", path, "github.com/kubemuster/kubemuster/test/e2e/apiserver").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the API server: %w\n%s", err, out)
	}
	return path, nil
})

func (c *Cluster) start(ctx context.Context, executable string, opts Options) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	c.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	token := randomToken()
	c.Admin = &rest.Config{
		Host: c.URL(), BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: opts.CA.PEM()},
		QPS: -1, // no limit of the client's own
	}
	if err := c.writeFiles(opts, token); err != nil {
		return err
	}
	c.process = exec.Command(executable, c.flags(port)...)
	c.process.Env = append(os.Environ(), "KUBEMUSTER_E2E_ETCD_DIR="+c.file("etcd"))
	c.process.Stdout, c.process.Stderr = c.log, c.log
	if err := c.process.Start(); err != nil {
		c.process = nil
		return err
	}
	c.exited = make(chan struct{})
	go func() {
		_ = c.process.Wait()
		close(c.exited)
	}()
	return c.ready(ctx)
}

func (c *Cluster) flags(port int) []string {
	return []string{
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + c.file("server.crt"),
		"--tls-private-key-file=" + c.file("server.key"),
		"--client-ca-file=" + c.file("ca.crt"),
		"--token-auth-file=" + c.file("tokens.csv"),
		"--authentication-config=" + c.file("authentication.yaml"),
		"--authentication-token-webhook-config-file=" + c.file("webhook.yaml"),
		"--authentication-token-webhook-version=v1",
		"--authentication-token-webhook-cache-ttl=1s", // a verdict must not outlive a short token by minutes
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.file("service-account.key"),
		"--service-account-signing-key-file=" + c.file("service-account.key"),
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--endpoint-reconciler-type=none",            // it would refuse an address on loopback
		"--disable-admission-plugins=ServiceAccount", // no controller makes service accounts and their tokens
		"--audit-policy-file=" + c.file("audit-policy.yaml"),
		"--audit-log-path=" + c.file("audit.log"),
		"--audit-log-mode=blocking",
	}
}

// ready waits until the server serves.
func (c *Cluster) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	config := rest.CopyConfig(c.Admin)
	config.Timeout = 5 * time.Second
	client, err := rest.UnversionedRESTClientFor(unversioned(config))
	if err != nil {
		return err
	}
	for {
		err := client.Get().AbsPath("/readyz").Do(ctx).Error()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-c.exited:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", err)
		}
	}
}

// freePort returns a port that was free a moment ago: kube-apiserver takes none of the system's choice.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func randomToken() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func newKeyPEM() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return keyPEM(key)
}

func keyPEM(key any) ([]byte, error) {
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%T is no elliptic curve's key", key)
	}
	der, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// output keeps what the server wrote, for the message of a failed start.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns the last lines.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(o.buf.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
