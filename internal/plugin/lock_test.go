package plugin

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// lock writes the lock of a folder with the scripted plugin in it, changed as a test wants it.
func lock(t *testing.T, dir string, change func(*LockedInfo)) {
	t.Helper()
	h, _ := start(t, dir)
	entry, err := h.LockEntry(t.Context(), "scripted", true)
	must(t, err)
	h.Close()
	if change != nil {
		change(&entry)
	}
	must(t, (&Lock{Version: 1, Plugins: map[string]LockedInfo{"scripted": entry}}).Write(dir))
}

func TestLockEntry(t *testing.T) {
	dir := install(t, "scripted")
	h, _ := start(t, dir)
	bare, err := h.LockEntry(t.Context(), "scripted", false)
	must(t, err)
	granted, err := h.LockEntry(t.Context(), "scripted", true)
	must(t, err)
	sum, err := Hash(filepath.Join(dir, prefix+"scripted"))
	must(t, err)
	want := LockedInfo{SHA256: map[string]string{Platform: hex.EncodeToString(sum)}, Env: []string{}, Info: provider(t, h, "scripted").Info()}
	if !reflect.DeepEqual(bare, want) {
		t.Errorf("got %+v\nwant %+v", bare, want)
	}
	if want.Env = want.Info.Env; !reflect.DeepEqual(granted, want) {
		t.Errorf("granted: got %+v\nwant %+v", granted, want)
	}

	l := &Lock{Version: 1, Plugins: map[string]LockedInfo{"scripted": granted}}
	must(t, l.Write(dir))
	must(t, l.Write(dir)) // over the first
	read, err := ReadLock(dir)
	must(t, err)
	if !reflect.DeepEqual(read, l) {
		t.Errorf("read %+v\nwrote %+v", read, l)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, LockFile+".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := h.LockEntry(t.Context(), "other", false); !errors.Is(err, sdk.ErrInvalidTarget) {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestLockedPluginStartsOnce(t *testing.T) {
	t.Setenv("SCRIPTED_GRANTED", "granted")
	dir := install(t, "scripted")
	lock(t, dir, func(l *LockedInfo) { l.Info.Version = "of the lock" })
	w := watch(t, dir)
	h, _ := start(t, dir)
	p := provider(t, h, "scripted")
	a, err := do(t, p, "environment")
	must(t, err)
	if !strings.Contains(a.Cluster.ID, "SCRIPTED_GRANTED=granted") {
		t.Error("what the lock grants did not arrive")
	}
	if w.launches() != 1 || p.Info().Version != "of the lock" {
		t.Errorf("%d launches, version %s", w.launches(), p.Info().Version)
	}
}

func TestLockEntryLaunchesOnce(t *testing.T) {
	dir := install(t, "scripted")
	w := watch(t, dir)
	h, _ := start(t, dir)
	if _, err := h.LockEntry(t.Context(), "scripted", true); err != nil || w.launches() != 1 {
		t.Errorf("%d launches, error %v", w.launches(), err)
	}
	w.awaitEnd(t)
}

func TestLockRefuses(t *testing.T) {
	raw := func(text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, LockFile), []byte(text), 0o644))
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string
	}{
		{"another executable", func(t *testing.T, dir string) {
			lock(t, dir, nil)
			path := filepath.Join(dir, prefix+"scripted")
			data, err := os.ReadFile(path)
			must(t, err)
			must(t, os.Remove(path)) // it is linked
			must(t, os.WriteFile(path, append(data, 0), 0o755))
		}, "plugin scripted differs from the one in plugins.lock; check where the change comes from, then run kubemuster plugins lock"},
		{"not in it", raw(`{"version":1,"plugins":{"other":{}}}`), "plugin scripted is not in plugins.lock"},
		{"empty", raw(`{"version":1}`), "plugin scripted is not in plugins.lock"},
		{"another platform's", func(t *testing.T, dir string) {
			lock(t, dir, func(l *LockedInfo) { l.SHA256 = map[string]string{"plan9_mips": l.SHA256[Platform]} })
		}, "plugin scripted has no hash for " + Platform},
		{"half a hash", func(t *testing.T, dir string) {
			lock(t, dir, func(l *LockedInfo) { l.SHA256[Platform] = l.SHA256[Platform][:32] })
		}, "has no hash for"},
		{"another name", func(t *testing.T, dir string) {
			lock(t, dir, func(l *LockedInfo) { l.Info.Name = "other" })
		}, `calls itself "other"`},
		{"another version", raw(`{"version":2,"plugins":{}}`), "is no plugin lock of version 1; write it anew with kubemuster plugins lock"},
		{"no JSON", raw("sha256"), "plugins.lock:1: is no JSON: invalid character 's' looking for beginning of value; write it anew with kubemuster plugins lock"},
		{"cut off", raw("{\n\"version\": 1,\n"), "plugins.lock:3: is no JSON: unexpected end of JSON input"},
		{"nothing", raw(""), "plugins.lock is empty"},
		{"something else", raw("[]"), "is no plugin lock of version 1"},
		{"an unknown key", raw("{\n\"version\": 1,\n\"plugins\": {\"scripted\": {\n\"sha512\": {}}}}"), `plugins.lock:4: unknown field "sha512"`},
		{"a plugin twice", raw("{\n\"version\": 1,\n\"plugins\": {\"scripted\": {},\n\"scripted\": {}}}"), `plugins.lock:4: the key "scripted" stands twice`},
		{"a key in two cases", raw("{\n\"version\": 1,\n\"plugins\": {},\n\"Plugins\": {}}"), `plugins.lock:4: the key "Plugins" stands twice`},
		{"another type", raw("{\n\"version\": 1,\n\"plugins\": {\"scripted\": {\n\"env\": \"A\"}}}"), "plugins.lock:4: plugins.env takes no string"},
		{"a folder", func(t *testing.T, dir string) { must(t, os.Mkdir(filepath.Join(dir, LockFile), 0o755)) }, "reading the plugin lock"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := install(t, "scripted")
			c.spoil(t, dir)
			w := watch(t, dir)
			h, _ := start(t, dir)
			for range 3 {
				_, err := h.Provider(t.Context(), "scripted")
				wantErr(t, err, c.want)
			}
			if w.launches() != 0 {
				t.Error("it was launched")
			}
			free, _ := start(t, dir, func(h *Host) { h.opts.IgnoreLock = true })
			provider(t, free, "scripted")
		})
	}
}

