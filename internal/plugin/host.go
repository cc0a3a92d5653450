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
	opts Options

	mu        sync.Mutex
	providers map[string]*Provider
	closed    bool
}

// NewHost returns a host that has started nothing yet.
func NewHost(opts Options) *Host {
	if opts.CallTimeout == 0 {
		opts.CallTimeout = time.Minute
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Host{opts: opts, providers: map[string]*Provider{}}
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
// error that says so; it is tried again on the next call.
func (h *Host) Provider(ctx context.Context, name string) (*Provider, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errors.New("the plugins are already stopped")
	}
	p, ok := h.providers[name]
	if !ok {
		exe, err := h.find(name)
		if err != nil {
			h.mu.Unlock()
			return nil, err
		}
		p = &Provider{host: h, exe: exe}
		h.providers[name] = p
	}
	h.mu.Unlock()
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Running returns what a plugin that this host has started told of itself, and its executable's path.
func (h *Host) Running(name string) (sdk.Info, string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.providers[name]
	if !ok {
		return sdk.Info{}, "", false
	}
	return p.info, p.exe.Path, true
}

// Close stops every plugin. It may be called more than once.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	providers := slices.Collect(maps.Values(h.providers))
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range providers {
		wg.Go(p.stop)
	}
	wg.Wait()
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
	return Executable{}, sdk.Errorf(sdk.ErrInvalidTarget, "the known ones are "+strings.Join(known, ", "), "unknown provider %q", name)
}

func validName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// checkPermissions refuses an executable that someone else could have replaced.
func checkPermissions(path string) error {
	if runtime.GOOS == "windows" {
		return nil // the mode bits say nothing there
	}
	for _, p := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
			return fmt.Errorf("%s may be written by anyone; take that right away (chmod o-w) before it is trusted", p)
		}
	}
	return nil
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
