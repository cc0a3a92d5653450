// Package e2e scans real API servers through real plugin processes: the scanner's executable asks fake clouds on loopback
// for access and tokens, and a kube-apiserver authenticates those tokens.
package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

// briefly is the life of tokens in the clouds whose tokens are short-lived: long enough for one to reach the API server.
const briefly = 8 * time.Second

// world is what all tests share: the executables, two clusters, and the clouds that know them both.
var world struct {
	dir     string // removed at the end
	command string // the scanner
	plugins string // the folder of the clouds' plugins, locked
	rogues  string // the folder of the tests' own plugins, locked
	// raced are the scanner and the clouds' plugins with the race detector, for scans in which much happens at once.
	raced struct{ command, plugins string }

	ca     *cloudfake.CA
	caFile string

	prod, staging *server
	eks, gke, aks cloud
	// The same clouds, with short-lived tokens.
	eksBriefly, gkeBriefly, aksBriefly cloud
	// Clouds that the clusters do not trust: another AWS cluster's tokens, another Google, another tenant.
	gkeForeign, aksForeign cloud
}

func clouds() []cloud { return []cloud{world.eks, world.gke, world.aks} }

// server is an API server and the names that it is known by in the clouds.
type server struct {
	*cluster.Cluster

	mu    sync.Mutex
	names []string
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	defer func() { err = errors.Join(err, destroyWorld()) }()
	if err := buildWorld(); err != nil {
		return 1, err
	}
	// Most of what the tests do is wait: for other processes, and for tokens to end.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func buildWorld() error {
	ctx := context.Background()
	if err := buildExecutables(); err != nil {
		return err
	}
	world.ca = cloudfake.NewCA("e2e")
	world.caFile = filepath.Join(world.dir, "ca.pem")
	if err := os.WriteFile(world.caFile, world.ca.PEM(), 0o600); err != nil {
		return err
	}
	if err := errors.Join(buildEKS(), buildGKE(), buildAKS()); err != nil {
		return err
	}
	var err error
	if world.prod, err = newServer(ctx, "testdata/prod.yaml"); err != nil {
		return err
	}
	if world.staging, err = newServer(ctx, "testdata/staging.yaml"); err != nil {
		return err
	}
	for _, c := range []cloud{world.eks, world.gke, world.aks, world.eksBriefly, world.gkeBriefly, world.aksBriefly} {
		register(c, "prod", world.prod, world.prod.Address)
		register(c, "staging", world.staging, world.staging.Address)
	}
	return nil
}

// destroyWorld stops what runs, and reports what may not be: a plugin that has outlived its host, a request of the
// scanner's that was no read.
func destroyWorld() error {
	var problems []error
	for _, s := range []*server{world.prod, world.staging} {
		if s == nil {
			continue // it did not start
		}
		events, err := s.Audit()
		problems = append(problems, err, onlyReads(events))
		s.Stop()
	}
	if world.dir == "" {
		return errors.Join(problems...)
	}
	left, err := processesOf(world.dir)
	problems = append(problems, err)
	if len(left) > 0 {
		problems = append(problems, fmt.Errorf("processes %v are left behind", left))
	}
	return errors.Join(append(problems, os.RemoveAll(world.dir))...)
}

func newServer(ctx context.Context, manifests string) (*server, error) {
	s := &server{}
	var err error
	s.Cluster, err = cluster.Run(ctx, cluster.Options{
		CA: world.ca, Authenticate: s.authenticate, Issuers: aksIssuers(),
		Tokens: map[string]cluster.User{
			rogueToken: {Name: "rogue", Groups: []string{"kubemuster:readers"}},
			shopToken:  {Name: "shop-auditor"},
		},
	})
	if err != nil {
		return nil, err
	}
	for _, path := range []string{"../../deploy/kubernetes", "testdata/access.yaml", manifests} {
		if err := s.ApplyPath(ctx, path); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
}

// register makes a server known to a cloud: by its own address, or by one that leads to it.
func register(c cloud, name string, s *server, address string) {
	s.mu.Lock()
	s.names = append(s.names, name)
	s.mu.Unlock()
	c.register(name, address, world.ca.PEM())
}

// authenticate is the server's token webhook: EKS's and GKE's control planes ask their cloud. (AKS's verify tokens by
// OpenID Connect, which the server does itself.)
func (s *server) authenticate(token string) (cluster.User, error) {
	switch {
	case strings.HasPrefix(token, "k8s-aws-v1."):
		s.mu.Lock()
		names := slices.Clone(s.names)
		s.mu.Unlock()
		return authenticateEKS(token, names)
	case strings.HasPrefix(token, "ya29."):
		return authenticateGKE(token)
	}
	return cluster.User{}, errors.New("the token is none that the webhook knows")
}

// tlsConfig trusts the tests' own authority and no other.
func tlsConfig() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(world.ca.PEM())
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}

