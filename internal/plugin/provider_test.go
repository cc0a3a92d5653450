package plugin

import (
	"bufio"
	"context"
	"errors"
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

	"github.com/kubemuster/kubemuster/internal/pluginpb"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// As the scripted plugin has them.
const (
	jwt    = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0aGUtcGxhbmV0In0.c2lnbmF0dXJlLW9mLWl0"
	opaque = "hunter2-is-no-pattern"
)

func TestAccess(t *testing.T) {
	h, _ := start(t, install(t, "scripted"))
	p := provider(t, h, "scripted")
	if i := p.Info(); i.Name != "scripted" || i.Version != "1.2.3" || i.Path != "{do}" || len(i.Parameters) != 3 || i.Parameters[0].Help != sdk.ParameterCAFile.Help {
		t.Errorf("the plugin tells %+v", i)
	}
	for _, c := range []struct {
		do   string
		want []string // in the error; nil for none
	}{
		{"ok", nil},
		{"http", []string{"plugin scripted gave an unusable answer for scripted://http", "not an https URL"}},
		{"link-local", []string{"unusable answer", "where no API server is"}},
		{"empty-trust", []string{"unusable answer", "no certificate authority to trust"}},
		{"garbage-trust", []string{"unusable answer", "no PEM certificate"}},
		{"other-provider", []string{`plugin scripted gave an answer for scripted://other-provider that is of provider "other"`}},
		{"nothing", []string{"neither an answer nor an error"}},
		{"huge", []string{"larger than max"}},
	} {
		t.Run(c.do, func(t *testing.T) {
			a, err := do(t, p, c.do)
			if c.want != nil {
				wantErr(t, err, c.want...)
				return
			}
			must(t, err)
			if a.Server != "https://api.example.test" || !a.Trust.System() || a.Cluster.Name != "ok" {
				t.Errorf("got %+v", a)
			}
		})
	}
	t.Run("parameters and secrets arrive", func(t *testing.T) {
		a, err := do(t, p, "echo?marker=/tmp/x&password=env:P")
		must(t, err)
		if want := "map[do:echo] map[marker:/tmp/x]env:P"; a.Cluster.ID != want {
			t.Errorf("the plugin got %s, want %s", a.Cluster.ID, want)
		}
	})
	t.Run("hint", func(t *testing.T) {
		a, err := do(t, p, "hint")
		must(t, err)
		if want := "sign in [31magain with [redacted]"; a.Hint != want {
			t.Errorf("hint %q, want %q", a.Hint, want)
		}
	})
}

func TestToken(t *testing.T) {
	h, _ := start(t, install(t, "scripted"))
	p := provider(t, h, "scripted")
	for _, c := range []struct{ do, want string }{
		{"ok", ""},
		{"lasting", ""},
		{"certificate", ""},
		{"empty", "plugin scripted gave an empty credential for scripted://empty"},
		{"half-certificate", "empty credential"},
		{"expired", "plugin scripted gave a credential for scripted://expired that expired at 2"},
		{"nothing", "neither an answer nor an error"},
	} {
		t.Run(c.do, func(t *testing.T) {
			tok, err := p.Token(t.Context(), order(t, p, c.do))
			if c.want != "" {
				wantErr(t, err, c.want)
				return
			}
			must(t, err)
			if c.do == "certificate" {
				if tok.ClientKey.Reveal() != "key" || string(tok.ClientCertificate) != "certificate" || !tok.Value.IsZero() {
					t.Error("the client certificate did not arrive")
				}
			} else if tok.Value.Reveal() != jwt {
				t.Error("the token did not arrive")
			}
			if tok.Expiry.IsZero() != (c.do == "lasting") {
				t.Errorf("expiry %v", tok.Expiry)
			}
		})
	}
}

func TestFailuresCrossTheWire(t *testing.T) {
	h, _ := start(t, install(t, "scripted"))
	p := provider(t, h, "scripted")
	for name, kind := range map[string]error{
		"unauthenticated":   sdk.ErrUnauthenticated,
		"permission-denied": sdk.ErrPermissionDenied,
		"target-not-found":  sdk.ErrTargetNotFound,
		"invalid-target":    sdk.ErrInvalidTarget,
		"is-unavailable":    sdk.ErrUnavailable,
		"unsupported":       sdk.ErrUnsupported,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := do(t, p, name)
			var e *sdk.Error
			if !errors.Is(err, kind) || !errors.As(err, &e) {
				t.Fatalf("%v is not %v", err, kind)
			}
			if want := "cluster scripted://" + name + ": lost the way [31mto the cloud"; e.Message != want {
				t.Errorf("message %q, want %q", e.Message, want)
			}
			if want := "the identity needs get on " + name; e.Hint != want {
				t.Errorf("hint %q, want %q", e.Hint, want)
			}
		})
	}
	t.Run("a deadline of the plugin's own is not ours", func(t *testing.T) {
		_, err := do(t, p, "own-deadline")
		if !errors.Is(err, sdk.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an untyped error is no crash", func(t *testing.T) {
		_, err := do(t, p, "unavailable")
		wantErr(t, err, "rpc error: code = Unavailable")
	})
	t.Run("no UTF-8", func(t *testing.T) {
		_, err := do(t, p, "binary")
		if !errors.Is(err, sdk.ErrPermissionDenied) {
			t.Errorf("%v has lost its kind", err)
		}
		wantErr(t, err, "�[redacted]; �")
	})
	if got := p.failures; got != 0 {
		t.Errorf("%d answers were taken for crashes", got)
	}
}

