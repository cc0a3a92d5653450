package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/scan"
)

// Every command of the docs: kubemuster's are run in the demo, make's targets must be there, and a page with commands of
// others says that those were not run.
func TestDocs(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	shell := newShell(t, root)
	ran := 0
	for _, page := range pages(t, root) {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range commands(string(text)) {
			t.Run(page+"/"+command, func(t *testing.T) {
				switch tool, _, _ := strings.Cut(command, " "); tool {
				case "kubemuster":
					ran++
					shell.run(t, command)
				case "make":
					if out, err := exec.CommandContext(t.Context(), "make", "-n", "-C", root, strings.TrimPrefix(command, "make ")).CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				case "go":
				default:
					if !regexp.MustCompile(`not\s+run`).Match(text) {
						t.Errorf("the page does not say that the commands of %s were not run", tool)
					}
				}
				for _, word := range strings.Fields(command) {
					if _, path, ok := strings.Cut(word, "deploy/"); ok {
						if _, err := os.Stat(filepath.Join(root, "deploy", path)); err != nil {
							t.Errorf("the command names a file that is not there: %v", err)
						}
					}
				}
			})
		}
	}
	if ran == 0 {
		t.Error("no command was found")
	}
	t.Run("the README's picture", func(t *testing.T) { picture(t, root, shell) })
	t.Run("deploy/ci", func(t *testing.T) { runCIScripts(t, shell) })
}

// Every link inside the project leads somewhere.
func TestLinks(t *testing.T) {
	for _, page := range pages(t, "../..") {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)[^)]*\)`).FindAllStringSubmatch(string(text), -1) {
			if m[1] == "https" {
				continue
			}
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// picture holds the README's picture against what the demo prints.
func picture(t *testing.T, root string, shell *shell) {
	out := shell.run(t, "kubemuster scan --allow-incomplete")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, picture, _ := strings.Cut(string(readme), "```text\n")
	picture, _, ok := strings.Cut(picture, "```")
	if !ok {
		t.Fatal("the README has no picture")
	}
	for line := range strings.Lines(picture) {
		if !strings.Contains(out, line) {
			t.Errorf("the demo does not print %q", line)
		}
	}
}

