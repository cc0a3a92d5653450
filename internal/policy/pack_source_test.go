package policy_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/policy"
)

func oneCheck() policy.Pack {
	p := pack(map[string]string{
		"checks/workload/a/a.rego":      fmt.Sprintf(wellFormed, "XX1001", "a", "input.object.spec.hostPID"),
		"checks/workload/a/a_test.rego": "package kubemuster.checks.workload.a_test\n\ntest_nothing if true\n",
	})
	p.Name, p.Version = "acme", "1.2.0"
	return p
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keyPair returns a private key in PEM, and the file of its public key.
func keyPair(t *testing.T, private any, public any) (key []byte, file string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
}

func ecdsaKey(t *testing.T) (key []byte, file string) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair(t, k, &k.PublicKey)
}

func rsaKey(t *testing.T) (key []byte, file string) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair(t, k, &k.PublicKey)
}

func build(t *testing.T, p policy.Pack, key []byte) []byte {
	t.Helper()
	data, err := policy.Build(p, key)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// opens loads a source and returns the IDs of its checks.
func opens(t *testing.T, s policy.Source) (policy.Pack, error) {
	t.Helper()
	p, err := policy.Open(t.Context(), s)
	if err != nil {
		return p, err
	}
	engine, err := policy.New(t.Context(), p)
	if err != nil {
		return p, err
	}
	if c := engine.Checks(); len(c) != 1 || c[0].ID != "XX1001" || c[0].Pack != p.Name {
		t.Errorf("the checks are %+v", c)
	}
	return engine.Packs()[0], nil
}

func TestBundle(t *testing.T) {
	data := build(t, oneCheck(), nil)
	if !bytes.Equal(data, build(t, oneCheck(), nil)) {
		t.Error("the same pack gives other bytes")
	}
	p, err := opens(t, policy.Source{Path: write(t, "acme.tar.gz", data)})
	if want := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || p.Name != "acme" || p.Version != "1.2.0" || p.SHA256 != want {
		t.Errorf("got %q %q %s, %v; want %s", p.Name, p.Version, p.SHA256, err, want)
	}
	for name := range untar(t, data) {
		if strings.Contains(name, "_test") {
			t.Errorf("the bundle holds %s", name)
		}
	}
}

func TestSignature(t *testing.T) {
	for name, newKey := range map[string]func(*testing.T) ([]byte, string){"ECDSA": ecdsaKey, "RSA": rsaKey} {
		t.Run(name, func(t *testing.T) {
			key, public := newKey(t)
			_, other := ecdsaKey(t)
			signed := build(t, oneCheck(), key)
			if _, err := opens(t, policy.Source{Path: write(t, "a.tar.gz", signed), Key: public}); err != nil {
				t.Error(err)
			}
			files := untar(t, signed)
			tampered := strings.Replace(files["/checks/workload/a/a.rego"], "hostPID", "hostIPC", 1)
			for _, tt := range []struct {
				name   string
				bundle []byte
				key    string
				want   string
			}{
				{"by another key", signed, other, "is not signed by the key"},
				{"not at all", build(t, oneCheck(), nil), public, "is not signed by the key"},
				{"changed since", archive(t, with(files, "/checks/workload/a/a.rego", tampered)), public, "is refused"},
				{"a file more", archive(t, with(files, "/checks/workload/b/b.rego", tampered)), public, "is refused"},
				{"a file less", archive(t, with(files, "/checks/workload/a/a.rego", "")), public, "is refused"},
				{"by nobody: the signature's list is empty", archive(t, with(files, "/.signatures.json", `{"signatures":[]}`)), public, "is refused"},
				{"a key that is none", signed, write(t, "k.pem", []byte("nothing")), "is no public key in PEM"},
				{"a private key in place of the public one", signed, write(t, "k.pem", key), "is no public key in PEM"},
			} {
				if _, err := opens(t, policy.Source{Path: write(t, "a.tar.gz", tt.bundle), Key: tt.key}); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
				}
			}
		})
	}
	if _, err := policy.Build(oneCheck(), []byte("canary")); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a signing key that is none: %v", err)
	}
	if _, err := opens(t, policy.Source{Path: t.TempDir(), Key: "k.pem"}); err == nil || !strings.Contains(err.Error(), "carries no signature") {
		t.Errorf("a folder with a key: %v", err)
	}
}

func TestBundleRefused(t *testing.T) {
	good := untar(t, build(t, oneCheck(), nil))
	zeros := strings.Repeat("\x00", 1<<20)
	huge := map[string]string{}
	for i := range 65 {
		huge[fmt.Sprintf("/testdata/%d", i)] = zeros
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"no archive", []byte("hello"), "it is no bundle"},
		{"a path that leads out", archive(t, with(good, "/../evil.rego", "package a")), "leads out of it"},
		{"small, and large once unpacked", archive(t, huge), "unpacks to more than 64 MiB"},
		{"one large file", archive(t, with(good, "/checks/big.rego", strings.Repeat("#", 5<<20))), "no bundle"},
		{"data", archive(t, with(good, "/data.json", `{"kubemuster":{"parameters":{"KM1037":{"registries":[]}}}}`)), "holds more than Rego"},
		{"no checks", archive(t, map[string]string{"/data.json": "{}", "/lib/a.rego": "package acme.a"}), "holds no checks"},
		{"a syntax error", archive(t, with(good, "/checks/workload/a/a.rego", "package a\n\nx := :=\n")), "checks/workload/a/a.rego:3"},
	} {
		_, err := opens(t, policy.Source{Path: write(t, "a.tar.gz", tt.data)})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}

	// A link is no file: what it names is not there.
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	tw := tar.NewWriter(zw)
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "/checks/a.rego", Linkname: "/etc/passwd"}); err != nil {
		t.Fatal(err)
	}
	tw.Close()
	zw.Close()
	if _, err := opens(t, policy.Source{Path: write(t, "a.tar.gz", out.Bytes())}); err == nil || !strings.Contains(err.Error(), "holds no checks") {
		t.Errorf("a link: got %v", err)
	}
}

