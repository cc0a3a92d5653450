package plugin

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func TestDirs(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	self, err = filepath.EvalSymlinks(self)
	must(t, err)
	beside := filepath.Join(filepath.Dir(self), "plugins")
	here := t.TempDir()
	t.Chdir(here)
	for _, c := range []struct {
		name, flag, variable, data string
		want                       []string
	}{
		{"none", "", "", "", []string{beside, "/home/me/.local/share/kubemuster/plugins"}},
		{"all", "/flag", "/variable", "/data", []string{"/flag", "/variable", beside, "/data/kubemuster/plugins"}},
		{"relative", "flag", "variable", "data", []string{filepath.Join(here, "flag"), filepath.Join(here, "variable"), beside}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("HOME", "/home/me")
			t.Setenv("KUBEMUSTER_PLUGIN_DIR", c.variable)
			t.Setenv("XDG_DATA_HOME", c.data)
			if got := Dirs(c.flag); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestInstalled(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, path := range []string{
		filepath.Join(first, prefix+"b"), filepath.Join(first, "kubemuster"), filepath.Join(first, prefix), filepath.Join(first, prefix+"Upper"),
		filepath.Join(first, prefix+"x.exe"), filepath.Join(second, prefix+"b"), filepath.Join(second, prefix+"a-1"),
	} {
		must(t, os.WriteFile(path, nil, 0o755))
	}
	must(t, os.Mkdir(filepath.Join(first, prefix+"folder"), 0o755))
	h := NewHost(Options{Dirs: []string{filepath.Join(first, "missing"), first, second}})
	want := []Executable{{"a-1", filepath.Join(second, prefix+"a-1")}, {"b", filepath.Join(first, prefix+"b")}}
	if got := h.Installed(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestFirstFolderWins(t *testing.T) {
	broken, sound := install(t), install(t, "scripted")
	must(t, os.WriteFile(filepath.Join(broken, prefix+"scripted"), []byte("no program"), 0o755))
	h, _ := start(t, broken, func(h *Host) { h.opts.Dirs = []string{broken, sound} })
	_, err := h.Provider(t.Context(), "scripted")
	wantErr(t, err, "did not start") // and the other one is not taken in its place
	h, _ = start(t, broken, func(h *Host) { h.opts.Dirs = []string{sound, broken} })
	if got := provider(t, h, "scripted").Path(); got != filepath.Join(sound, prefix+"scripted") {
		t.Errorf("started %s", got)
	}
}

func TestUnknownProvider(t *testing.T) {
	dir := install(t, "scripted")
	outside := filepath.Join(filepath.Dir(dir), prefix+"outside")
	must(t, os.Link(filepath.Join(built, "scripted"), outside))
	t.Cleanup(func() { _ = os.Remove(outside) })
	t.Chdir(dir)
	h, _ := start(t, dir)
	for _, name := range []string{"", "eks", "../outside", "x/../../" + prefix + "outside", "/bin/sh", "scripted/", "SCRIPTED", "scripted\x00"} {
		_, err := h.Provider(t.Context(), name)
		if !errors.Is(err, sdk.ErrInvalidTarget) {
			t.Errorf("%q: %v", name, err)
		}
		wantErr(t, err, "unknown provider", "the known ones are scripted, manifests, snapshot")
	}
	nowhere, _ := start(t, filepath.Join(dir, "missing"))
	_, err := nowhere.Provider(t.Context(), "scripted") // it is in the working directory
	wantErr(t, err, "no auth plugins found; point --plugin-dir at the folder that holds them; searched "+dir)
}

func TestWritersAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(t *testing.T, dir, exe string)
		want string // empty: it is taken
	}{
		{"sound", func(t *testing.T, dir, exe string) {}, ""},
		{"executable for anyone", func(t *testing.T, dir, exe string) { must(t, os.Chmod(exe, 0o757)) }, "kubemuster-auth-scripted may be written by anyone; take that right away (chmod o-w)"},
		{"folder for anyone", func(t *testing.T, dir, exe string) { must(t, os.Chmod(dir, 0o777)) }, "may be written by anyone"},
		{"sticky folder", func(t *testing.T, dir, exe string) { must(t, os.Chmod(dir, 0o777|fs.ModeSticky)) }, ""},
		{"lock for anyone", func(t *testing.T, dir, exe string) {
			lock(t, dir, nil)
			must(t, os.Chmod(filepath.Join(dir, LockFile), 0o666))
		}, "plugins.lock may be written by anyone"},
		{"link", func(t *testing.T, dir, exe string) { link(t, exe) }, ""},
		{"link into a folder for anyone", func(t *testing.T, dir, exe string) { must(t, os.Chmod(link(t, exe), 0o777)) }, "may be written by anyone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := install(t)
			exe := filepath.Join(dir, prefix+"scripted")
			data, err := os.ReadFile(filepath.Join(built, "scripted"))
			must(t, err)
			must(t, os.WriteFile(exe, data, 0o755)) // no link: its mode is changed
			c.set(t, dir, exe)
			w := watch(t, dir)
			h, _ := start(t, dir)
			p, err := h.Provider(t.Context(), "scripted")
			if c.want == "" {
				must(t, err)
				_, err = do(t, p, "ok")
				must(t, err)
				return
			}
			wantErr(t, err, "plugin scripted is refused: ", c.want)
			if w.launches() != 0 {
				t.Error("it was launched")
			}
		})
	}
}

func TestWritingGroup(t *testing.T) {
	me, err := user.Current()
	must(t, err)
	gid, err := strconv.ParseUint(me.Gid, 10, 32)
	must(t, err)
	var own error // of a group with the user's name nobody else is in
	if g, err := user.LookupGroupId(me.Gid); err != nil || g.Name != me.Username {
		own = errors.New("refused")
	}
	const shared = 54321
	for _, c := range []struct {
		mode fs.FileMode
		gid  uint32
		want error
	}{
		{0o755, shared, nil},
		{0o775, shared, errors.New("refused")},
		{0o775, uint32(gid), own},
		{0o777, uint32(gid), errors.New("refused")},
		{0o777 | fs.ModeDir | fs.ModeSticky, shared, nil},
		{0o777 | fs.ModeSticky, shared, errors.New("refused")}, // of a file it says nothing
	} {
		if err := refuseWriters("path", c.mode, c.gid); (err == nil) != (c.want == nil) {
			t.Errorf("%v of group %d: %v", c.mode, c.gid, err)
		}
	}
}

// link moves an executable into another folder, which it returns, and leaves a symbolic link.
func link(t *testing.T, exe string) string {
	t.Helper()
	dir := install(t)
	must(t, os.Rename(exe, filepath.Join(dir, "v1")))
	must(t, os.Symlink(filepath.Join(dir, "v1"), exe))
	return dir
}

// Whoever may change one link on the way to a plugin, or put another in its place, chooses what is launched.
func TestWritersOnTheWay(t *testing.T) {
	open := func(t *testing.T, mode fs.FileMode) string {
		dir := t.TempDir()
		must(t, os.Chmod(dir, mode))
		return dir
	}
	file := func(t *testing.T, dir string) string {
		path := filepath.Join(dir, "v1")
		must(t, os.WriteFile(path, nil, 0o700))
		return path
	}
	for name, c := range map[string]struct {
		path    func(*testing.T) string
		refused bool
	}{
		"no link": {func(t *testing.T) string { return file(t, t.TempDir()) }, false},
		"a chain of links": {func(t *testing.T) string {
			hop, path := filepath.Join(t.TempDir(), "hop"), filepath.Join(t.TempDir(), "kubemuster-auth-a")
			must(t, errors.Join(os.Symlink(file(t, t.TempDir()), hop), os.Symlink(hop, path)))
			return path
		}, false},
		"a chain through a folder that anyone may write": {func(t *testing.T) string {
			hop, path := filepath.Join(open(t, 0o777), "hop"), filepath.Join(t.TempDir(), "kubemuster-auth-a")
			must(t, errors.Join(os.Symlink(file(t, t.TempDir()), hop), os.Symlink(hop, path)))
			return path
		}, true},
		"a folder that is a link, where anyone may write": {func(t *testing.T) string {
			real, dir := t.TempDir(), filepath.Join(open(t, 0o777), "plugins")
			must(t, os.Symlink(real, dir))
			return filepath.Join(dir, filepath.Base(file(t, real)))
		}, true},
		"a relative link": {func(t *testing.T) string {
			dir := t.TempDir()
			file(t, dir)
			must(t, os.Symlink("v1", filepath.Join(dir, "a")))
			return filepath.Join(dir, "a")
		}, false},
		"links in a circle": {func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "a")
			must(t, os.Symlink(path, path))
			return path
		}, true},
	} {
		if err := (Executable{"a", c.path(t)}).checkWriters(); (err != nil) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefuseOwner(t *testing.T) {
	for _, c := range []struct {
		owner uint32
		me    int
		ok    bool
	}{{0, 1000, true}, {1000, 1000, true}, {0, 0, true}, {1001, 1000, false}, {1000, 0, false}} {
		if err := refuseOwner("path", c.owner, c.me); (err == nil) != c.ok {
			t.Errorf("what belongs to %d, for %d: %v", c.owner, c.me, err)
		}
	}
}