func TestCapabilitiesThatAreNotThere(t *testing.T) {
	h, _ := start(t, install(t, "scripted"))
	p := provider(t, h, "scripted")
	if got := p.Info().Capabilities; len(got) != 0 {
		t.Errorf("the plugin claims %v", got)
	}
	proc, err := p.start(t.Context())
	must(t, err)
	_, err = proc.api.Facts(t.Context(), &pluginpb.FactsRequest{})
	if !errors.Is(fromStatus(err, nil), sdk.ErrUnsupported) {
		t.Errorf("Facts: %v", err)
	}
	stream, err := proc.api.Discover(t.Context(), &pluginpb.DiscoverRequest{})
	must(t, err)
	if _, err = stream.Recv(); !errors.Is(fromStatus(err, nil), sdk.ErrUnsupported) {
		t.Errorf("Discover: %v", err)
	}
}

func TestOneProcessForAll(t *testing.T) {
	dir := install(t, "scripted")
	w := watch(t, dir)
	h, _ := start(t, dir)
	var wg sync.WaitGroup
	pids := make(chan string, 64)
	for range cap(pids) {
		wg.Go(func() {
			h.Running("scripted")
			p, err := h.Provider(t.Context(), "scripted")
			if err != nil {
				t.Error(err)
				return
			}
			a, err := do(t, p, "ok")
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := p.Token(t.Context(), order(t, p, "ok")); err != nil {
				t.Error(err)
			}
			pids <- a.Cluster.Account
		})
	}
	wg.Wait()
	close(pids)
	seen := map[string]bool{}
	for pid := range pids {
		seen[pid] = true
	}
	if len(seen) != 1 || w.launches() != 2 { // one of them bare, to learn what it is
		t.Errorf("%d launches, and %d processes answered", w.launches(), len(seen))
	}
	h.Close()
	w.awaitEnd(t)
}

