package plugin

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestNoStart(t *testing.T) {
	script := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte(text), 0o755)) }
	}
	const uncounted = -1
	for _, c := range []struct {
		name     string
		place    func(t *testing.T, path string) // nil: the scripted plugin
		want     string
		launches int // of the scripted plugin, for three tries
	}{
		{"garbage", nil, "plugin garbage did not start: Unrecognized remote plugin message: hello, I am a program [31mof another kind", 2},
		{"mute", nil, "(its last words: no configuration found)", 2},
		{"renamed", nil, `calls itself "other"; name the executable after its provider`, 2},
		{"panicky", nil, "plugin panicky crashed when it was asked what it is (its last words: panic: no idea who I am)", 2},
		{"silent", nil, "plugin silent does not tell what it is", 2},
		{"slow", nil, "plugin slow did not start: timeout while waiting for plugin to start", uncounted},
		{"script", script("#!/bin/sh\necho hello\n"), "did not start: Unrecognized remote plugin message: hello", 0},
		{"holder", script("#!/bin/sh\nsleep 60\n"), "did not start: timeout", 0},
		{"leaver", script("#!/bin/sh\nsleep 20 &\n"), "did not start", 0},
		{"text", script("no program\n"), "exec format error; is ", 0},
		{"file", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o644)) }, "permission denied", 0},
		{"folder", func(t *testing.T, path string) { must(t, os.Symlink(t.TempDir(), path)) }, "did not start", 0},
		{"nowhere", func(t *testing.T, path string) { must(t, os.Symlink("not there", path)) }, "is refused", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := install(t)
			path := filepath.Join(dir, prefix+c.name)
			if c.place != nil {
				c.place(t, path)
			} else {
				must(t, os.Link(filepath.Join(built, "scripted"), path))
			}
			w := watch(t, dir)
			h, _ := start(t, dir)
			switch c.name {
			case "silent":
				h.opts.CallTimeout = 100 * time.Millisecond
			case "slow", "holder":
				h.times.start = 100 * time.Millisecond
			}
			for range 3 { // the third is told without another try
				p, err := h.Provider(t.Context(), c.name)
				wantErr(t, err, c.want)
				if p != nil {
					t.Error("got a provider beside the error")
				}
			}
			if c.launches != uncounted && w.launches() != c.launches {
				t.Errorf("%d launches, want %d", w.launches(), c.launches)
			}
			if _, _, ok := h.Running(c.name); ok {
				t.Error("it counts as running")
			}
			w.awaitEnd(t)
		})
	}
}

// A start that does not come to its end ends with whoever asked for it, and with the host.
func TestStartIsGivenUp(t *testing.T) {
	t.Run("by its caller", func(t *testing.T) {
		dir := install(t, "slow")
		w := watch(t, dir)
		h, _ := start(t, dir)
		first, stop := context.WithCancel(t.Context())
		started := make(chan error)
		go func() {
			_, err := h.Provider(first, "slow")
			started <- err
		}()
		<-w.launched

		impatient, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.Provider(impatient, "slow"); !errors.Is(err, context.Canceled) {
			t.Errorf("one who waits for another's start got %v", err)
		}
		stop()
		if err := <-started; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		w.awaitEnd(t)
		if p := h.providers["slow"]; p.failures != 0 {
			t.Error("giving up counts as a failure")
		}
	})
	t.Run("by the host", func(t *testing.T) {
		dir := install(t, "slow")
		w := watch(t, dir)
		h, _ := start(t, dir)
		started := make(chan error)
		go func() {
			_, err := h.Provider(t.Context(), "slow")
			started <- err
		}()
		<-w.launched
		h.Close()
		if err := <-started; !errors.Is(err, errStopped) {
			t.Errorf("got %v", err)
		}
		w.awaitEnd(t)
	})
}

func TestClose(t *testing.T) {
	dir := install(t, "scripted", "second")
	w := watch(t, dir)
	h, _ := start(t, dir)
	p := provider(t, h, "scripted")
	provider(t, h, "second")
	var calls, closes sync.WaitGroup
	answered := make(chan struct{}, 8)
	for range cap(answered) {
		calls.Go(func() {
			_, err := do(t, p, "ok")
			answered <- struct{}{}
			for err == nil {
				_, err = do(t, p, "ok")
			}
			if !errors.Is(err, errStopped) {
				t.Errorf("a call ends with %v", err)
			}
		})
		calls.Go(func() {
			if _, err := do(t, p, "waits"); !errors.Is(err, errStopped) {
				t.Errorf("a call that is under way ends with %v", err)
			}
		})
	}
	for range cap(answered) {
		<-answered
	}
	for range 3 {
		closes.Go(h.Close)
	}
	closes.Wait()
	w.awaitEnd(t)
	calls.Wait()
	if w.launches() != 4 {
		t.Errorf("%d launches", w.launches())
	}
	if _, err := h.Provider(t.Context(), "scripted"); !errors.Is(err, errStopped) {
		t.Errorf("a closed host answers %v", err)
	}
	if _, err := do(t, p, "ok"); !errors.Is(err, errStopped) {
		t.Errorf("a stopped plugin answers %v", err)
	}
	h.Close()
}