// The example configurations are such.
func TestConfigurationPages(t *testing.T) {
	for page, targets := range map[string]int{"cli.md": 2, "gate.md": 0} {
		heading := map[string]string{"cli.md": "kubemuster.yaml", "gate.md": "In kubemuster.yaml"}[page]
		file := filepath.Join(t.TempDir(), "kubemuster.yaml")
		if err := os.WriteFile(file, []byte(example(t, "../..", page, heading+"\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		config.Flags(flags)
		if err := flags.Parse([]string{"--config", file}); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(flags, nil)
		if err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		if len(c.Targets) != targets || c.FailOn == nil || c.MaxFindings[finding.Medium] != 20 || !c.NewOnly || c.Waivers.MaxDays != 180 {
			t.Errorf("the example of %s reads as %+v", page, c)
		}
	}
}

// example is the first YAML below a heading of a page of docs.
func example(t *testing.T, root, page, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## "+heading)
	_, section, _ = strings.Cut(section, "```yaml\n")
	section, _, ok := strings.Cut(section, "```")
	if !ok {
		t.Fatalf("%s has no example below %q", page, heading)
	}
	return section
}

func pages(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || path == "bin" || path == "out") {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".md") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var tools = regexp.MustCompile(`^(?:\$ )?((?:kubemuster|make|go|aws|az|gcloud|kubectl|helm) .*)$`)

// commands returns the commands of a page: in indented blocks and in sh or console fences, continued lines joined.
func commands(page string) []string {
	var out []string
	fence := ""
	lines := strings.Split(strings.ReplaceAll(page, "\\\n", " "), "\n")
	for _, line := range lines {
		if info, ok := strings.CutPrefix(line, "```"); ok {
			if fence == "" {
				fence = info + " "
			} else {
				fence = ""
			}
			continue
		}
		text, indented := strings.CutPrefix(line, "    ")
		if !indented && fence != "sh " && fence != "console " || indented && fence != "" && fence != "sh " && fence != "console " {
			continue
		}
		if m := tools.FindStringSubmatch(strings.Join(strings.Fields(text), " ")); m != nil && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// shell runs commands in the demo, as a user would who has built it.
type shell struct {
	dir string
	env []string
}

func newShell(t *testing.T, root string) *shell {
	t.Helper()
	build(t)
	s := &shell{dir: t.TempDir()}
	bin := t.TempDir()
	plugins, own := filepath.Join(bin, "plugins"), filepath.Join(s.dir, ".local/share/kubemuster/plugins")
	if err := errors.Join(
		os.Link(built.command, filepath.Join(bin, "kubemuster")),
		os.CopyFS(plugins, os.DirFS(built.plugins)),
		os.MkdirAll(own, 0o700),
		os.Link(built.acme, filepath.Join(own, "kubemuster-auth-acme")),
	); err != nil {
		t.Fatal(err)
	}
	w, err := start(filepath.Join(root, "testdata/snapshots"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	s.env = append(environment(os.Environ(), w.env), "HOME="+s.dir, "XDG_DATA_HOME=", "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	lock := s.command(t, "kubemuster plugins lock --plugin-dir "+plugins+" --grant gke,aks,eks,kubeconfig")
	if out, err := lock.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.files(t, root, w, plugins)
	return s
}

// files lays out what the docs' commands name: kubemuster.yaml, waivers.yaml, manifests in deploy, the plugins in bin, and a
// kubeconfig with the context kind-dev.
func (s *shell) files(t *testing.T, root string, w *world, plugins string) {
	t.Helper()
	for _, v := range w.env {
		if name, value, _ := strings.Cut(v, "="); name == "KUBEMUSTER_CONFIG" {
			data, err := os.ReadFile(value)
			if err == nil {
				err = os.WriteFile(filepath.Join(s.dir, "kubemuster.yaml"), data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	nextMonth := time.Now().AddDate(0, 1, 0).Format(time.DateOnly) // the example's date will pass
	waivers := regexp.MustCompile(`\d{4}-\d\d-\d\d`).ReplaceAllString(example(t, root, "gate.md", "Waivers\n"), nextMonth)
	key, public := keyPair(t)
	if err := errors.Join(
		os.WriteFile(filepath.Join(s.dir, "waivers.yaml"), []byte(waivers), 0o600),
		os.CopyFS(filepath.Join(s.dir, "examples"), os.DirFS(filepath.Join(root, "examples"))),
		os.WriteFile(filepath.Join(s.dir, "acme.key"), key, 0o600),
		os.WriteFile(filepath.Join(s.dir, "acme.pub"), public, 0o600),
		os.WriteFile(filepath.Join(s.dir, "packs.yaml"), []byte(configurationOf(t, filepath.Join(root, "docs/custom-checks.md"))), 0o600),
		os.CopyFS(filepath.Join(s.dir, "deploy"), os.DirFS(filepath.Join(root, "testdata/manifests/KM1005"))),
		os.CopyFS(filepath.Join(s.dir, "testdata/manifests/KM1005"), os.DirFS(filepath.Join(root, "testdata/manifests/KM1005"))),
		os.Mkdir(filepath.Join(s.dir, "bin"), 0o700),
		os.CopyFS(filepath.Join(s.dir, "bin/plugins"), os.DirFS(plugins)),
		os.Remove(filepath.Join(s.dir, "bin/plugins", plugin.LockFile)),
		os.WriteFile(filepath.Join(s.dir, "config"), s.kubeconfig(t, plugins), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "KUBECONFIG="+filepath.Join(s.dir, "config"))
}

// configurationOf returns the first configuration with packs that a page shows.
func configurationOf(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(text), "```yaml\n") {
		if example, _, _ := strings.Cut(part, "```"); strings.HasPrefix(example, "policies:") {
			return example
		}
	}
	t.Fatalf("%s shows no configuration", page)
	return ""
}

// keyPair is what openssl makes on the page about packs.
func keyPair(t *testing.T) (private, public []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
}

// kubeconfig names the EKS cluster of the demo, with a token that the plugin has issued.
func (s *shell) kubeconfig(t *testing.T, plugins string) []byte {
	t.Helper()
	for _, v := range s.env {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value)
		}
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(flags)
	if err := flags.Parse([]string{"--config", filepath.Join(s.dir, "kubemuster.yaml")}); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(flags, nil)
	if err != nil {
		t.Fatal(err)
	}
	host := plugin.NewHost(plugin.Options{Dirs: []string{plugins}, Env: c.Env()})
	defer host.Close()
	const eks = "eks://us-east-1/prod"
	conn, err := scan.Connect(t.Context(), host, scan.Target{Raw: eks, Params: c.Params(config.Target{Target: eks})}, kube.Options{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := conn.Tokens.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(s.dir, "ca.pem")
	if err := os.WriteFile(ca, conn.Access.Trust.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: kind, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: kind, user: {token: %q}}]
contexts: [{name: kind-dev, context: {cluster: kind, user: kind}}]
`, conn.Access.Server, ca, token.Value.Reveal())
}

func (s *shell) command(t *testing.T, line string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "bash", "-c", line)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// run runs a command and returns what it prints. What it finds may end it with 3 or 10; a mistake in it may not.
func (s *shell) run(t *testing.T, line string) string {
	t.Helper()
	cmd := s.command(t, line)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if strings.HasPrefix(line, "kubemuster replay ") {
		cmd.Stdout = interrupting{&stdout, cmd} // it would serve on
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == 3 || exit.ExitCode() == 10) {
		err = nil
	}
	if err != nil || stdout.Len()+stderr.Len() == 0 && !silent.MatchString(line) {
		t.Errorf("%v\n%s%s", err, &stdout, &stderr)
	}
	return stdout.String()
}

// silent are commands that say nothing where all is well.
var silent = regexp.MustCompile(`^kubemuster (waivers lint|report diff|report (convert|merge) .*-o \w+=)`)

// interrupting interrupts the command that writes to it.
type interrupting struct {
	io.Writer
	cmd *exec.Cmd
}

func (i interrupting) Write(p []byte) (int, error) {
	n, err := i.Writer.Write(p)
	return n, errors.Join(err, i.cmd.Process.Signal(os.Interrupt))
}
