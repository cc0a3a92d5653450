package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	kruntime "k8s.io/apimachinery/pkg/runtime"
	clientauthv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	clientexec "k8s.io/client-go/tools/auth/exec"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// The test's own binary stands in for credential commands: with this variable it is one.
const commandVar = "KUBECONFIG_TEST_COMMAND"

func TestMain(m *testing.M) {
	switch os.Getenv(commandVar) {
	case "":
		os.Exit(m.Run())
	case "answer":
		answer(os.Args[1])
	case "launch": // like tools that are a launcher and the program proper
		program := exec.Command(os.Args[0], os.Args[1:]...)
		program.Env = append(os.Environ(), commandVar+"=hang")
		program.Stdout, program.Stderr = os.Stdout, os.Stderr
		_ = program.Run()
	case "hang":
		conn, err := net.Dial("tcp", os.Args[1])
		if err == nil {
			_, _ = io.Copy(io.Discard, conn)
		}
	}
	os.Exit(0)
}

// answer says what is in the folder, and leaves there what it was told.
func answer(dir string) {
	read := func(name string) []byte {
		data, _ := os.ReadFile(filepath.Join(dir, name))
		return data
	}
	stdin, _ := io.ReadAll(os.Stdin)
	told, _ := json.Marshal(map[string]any{"info": os.Getenv("KUBERNETES_EXEC_INFO"), "env": os.Environ(), "stdin": string(stdin)})
	_ = os.WriteFile(filepath.Join(dir, "told"), told, 0o600)
	_, _ = os.Stdout.Write(read("stdout"))
	_, _ = os.Stderr.Write(read("stderr"))
	code, _ := strconv.Atoi(string(read("exit")))
	os.Exit(code)
}

const (
	v1      = "client.authentication.k8s.io/v1"
	v1beta1 = "client.authentication.k8s.io/v1beta1"
)

// newExecWorld gives the user a credential command, fake-login in PATH.
func newExecWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(w.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	name := "fake-login"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // else every command under -race takes a second to end
	w.user().Token = ""
	w.user().Exec = &api.ExecConfig{
		Command: "fake-login", Args: []string{w.dir}, APIVersion: v1, InteractiveMode: api.NeverExecInteractiveMode,
		Env: []api.ExecEnvVar{{Name: commandVar, Value: "answer"}},
	}
	return w
}

func (w *world) says(t *testing.T, apiVersion string, status map[string]string) {
	t.Helper()
	out, err := json.Marshal(map[string]any{"kind": "ExecCredential", "apiVersion": apiVersion, "status": status})
	if err != nil {
		t.Fatal(err)
	}
	w.file(t, "stdout", out)
}