// An executable that is changed between its start and its restart is not started again.
func TestLockHoldsForRestart(t *testing.T) {
	dir := install(t, "scripted")
	lock(t, dir, nil)
	h, _ := start(t, dir)
	p := provider(t, h, "scripted")
	path := filepath.Join(dir, prefix+"scripted")
	must(t, os.Remove(path))
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
	_, err := do(t, p, "dies")
	wantErr(t, err, "differs from the one in plugins.lock")
}

func TestWriteLockFails(t *testing.T) {
	wantErr(t, (&Lock{Version: 1}).Write(filepath.Join(t.TempDir(), "missing")), "writing the plugin lock")
}

// Whatever stands in a lock, it is read or refused; and what is read can be written and read again.
func FuzzParseLock(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"version":1}`, `{"version":1,"plugins":{"a":{"sha256":{"linux_amd64":"00"},"env":["A"],"info":{"name":"a"}}}}`,
		`{"version":1,"plugins":{"a":{},"a":{}}}`, "{\"version\":1,\n\"x\":[{}]}", `{"version":"1"}`, "[[", `{"version":1,"plugins":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLock(data)
		if err != nil {
			if m := (lockMistake{}); !errors.As(err, &m) || m.line < 0 || m.line > bytes.Count(data, []byte("\n"))+1 || m.what == "" {
				t.Errorf("the error is %#v", err)
			}
			return
		}
		again, err := json.Marshal(l)
		must(t, err)
		back, err := parseLock(again)
		if err != nil || !reflect.DeepEqual(back, l) {
			t.Errorf("read %+v, then %+v, %v", l, back, err)
		}
	})
}
