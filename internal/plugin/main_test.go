package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// hostDir makes the test binary a host that starts a plugin and waits to be killed.
const hostDir = "KUBEMUSTER_TEST_HOST_DIR"

// built is the folder that holds the plugins under testdata/src.
var built string

func TestMain(m *testing.M) {
	if dir := os.Getenv(hostDir); dir != "" {
		beHost(dir, os.Args[len(os.Args)-1])
	}
	if slices.Contains(os.Args, "-test.fuzzworker") {
		os.Exit(m.Run()) // a target needs no plugin
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	tmp, err := os.MkdirTemp("", "km") // short: the path of a socket has 108 bytes
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	built = filepath.Join(tmp, "built")
	if err := os.Mkdir(built, 0o755); err != nil {
		return 1, err
	}
	if out, err := exec.Command("go", "build", "-o", built, "./testdata/src/scripted", "./testdata/src/acme").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("building the plugins: %w\n%s", err, out)
	}
	if err := os.Setenv("TMPDIR", tmp); err != nil {
		return 1, err
	}
	if code := m.Run(); code != 0 {
		return code, nil
	}
	return 0, errors.Join(noSockets(tmp), noGoroutines())
}

// noSockets fails if go-plugin's folders are left in a folder for temporary files.
func noSockets(tmp string) error {
	left, err := filepath.Glob(filepath.Join(tmp, "plugin*"))
	if len(left) > 0 {
		return fmt.Errorf("sockets are left behind: %v", left)
	}
	return err
}

// noGoroutines fails if a goroutine outlives the tests.
func noGoroutines() error {
	var left []string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		stacks := make([]byte, 1<<20)
		left = nil
		for g := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if !strings.Contains(g, "plugin.noGoroutines(") && !strings.Contains(g, "os/signal.loop") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return nil
		}
	}
	return fmt.Errorf("goroutines are left behind:\n%s", strings.Join(left, "\n\n"))
}

// install makes the scripted plugin known under names, in a folder of its own.
func install(t testing.TB, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	for _, name := range names {
		must(t, os.Link(filepath.Join(built, "scripted"), filepath.Join(dir, prefix+name)))
	}
	return dir
}

// start returns a host over a folder, and its log.
func start(t testing.TB, dir string, set ...func(*Host)) (*Host, *journal) {
	t.Helper()
	log := &journal{}
	log.arrived.L = &log.mu
	h := NewHost(Options{Dirs: []string{dir}, Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	h.times.restart = time.Millisecond
	for _, f := range set {
		f(h)
	}
	t.Cleanup(h.Close)
	return h, log
}

func callTimeout(d time.Duration) func(*Host) { return func(h *Host) { h.opts.CallTimeout = d } }

// provider returns a started plugin.
func provider(t testing.TB, h *Host, name string) *Provider {
	t.Helper()
	p, err := h.Provider(t.Context(), name)
	must(t, err)
	return p
}

// order returns the target that has a scripted plugin do something.
func order(t testing.TB, p *Provider, do string) sdk.Target {
	t.Helper()
	target, err := p.Info().ParseTarget(p.Info().Name+"://"+do, nil, func(ref string) (sdk.Secret, error) { return sdk.NewSecret(ref), nil })
	must(t, err)
	return target
}

// do has a scripted plugin do something.
func do(t testing.TB, p *Provider, what string) (*sdk.Access, error) {
	t.Helper()
	return p.Access(t.Context(), order(t, p, what))
}

// journal keeps log records.
type journal struct {
	mu      sync.Mutex
	arrived sync.Cond
	lines   []string
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, string(p))
	j.arrived.Broadcast()
	return len(p), nil
}

// await returns the first record that holds text, once there is one.
func (j *journal) await(t testing.TB, text string) map[string]any {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		for _, line := range j.lines {
			if strings.Contains(line, text) {
				var fields map[string]any
				must(t, json.Unmarshal([]byte(line), &fields))
				return fields
			}
		}
		j.arrived.Wait()
	}
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "")
}

// watcher counts the plugin processes of a folder and sees their end: each holds a connection for as long as it lives.
type watcher struct {
	launched chan struct{} // one element for each launch
	mu       sync.Mutex
	held     []net.Conn
}

func watch(t testing.TB, dir string) *watcher {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "watcher"), []byte(l.Addr().String()), 0o600))
	w := &watcher{launched: make(chan struct{}, 1000)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			w.held = append(w.held, conn)
			w.mu.Unlock()
			w.launched <- struct{}{}
			_, _ = conn.Write([]byte{1}) // the process waits for it
		}
	}()
	t.Cleanup(func() {
		must(t, l.Close())
		for _, c := range w.held {
			_ = c.Close()
		}
	})
	return w
}

// launches returns how many processes there have been.
func (w *watcher) launches() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.held)
}

// awaitEnd returns when every process has ended.
func (w *watcher) awaitEnd(t testing.TB) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.held {
		must(t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("a plugin process is still there")
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantErr fails unless err's text holds every one of parts.
func wantErr(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not hold %q", err, p)
		}
	}
	if bytes.ContainsAny([]byte(err.Error()), "\n\x1b") {
		t.Errorf("error %q is more than a line of text", err)
	}
}

// beHost starts a plugin, says so, and has it do what it is told to for as long as the host lives.
func beHost(dir, what string) {
	h := NewHost(Options{Dirs: []string{dir}})
	p, err := h.Provider(context.Background(), "scripted")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	_, err = p.Access(context.Background(), sdk.Target{Provider: "scripted", Path: map[string]string{"do": what}})
	if err != nil {
		os.Exit(1)
	}
	select {}
}