func TestExec(t *testing.T) {
	inAnHour := time.Now().Add(time.Hour).Truncate(time.Second)
	stamp := inAnHour.UTC().Format(time.RFC3339)
	for name, c := range map[string]struct {
		stanza  func(*world, *api.ExecConfig)
		version string
		allow   func(*world) string
		status  func(*world) map[string]string
		caller  string
		expiry  func(*world) time.Time
	}{
		"token": {
			status: func(*world) map[string]string {
				return map[string]string{"token": token, "expirationTimestamp": stamp}
			},
			caller: "token", expiry: func(*world) time.Time { return inAnHour },
		},
		"v1beta1, without an interactive mode": {
			stanza:  func(_ *world, s *api.ExecConfig) { s.APIVersion, s.InteractiveMode = v1beta1, "" },
			version: v1beta1,
			status:  func(*world) map[string]string { return map[string]string{"token": token} },
			caller:  "token", expiry: func(*world) time.Time { return time.Time{} },
		},
		"interactive if available": {
			stanza: func(_ *world, s *api.ExecConfig) { s.InteractiveMode = api.IfAvailableExecInteractiveMode },
			status: func(*world) map[string]string { return map[string]string{"token": token} },
			caller: "token", expiry: func(*world) time.Time { return time.Time{} },
		},
		"certificate": {
			status: func(w *world) map[string]string {
				return map[string]string{"clientCertificateData": string(w.cert), "clientKeyData": string(w.key)}
			},
			caller: scanner, expiry: (*world).notAfter,
		},
		"certificate that is to be renewed early": {
			status: func(w *world) map[string]string {
				return map[string]string{"clientCertificateData": string(w.cert), "clientKeyData": string(w.key), "expirationTimestamp": stamp}
			},
			caller: scanner, expiry: func(*world) time.Time { return inAnHour },
		},
		"absolute path": {
			stanza: func(w *world, s *api.ExecConfig) { s.Command = filepath.Join(w.dir, "bin", "fake-login") },
			allow:  func(w *world) string { return filepath.Join(w.dir, "bin", "fake-login") },
			status: func(*world) map[string]string { return map[string]string{"token": token} },
			caller: "token", expiry: func(*world) time.Time { return time.Time{} },
		},
		"path relative to the kubeconfig": {
			stanza: func(_ *world, s *api.ExecConfig) { s.Command = filepath.Join("bin", "fake-login") },
			allow:  func(w *world) string { return "aws, " + filepath.Join(w.dir, "bin", "fake-login") },
			status: func(*world) map[string]string { return map[string]string{"token": token} },
			caller: "token", expiry: func(*world) time.Time { return time.Time{} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newExecWorld(t)
			version, allow := v1, "aws,fake-login"
			if c.stanza != nil {
				c.stanza(w, w.user().Exec)
			}
			if c.version != "" {
				version = c.version
			}
			if c.allow != nil {
				allow = c.allow(w)
			}
			w.says(t, version, c.status(w))
			target := w.target(t, "dev", map[string]string{"allowExec": allow})
			access, err := w.provider.Access(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(w.dir, "told")); err == nil {
				t.Error("finding the server runs the command")
			}
			tok, err := w.provider.Token(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			if want := c.expiry(w); !tok.Expiry.Equal(want) {
				t.Errorf("expires at %s, want %s", tok.Expiry, want)
			}
			if got := call(t, access, tok); got != c.caller {
				t.Errorf("the server takes the caller for %q, want %q", got, c.caller)
			}
		})
	}
}

func TestExecIsRunAnew(t *testing.T) {
	w := newExecWorld(t)
	target := w.target(t, "dev", map[string]string{"allowExec": "fake-login"})
	for _, want := range []string{"first", "second"} {
		w.says(t, v1, map[string]string{"token": want})
		tok, err := w.provider.Token(t.Context(), target)
		if err != nil || tok.Value.Reveal() != want {
			t.Errorf("got another token than the %s, or %v", want, err)
		}
	}
}

func TestExecNotAllowed(t *testing.T) {
	for name, c := range map[string]struct{ command, allow string }{
		"no list":                  {"fake-login", ""},
		"another name":             {"fake-login", "fake,login,fake-login.exe,/fake-login"},
		"no patterns":              {"fake-login", "*,fake-*"},
		"path for a name":          {"/usr/bin/fake-login", "fake-login"},
		"name for a path":          {"fake-login", "/usr/bin/fake-login"},
		"path that leads there":    {"/opt/../usr/bin/fake-login", "/usr/bin/fake-login"},
		"relative path for a name": {"./fake-login", "fake-login"},
		"relative path":            {"./fake-login", "./fake-login"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newExecWorld(t)
			w.says(t, v1, map[string]string{"token": token})
			w.user().Exec.Command = c.command
			_, err := w.provider.Token(t.Context(), w.target(t, "dev", map[string]string{"allowExec": c.allow}))
			w.check(t, err, sdk.ErrUnsupported, "allowExec=", filepath.Base(c.command))
			if _, err := os.Stat(filepath.Join(w.dir, "told")); err == nil {
				t.Error("the command has run")
			}
		})
	}
}

