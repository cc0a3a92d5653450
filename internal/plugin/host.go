// Package plugin is the host of auth plugins: it finds their executables, checks them against the lock, launches one
// process for each provider, supervises it, and stops it. It knows no provider.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// Options configure a Host.
type Options struct {
	// Dirs are searched in order for plugins; see Dirs.
	Dirs []string
	// Env grants environment variables to plugins, by provider, beside what the lock grants.
	Env map[string][]string
	// CallTimeout bounds one call to a plugin; zero means one minute.
	CallTimeout time.Duration
	// IgnoreLock launches plugins whatever a lock says: for writing a new one.
	IgnoreLock bool
	Log        *slog.Logger
}

// Host launches plugins on first use and shares one process for each provider. It is safe for concurrent use.
type Host struct {
	opts  Options
	times times

	mu        sync.Mutex
	providers map[string]*Provider
	closed    chan struct{}
}

// times bound what the host waits for.
type times struct {
	start   time.Duration // from a launch to the first answer
	restart time.Duration // before the one restart that a process which died is granted
	stop    time.Duration // for a process to end by itself
}

// NewHost returns a host that has started nothing yet.
func NewHost(opts Options) *Host {
	if opts.CallTimeout == 0 {
		opts.CallTimeout = time.Minute
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Host{
		opts:      opts,
		times:     times{start: 20 * time.Second, restart: 200 * time.Millisecond, stop: 3 * time.Second},
		providers: map[string]*Provider{},
		closed:    make(chan struct{}),
	}
}

// Dirs returns the folders that are searched for plugins, in order: the given one, KUBEMUSTER_PLUGIN_DIR, plugins/ beside
// the executable, and the user's data folder. The working directory and PATH are never searched.
func Dirs(flag string) []string {
	var dirs []string
	for _, d := range []string{flag, os.Getenv("KUBEMUSTER_PLUGIN_DIR")} {
		if d == "" {
			continue
		}
		if abs, err := filepath.Abs(d); err == nil {
			dirs = append(dirs, abs)
		}
	}
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dirs = append(dirs, filepath.Join(filepath.Dir(exe), "plugins"))
	}
	data := os.Getenv("XDG_DATA_HOME")
	if home, err := os.UserHomeDir(); data == "" && err == nil {
		data = filepath.Join(home, ".local", "share")
	}
	if filepath.IsAbs(data) {
		dirs = append(dirs, filepath.Join(data, "kubemuster", "plugins"))
	}
	return dirs
}

// Executable is a plugin that was found.
type Executable struct {
	Name string // the provider's
	Path string // absolute
}

const prefix = "kubemuster-auth-"

// Installed lists the plugins in the host's folders by name. The first folder that holds a name wins.
func (h *Host) Installed() []Executable {
	found := map[string]Executable{}
	for _, dir := range h.opts.Dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a folder that is not there holds no plugins
		}
		for _, e := range entries {
			name, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), exeSuffix()), prefix)
			if _, seen := found[name]; !ok || seen || e.IsDir() || !validName(name) {
				continue
			}
			found[name] = Executable{name, filepath.Join(dir, e.Name())}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Executable) int { return strings.Compare(a.Name, b.Name) })
}

// Provider returns the plugin of this name, started. A plugin that is missing, not trusted or does not start is an
// error that says so; it is tried once more on the next call.
func (h *Host) Provider(ctx context.Context, name string) (*Provider, error) {
	h.mu.Lock()
	if h.isClosed() {
		h.mu.Unlock()
		return nil, errStopped
	}
	p, ok := h.providers[name]
	if !ok {
		exe, err := h.find(name)
		if err != nil {
			h.mu.Unlock()
			return nil, err
		}
		p = &Provider{host: h, exe: exe, turn: make(chan struct{}, 1)}
		h.providers[name] = p
	}
	h.mu.Unlock()
	if _, err := p.start(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Running returns what a plugin that this host has started told of itself, and its executable's path.
func (h *Host) Running(name string) (sdk.Info, string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.providers[name]
	if !ok || p.told.Load() == nil {
		return sdk.Info{}, "", false
	}
	return p.Info(), p.exe.Path, true
}

// Close stops every plugin; calls that are under way fail. It may be called more than once.
func (h *Host) Close() {
	h.mu.Lock()
	if !h.isClosed() {
		close(h.closed)
	}
	providers := slices.Collect(maps.Values(h.providers))
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range providers {
		wg.Go(p.stop)
	}
	wg.Wait()
}

func (h *Host) isClosed() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}

// untilClosed returns a context that ends with ctx or with the host.
func (h *Host) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-h.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (h *Host) find(name string) (Executable, error) {
	if validName(name) {
		for _, e := range h.Installed() {
			if e.Name == name {
				return e, nil
			}
		}
	}
	var known []string
	for _, e := range h.Installed() {
		known = append(known, e.Name)
	}
	if len(known) == 0 {
		return Executable{}, sdk.Errorf(sdk.ErrInvalidTarget, "point --plugin-dir at the folder that holds them; searched "+strings.Join(h.opts.Dirs, ", "),
			"no auth plugins found")
	}
	return Executable{}, sdk.Errorf(sdk.ErrInvalidTarget, "the known ones are "+strings.Join(append(known, "manifests", "snapshot"), ", "), "unknown provider %q", name)
}

func validName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// checkWriters refuses an executable that someone else could have replaced: it, its lock, and each link on the way to it, with
// the folders that those stand in.
func (e Executable) checkWriters() error {
	if err := checkWay(filepath.Dir(e.Path)); err != nil { // the folder may be found through links itself
		return err
	}
	if err := checkWay(e.Path); err != nil {
		return err
	}
	if err := checkWriters(filepath.Join(filepath.Dir(e.Path), LockFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// maxLinks is how many links may lead to a file, as Linux has it.
const maxLinks = 40

// checkWay refuses a path that someone else could lead elsewhere: what stands at its end, and the folder of each link there.
func checkWay(path string) error {
	for range maxLinks {
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		link := info.Mode()&fs.ModeSymlink != 0
		if !info.IsDir() { // a folder's own folder may be home's or root's, and is not looked at
			if err := checkWriters(filepath.Dir(path)); err != nil {
				return err
			}
		}
		if !link {
			return checkWriters(path)
		}
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		if !filepath.IsAbs(to) {
			// The folder may be a link, and what is above it is above where that leads.
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return err
			}
			to = filepath.Join(folder, to)
		}
		path = filepath.Clean(to)
	}
	return fmt.Errorf("%s is behind more than %d links", path, maxLinks)
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