// onlyReads returns an error for each request of the scanner's that is neither get nor list nor a question about itself.
func onlyReads(events []auditv1.Event) error {
	var problems []error
	for _, e := range ofScanner(events) {
		self := e.Verb == "create" && e.ObjectRef != nil && strings.HasPrefix(e.ObjectRef.Resource, "selfsubject")
		if e.Verb != "get" && e.Verb != "list" && !self {
			problems = append(problems, fmt.Errorf("the scanner sent %s %s", e.Verb, e.RequestURI))
		}
	}
	return errors.Join(problems...)
}

func ofScanner(events []auditv1.Event) []auditv1.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e auditv1.Event) bool { return !strings.HasPrefix(e.UserAgent, "kubemuster/") })
}

// buildExecutables builds the scanner and the plugins, as users have them and with the race detector. Compiled code is kept
// between runs; the executables are copied, so that a run locks and starts what nobody else replaces.
func buildExecutables() error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "kubemuster-e2e")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	if world.dir, err = os.MkdirTemp(cache, "run-"); err != nil {
		return err
	}
	// Two checkouts may be tested at once: from building to copying, the folder is one run's.
	alone, err := os.OpenFile(filepath.Join(cache, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = alone.Close() }() // which unlocks it
	if err := syscall.Flock(int(alone.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	world.command = filepath.Join(world.dir, "kubemuster")
	world.plugins, world.rogues = filepath.Join(world.dir, "plugins"), filepath.Join(world.dir, "rogues")
	world.raced.command, world.raced.plugins = filepath.Join(world.dir, "kubemuster-raced"), filepath.Join(world.dir, "raced")
	plugins, err := commandsBelow("../../plugins")
	if err != nil {
		return err
	}
	rogues, err := commandsBelow("testdata/plugins")
	if err != nil {
		return err
	}
	product := append([]string{"./cmd/scanner"}, prefixed("./plugins/", plugins)...)
	for _, b := range []struct {
		name, from string
		args       []string
		command    string // where the scanner goes, if it is among them
		plugins    string // where the plugins go
		names      []string
	}{
		{"bin", "../..", product, world.command, world.plugins, plugins},
		{"raced", "../..", append([]string{"-race"}, product...), world.raced.command, world.raced.plugins, plugins},
		{"rogues", ".", prefixed("./testdata/plugins/", rogues), "", world.rogues, rogues},
	} {
		built := filepath.Join(cache, b.name)
		build := exec.Command("go", append([]string{"build", "-o", built + string(filepath.Separator)}, b.args...)...)
		build.Dir = b.from
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building %v: %w\n%s", b.args, err, out)
		}
		if err := os.Mkdir(b.plugins, 0o755); err != nil {
			return err
		}
		if b.command != "" {
			if err := copyFile(filepath.Join(built, "scanner"), b.command); err != nil {
				return err
			}
		}
		for _, name := range b.names {
			if err := copyFile(filepath.Join(built, name), pluginPath(b.plugins, name)); err != nil {
				return err
			}
		}
		if err := lock(b.plugins, b.names...); err != nil {
			return err
		}
	}
	return nil
}

// lock writes the folder's plugins.lock and grants the plugins their environment.
func lock(dir string, granted ...string) error {
	args := []string{"plugins", "lock", "--plugin-dir", dir}
	if len(granted) > 0 {
		args = append(args, "--grant", strings.Join(granted, ","))
	}
	out, err := exec.Command(world.command, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("locking the plugins: %w\n%s", err, out)
	}
	return nil
}

func pluginPath(dir, provider string) string { return filepath.Join(dir, "kubemuster-auth-"+provider) }

func commandsBelow(dir string) ([]string, error) {
	mains, err := filepath.Glob(filepath.Join(dir, "*", "main.go"))
	for i, m := range mains {
		mains[i] = filepath.Base(filepath.Dir(m))
	}
	return mains, err
}

func prefixed(prefix string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = prefix + s
	}
	return out
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// processesOf returns the processes whose executable is below the folder.
func processesOf(dir string) ([]int, error) {
	out, err := exec.Command("ps", "-A", "-o", "pid=,args=").Output()
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var pids []int
	for line := range strings.Lines(string(out)) {
		pid, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(pid); err == nil && strings.HasPrefix(strings.TrimSpace(command), dir+string(filepath.Separator)) {
			pids = append(pids, n)
		}
	}
	return pids, nil
}