func TestExecRefused(t *testing.T) {
	for name, c := range map[string]struct {
		stanza func(*world, *api.ExecConfig)
		kind   error
		words  []string
	}{
		"interactive": {func(_ *world, s *api.ExecConfig) { s.InteractiveMode = api.AlwaysExecInteractiveMode }, sdk.ErrUnsupported, []string{"terminal"}},
		"v1alpha1":    {func(_ *world, s *api.ExecConfig) { s.APIVersion = "client.authentication.k8s.io/v1alpha1" }, sdk.ErrUnsupported, []string{"v1alpha1", v1}},
		"no command":  {func(_ *world, s *api.ExecConfig) { s.Command = "" }, sdk.ErrInvalidTarget, []string{"no command"}},
		"not installed": {
			func(w *world, s *api.ExecConfig) {
				s.Command, s.InstallHint = "kubelogin", "\nget it at\x1b[31m https://example.com\nand more\n"
			},
			sdk.ErrUnauthenticated,
			[]string{"was not found", "PATH", "(get it at [31m https://example.com)"},
		},
		"insecure cluster": {
			func(w *world, s *api.ExecConfig) {
				w.cluster().InsecureSkipTLSVerify, w.cluster().CertificateAuthorityData, s.ProvideClusterInfo = true, nil, true
			},
			sdk.ErrUnsupported,
			[]string{"insecure-skip-tls-verify"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newExecWorld(t)
			w.says(t, v1, map[string]string{"token": token})
			c.stanza(w, w.user().Exec)
			_, err := w.provider.Token(t.Context(), w.target(t, "dev", map[string]string{"allowExec": "fake-login,kubelogin"}))
			w.check(t, err, c.kind, c.words...)
		})
	}
}