func TestDeathIsForgivenOnce(t *testing.T) {
	dir := install(t, "scripted")
	w := watch(t, dir)
	h, log := start(t, dir)
	p := provider(t, h, "scripted")
	once := "dies-once?marker=" + filepath.Join(t.TempDir(), "marker")
	var wg sync.WaitGroup
	for range 16 { // one of them is the cause, and all of them are answered
		wg.Go(func() {
			if _, err := do(t, p, once); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if w.launches() != 3 {
		t.Errorf("%d launches", w.launches())
	}
	if got := log.await(t, "crashed and is started again"); got["stderr"] != " (its last words: panic: the first time)" || got["level"] != "WARN" {
		t.Errorf("logged %v", got)
	}
}

func TestDeathBetweenCalls(t *testing.T) {
	dir := install(t, "scripted")
	w := watch(t, dir)
	h, _ := start(t, dir)
	p := provider(t, h, "scripted")
	before, err := do(t, p, "ok")
	must(t, err)
	pid, err := strconv.Atoi(before.Cluster.Account)
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	w.awaitEnd(t)
	after, err := do(t, p, "ok")
	must(t, err)
	if after.Cluster.Account == before.Cluster.Account {
		t.Error("the dead process answered")
	}
}

func TestSecondDeathIsFinal(t *testing.T) {
	for _, c := range []struct{ do, words string }{
		{"dies", " (its last words: panic: every time with [redacted])"},
		{"exits", ""},
	} {
		t.Run(c.do, func(t *testing.T) {
			dir := install(t, "scripted", "sound")
			w := watch(t, dir)
			h, _ := start(t, dir)
			p, sound := provider(t, h, "scripted"), provider(t, h, "sound")
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					_, err := do(t, p, c.do)
					if want := "plugin scripted crashed again" + c.words + "; report this to the plugin's authors"; err == nil || err.Error() != want {
						t.Errorf("error %q, want %q", err, want)
					}
					if !errors.Is(err, sdk.ErrUnavailable) {
						t.Errorf("%v is of no kind", err)
					}
				})
			}
			wg.Wait()
			launches := w.launches()
			_, err := do(t, p, "ok")
			wantErr(t, err, "crashed again")
			_, err = h.Provider(t.Context(), "scripted")
			wantErr(t, err, "crashed again")
			if w.launches() != launches || launches != 5 { // two bare ones, the other provider's, and this one's two
				t.Errorf("%d launches, and then %d", launches, w.launches())
			}
			_, err = do(t, sound, "ok")
			must(t, err)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	for _, what := range []string{"hangs", "waits", "stops"} {
		t.Run(what, func(t *testing.T) {
			dir := install(t, "scripted")
			w := watch(t, dir)
			h, _ := start(t, dir, callTimeout(200*time.Millisecond), func(h *Host) { h.times.stop = 100 * time.Millisecond })
			p := provider(t, h, "scripted")
			_, err := do(t, p, what)
			if !errors.Is(err, sdk.ErrUnavailable) {
				t.Errorf("%v is of no kind", err)
			}
			wantErr(t, err, "plugin scripted did not answer within 200ms")
			h.Close()
			w.awaitEnd(t)
		})
	}
	t.Run("the caller gives up", func(t *testing.T) {
		dir := install(t, "scripted")
		h, _ := start(t, dir)
		p := provider(t, h, "scripted")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := p.Access(ctx, order(t, p, "hangs")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, err := do(t, p, "ok"); err != nil {
			t.Errorf("the process is lost to others: %v", err)
		}
	})
}

func TestLogs(t *testing.T) {
	h, log := start(t, install(t, "scripted"))
	_, err := do(t, provider(t, h, "scripted"), "logs")
	must(t, err)
	log.await(t, "stdout says")
	log.await(t, "stderr says")
	got := log.await(t, "signed in")
	delete(got, "time") // twice in the record: slog's, and the plugin's own
	want := map[string]any{
		"level": "WARN", "msg": "signed in with [redacted]", "plugin": "scripted",
		"token": "[redacted]", "header": "Bearer [redacted]", "auth": `{"password":"[redacted]","user":"me"}`,
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %v, want %v", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the record is %v", got)
	}
	if all := log.String(); strings.Contains(all, opaque) || strings.Contains(all, jwt) {
		t.Errorf("a credential is in the log:\n%s", all)
	}
}

func TestFlood(t *testing.T) {
	h, log := start(t, install(t, "scripted"))
	_, err := do(t, provider(t, h, "scripted"), "floods")
	must(t, err)
	log.await(t, "the plugin logs too much; the rest is left out")
	h.Close() // reads to the end
	text := log.String()
	if n := strings.Count(text, "\n"); n > maxLog {
		t.Errorf("%d records", n)
	}
	if len(text) > maxLog*200 {
		t.Errorf("%d bytes of log", len(text))
	}
}

func TestEnvironment(t *testing.T) {
	for k, v := range map[string]string{
		"AWS_SECRET_ACCESS_KEY": "canary", "SCRIPTED_DECLARED": "declared", "SCRIPTED_GRANTED": "granted", "SCRIPTED_UNDECLARED": "undeclared",
		"HOME": "/home/of-the-test", "HTTPS_PROXY": "http://proxy.test", "no_proxy": "localhost", "SSL_CERT_DIR": "/certs",
	} {
		t.Setenv(k, v)
	}
	grants := []string{"SCRIPTED_GRANTED", "SCRIPTED_UNDECLARED"}
	dir := install(t, "scripted")
	unlocked, _ := start(t, dir, func(h *Host) { h.opts.Env = map[string][]string{"scripted": grants, "other": {"SCRIPTED_DECLARED"}} })
	entry, err := unlocked.LockEntry(t.Context(), "scripted", false)
	must(t, err)

	locked := install(t, "scripted")
	entry.Env = grants
	must(t, (&Lock{Version: 1, Plugins: map[string]LockedInfo{"scripted": entry}}).Write(locked))
	byLock, _ := start(t, locked)

	for name, h := range map[string]*Host{"granted by the configuration": unlocked, "granted by the lock": byLock} {
		t.Run(name, func(t *testing.T) {
			p := provider(t, h, "scripted")
			if p.Info().Version != "1.2.3" {
				t.Error("what was granted was there already when the plugin was asked what it is")
			}
			a, err := do(t, p, "environment")
			must(t, err)
			env := a.Cluster.ID + " "
			for _, want := range []string{"HOME=/home/of-the-test ", "HTTPS_PROXY=http://proxy.test ", "no_proxy=localhost ", "SSL_CERT_DIR=/certs ", "PATH=", "SCRIPTED_GRANTED=granted "} {
				if !strings.Contains(env, want) {
					t.Errorf("%q did not arrive", want)
				}
			}
			for word := range strings.FieldsSeq(env) {
				name, _, ok := strings.Cut(word, "=")
				known := slices.Contains(passed, name) || name == "SCRIPTED_GRANTED" || name == pluginpb.Handshake.MagicCookieKey || strings.HasPrefix(name, "PLUGIN_")
				if ok && strings.ToUpper(name) == name && strings.Contains(name, "_") && !known {
					t.Errorf("%s arrived", name)
				}
			}
			for _, no := range []string{"canary", "undeclared", "SCRIPTED_DECLARED"} {
				if strings.Contains(env, no) {
					t.Errorf("%s arrived", no)
				}
			}
		})
	}
}

func TestKilledHost(t *testing.T) {
	for _, what := range []string{"ok", "hangs"} {
		t.Run(what, func(t *testing.T) {
			dir := install(t, "scripted")
			w := watch(t, dir)
			tmp, err := os.MkdirTemp("", "h")
			must(t, err)
			self, err := os.Executable()
			must(t, err)
			host := exec.Command(self, what)
			host.Env = append(os.Environ(), hostDir+"="+dir, "TMPDIR="+tmp)
			out, err := host.StdoutPipe()
			must(t, err)
			must(t, host.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			if line != "ready\n" {
				t.Fatalf("the host says %q, %v", line, err)
			}
			must(t, host.Process.Kill())
			_ = host.Wait()
			if w.launches() != 2 {
				t.Errorf("%d launches", w.launches())
			}
			w.awaitEnd(t)
			must(t, noSockets(tmp))
		})
	}
}