// A folder's links lead nowhere outside it.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, oneCheck().FS); err != nil {
		t.Fatal(err)
	}
	if _, err := opens(t, policy.Source{Path: dir}); err != nil {
		t.Fatal(err)
	}
	outside := write(t, "outside.rego", []byte("package acme.outside"))
	if err := os.Symlink(outside, filepath.Join(dir, "checks", "link.rego")); err != nil {
		t.Fatal(err)
	}
	if _, err := opens(t, policy.Source{Path: dir}); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("a link to a file outside: got %v", err)
	}
	os.Remove(filepath.Join(dir, "checks", "link.rego"))
	if err := os.Symlink(filepath.Join("workload"), filepath.Join(dir, "checks", "more")); err != nil {
		t.Fatal(err)
	}
	if _, err := opens(t, policy.Source{Path: dir}); err == nil || !strings.Contains(err.Error(), "link to a folder") {
		t.Errorf("a link to a folder: got %v", err)
	}
}

// A real registry, over TLS that is verified, with a password.
func TestOCI(t *testing.T) {
	ca := cloudfake.NewCA("registry")
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "puller" || password != "hunter2" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if strings.Contains(r.URL.Path, "/clear/") {
			http.Redirect(w, r, "http://"+r.Host+r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")
	caFile := write(t, "ca.pem", ca.PEM())
	key, public := ecdsaKey(t)
	signed := build(t, oneCheck(), key)
	digest := push(t, server, host, "packs/acme", "1.2", ocispec.MediaTypeImageLayerGzip, signed)
	push(t, server, host, "packs/acme", "image", "text/plain", signed)

	source := func(ref string) policy.Source {
		return policy.Source{Path: "oci://" + host + "/" + ref, Key: public, CAFile: caFile, Username: "puller", Password: "hunter2"}
	}
	for _, ref := range []string{"packs/acme:1.2", "packs/acme@" + digest} {
		p, err := opens(t, source(ref))
		if want := fmt.Sprintf("%x", sha256.Sum256(signed)); err != nil || p.Version != "1.2.0" || p.SHA256 != want {
			t.Errorf("%s: got %q %s, %v", ref, p.Version, p.SHA256, err)
		}
	}
	_, other := ecdsaKey(t)
	for _, tt := range []struct {
		name   string
		change func(*policy.Source)
		want   string
	}{
		{"another key", func(s *policy.Source) { s.Key = other }, "is not signed by the key"},
		{"an authority that is not trusted", func(s *policy.Source) { s.CAFile = "" }, "certificate"},
		{"a wrong password", func(s *policy.Source) { s.Password = "canary" }, "401"},
		{"a tag that is not there", func(s *policy.Source) { s.Path = strings.Replace(s.Path, "1.2", "1.3", 1) }, "not found"},
		{"a digest that is not there", func(s *policy.Source) {
			s.Path = strings.Replace(s.Path, ":1.2", "@sha256:"+strings.Repeat("0", 64), 1)
		}, "not found"},
		{"no tag", func(s *policy.Source) { s.Path = strings.TrimSuffix(s.Path, ":1.2") }, "no tag and no digest"},
		{"no reference", func(s *policy.Source) { s.Path = "oci://nothing" }, "malformed"},
		{"a redirect to what is not encrypted", func(s *policy.Source) { s.Path = strings.Replace(s.Path, "packs/acme", "clear/acme", 1) }, "which is not encrypted"},
		{"no bundle", func(s *policy.Source) { s.Path = strings.Replace(s.Path, "1.2", "image", 1) }, "must hold one bundle"},
		{"an authority's file that holds none", func(s *policy.Source) { s.CAFile = public }, "holds no certificate"},
	} {
		s := source("packs/acme:1.2")
		tt.change(&s)
		if _, err := opens(t, s); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// push puts a bundle into the registry as oras does, and returns the manifest's digest.
func push(t *testing.T, server *httptest.Server, host, name, tag, mediaType string, data []byte) string {
	t.Helper()
	repo, err := remote.NewRepository(host + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	repo.Client = &auth.Client{Client: server.Client(), Credential: auth.StaticCredential(host, auth.Credential{Username: "puller", Password: "hunter2"})}
	layer := content.NewDescriptorFromBytes(mediaType, data)
	if err := repo.Push(t.Context(), layer, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	manifest, err := oras.PackManifest(t.Context(), repo, oras.PackManifestVersion1_1, "application/vnd.kubemuster.pack", oras.PackManifestOptions{Layers: []ocispec.Descriptor{layer}})
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.Tag(t.Context(), manifest, tag); err != nil {
		t.Fatal(err)
	}
	return manifest.Digest.String()
}

func untar(t *testing.T, data []byte) map[string]string {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return files
		}
		text, readErr := io.ReadAll(tr)
		if err != nil || readErr != nil {
			t.Fatal(err, readErr)
		}
		files[h.Name] = string(text)
	}
}

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	tw := tar.NewWriter(zw)
	for name, text := range files {
		if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// with is the files and one more, or one other; or one less, for no text.
func with(files map[string]string, name, text string) map[string]string {
	out := map[string]string{}
	for k, v := range files {
		out[k] = v
	}
	if out[name] = text; text == "" {
		delete(out, name)
	}
	return out
}