func TestExecFails(t *testing.T) {
	credential := func(status string) string {
		return `{"kind":"ExecCredential","apiVersion":"` + v1 + `","status":` + status + `}`
	}
	for name, c := range map[string]struct {
		stdout, stderr, exit string
		args                 []string
		words                []string
	}{
		"exit code":      {stdout: token, stderr: "some noise\nlog in first\r\n\n", exit: "3", words: []string{"exit status 3: log in first;", "terminal"}},
		"silent":         {exit: "1", words: []string{"exit status 1;"}},
		"prints secrets": {stderr: "bad password '" + password + "' with " + "canary-variable" + " and eyJhbGciOiJub25lIn0123456789.e30.x\xff", exit: "1", args: []string{"--client-secret", password}, words: []string{"bad password '[redacted]' with [redacted] and [redacted]?;"}},
		"flag's value":   {stderr: "no " + password, exit: "1", args: []string{"--password=" + password, "--token"}, words: []string{"no [redacted]"}},
		"floods":         {stdout: credential(`{"token":"` + strings.Repeat("x", maxOutput) + `"}`), stderr: strings.Repeat("y z", maxOutput), words: []string{"did not print an ExecCredential"}},
		"no JSON":        {stdout: token, words: []string{"did not print an ExecCredential"}},
		"other kind":     {stdout: `{"kind":"Secret","apiVersion":"` + v1 + `","status":{"token":"` + token + `"}}`, words: []string{"did not print an ExecCredential"}},
		"other version":  {stdout: `{"kind":"ExecCredential","apiVersion":"` + v1beta1 + `","status":{"token":"` + token + `"}}`, words: []string{"another apiVersion"}},
		"no status":      {stdout: `{"kind":"ExecCredential","apiVersion":"` + v1 + `"}`, words: []string{"empty"}},
		"no token":       {stdout: credential(`{}`), words: []string{"empty"}},
		"expired":        {stdout: credential(`{"token":"` + token + `","expirationTimestamp":"2001-09-09T01:46:40Z"}`), words: []string{"expired at 2001-09-09", "clock"}},
		"no time":        {stdout: credential(`{"token":"` + token + `","expirationTimestamp":"` + token + `"}`), words: []string{"did not print an ExecCredential"}},
		"certificate":    {stdout: credential(`{"token":"` + token + `","clientCertificateData":"` + token + `"}`), words: []string{"certificate and key"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newExecWorld(t)
			w.secrets = append(w.secrets, "canary-variable", "eyJhbGciOiJub25lIn0123456789")
			stanza := w.user().Exec
			stanza.Args = append(stanza.Args, c.args...)
			stanza.Env = append(stanza.Env, api.ExecEnvVar{Name: "HARMLESS", Value: "canary-variable"})
			w.file(t, "stdout", []byte(c.stdout))
			w.file(t, "stderr", []byte(c.stderr))
			w.file(t, "exit", []byte(c.exit))
			_, err := w.provider.Token(t.Context(), w.target(t, "dev", map[string]string{"allowExec": "fake-login"}))
			w.check(t, err, sdk.ErrUnauthenticated, append(c.words, `"fake-login"`)...)
			if len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// TestExecInfo reads what a command is told with client-go's own reader for commands.
func TestExecInfo(t *testing.T) {
	w := newExecWorld(t)
	t.Setenv("PLUGIN_CLIENT_CERT", "ours")
	w.says(t, v1, map[string]string{"token": token})
	w.cluster().TLSServerName = "api.example"
	w.cluster().Extensions = map[string]kruntime.Object{execExtension: &kruntime.Unknown{Raw: []byte(`{"audience":"x"}`), ContentType: kruntime.ContentTypeJSON}}
	stanza := w.user().Exec
	stanza.ProvideClusterInfo = true
	stanza.Env = append(stanza.Env, api.ExecEnvVar{Name: "AWS_PROFILE", Value: "audit"})
	if _, err := w.provider.Token(t.Context(), w.target(t, "dev", map[string]string{"allowExec": "fake-login"})); err != nil {
		t.Fatal(err)
	}
	var told struct {
		Info, Stdin string
		Env         []string
	}
	if err := json.Unmarshal(mustRead(t, filepath.Join(w.dir, "told")), &told); err != nil {
		t.Fatal(err)
	}
	object, config, err := clientexec.LoadExecCredential([]byte(told.Info))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != w.server.URL || config.ServerName != "api.example" || !bytes.Equal(config.CAData, w.ca.PEM()) || config.Insecure {
		t.Errorf("got %+v", config)
	}
	cred, ok := object.(*clientauthv1.ExecCredential)
	if !ok || cred.Spec.Interactive || string(cred.Spec.Cluster.Config.Raw) != `{"audience":"x"}` {
		t.Errorf("got %+v", object)
	}
	if !slices.Contains(told.Env, "AWS_PROFILE=audit") || slices.Contains(told.Env, "PLUGIN_CLIENT_CERT=ours") || told.Stdin != "" {
		t.Errorf("got %v", told.Env)
	}

	stanza.ProvideClusterInfo = false
	if _, err := w.provider.Token(t.Context(), w.target(t, "dev", map[string]string{"allowExec": "fake-login"})); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(mustRead(t, filepath.Join(w.dir, "told")), &told); err != nil {
		t.Fatal(err)
	}
	if want := `{"kind":"ExecCredential","apiVersion":"` + v1 + `","spec":{"interactive":false}}`; told.Info != want {
		t.Errorf("got %s, want %s", told.Info, want)
	}
}

// TestExecHangs ends a call while its command waits, and shows that nothing of the command is left.
func TestExecHangs(t *testing.T) {
	for _, mode := range []string{"hang", "launch"} {
		t.Run(mode, func(t *testing.T) {
			if mode == "launch" && runtime.GOOS == "windows" {
				t.Skip("what a command has started is not ended on Windows")
			}
			w := newExecWorld(t)
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			stanza := w.user().Exec
			stanza.Args, stanza.Env = []string{listener.Addr().String()}, []api.ExecEnvVar{{Name: commandVar, Value: mode}}
			target := w.target(t, "dev", map[string]string{"allowExec": "fake-login"})

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, err := w.provider.Token(ctx, target)
				failed <- err
			}()
			conn, err := listener.Accept() // it has started
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			cancel()
			w.check(t, <-failed, sdk.ErrUnavailable, "did not answer in the time allowed", "log in first")
			if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Error(err)
			}
		})
	}
	t.Run("deadline", func(t *testing.T) {
		w := newExecWorld(t)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		_, err := w.provider.Token(ctx, w.target(t, "dev", map[string]string{"allowExec": "fake-login"}))
		w.check(t, err, sdk.ErrUnavailable, "in the time allowed")
	})
}
