package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
)

// keyID is what the one key of a pack is called where OPA wants a name.
const keyID = "pack"

// unpack reads a bundle in OPA's format, and verifies its signature if a key is set.
// https://www.openpolicyagent.org/docs/management-bundles
func unpack(s Source, data []byte) (Pack, error) {
	if err := inspect(data); err != nil {
		return Pack{}, fmt.Errorf("pack %s: %w", s.Path, err)
	}
	reader := bundle.NewCustomReader(bundle.NewTarballLoaderWithBaseURL(bytes.NewReader(data), "")).
		WithSizeLimitBytes(maxPackFile).WithSkipBundleVerification(s.Key == "").WithBundleName(s.Path)
	if s.Key != "" {
		key, err := readPublicKey(s.Key)
		if err != nil {
			return Pack{}, fmt.Errorf("pack %s: the key %s %w", s.Path, s.Key, err)
		}
		reader = reader.WithBundleVerificationConfig(bundle.NewVerificationConfig(map[string]*bundle.KeyConfig{keyID: key}, keyID, "", nil))
	}
	b, err := reader.Read()
	var parse ast.Errors
	switch {
	case errors.As(err, &parse):
		return Pack{}, compileError(parse)
	case err != nil && s.Key != "":
		return Pack{}, fmt.Errorf("pack %s is not signed by the key %s, and is refused: %w", s.Path, s.Key, err)
	case err != nil:
		return Pack{}, fmt.Errorf("pack %s is no bundle: %w", s.Path, err)
	case len(b.Data) > 0 || len(b.WasmModules) > 0 || len(b.PlanModules) > 0 || b.Type() != bundle.SnapshotBundleType:
		return Pack{}, fmt.Errorf("pack %s holds more than Rego: data, plans and WebAssembly are not read; write values in Rego or as parameters", s.Path)
	}
	files := map[string][]byte{}
	for _, m := range b.Modules {
		files[strings.TrimPrefix(m.Path, "/")] = m.Raw
	}
	return Pack{Name: nameOf(s, b.Manifest.Metadata), files: files, Version: printable(b.Manifest.Revision), SHA256: fmt.Sprintf("%x", sha256.Sum256(data))}, nil
}

// inspect looks at a bundle's outside before anything is parsed: its size once unpacked, and the names of its files. Links
// and devices are not files and are passed over, by OPA's reader too.
func inspect(data []byte) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("it is no bundle: %w", err)
	}
	limited := &io.LimitedReader{R: unzipped, N: maxPack}
	reader := tar.NewReader(limited)
	seen := map[string]bool{}
	for {
		header, err := reader.Next()
		switch {
		case limited.N <= 0:
			return fmt.Errorf("it unpacks to more than %d MiB", maxPack>>20)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("it is no bundle: %w", err)
		case header.Typeflag != tar.TypeReg:
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(header.Name, "/"), "./")
		switch {
		case !fs.ValidPath(name) || strings.Contains(name, `\`) || name != path.Clean(name):
			return fmt.Errorf("it holds a file %q, whose name leads out of it", printable(header.Name))
		case seen[name]:
			return fmt.Errorf("it holds the file %q twice", printable(name))
		case len(seen) >= maxPackFiles:
			return fmt.Errorf("it holds more than %d files", maxPackFiles)
		}
		seen[name] = true
	}
}

// readPublicKey reads an RSA or ECDSA key. The key says which algorithm is right, never the signature.
func readPublicKey(file string) (*bundle.KeyConfig, error) {
	data, err := readFile(file, maxPackFile)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("is no public key in PEM (-----BEGIN PUBLIC KEY-----)")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("is no public key: %w", err)
	}
	alg, err := algorithm(key)
	return &bundle.KeyConfig{Key: string(pem.EncodeToMemory(block)), Algorithm: alg}, err
}

// algorithm is the JWS algorithm for a public key: RFC 7518, sections 3.3 and 3.4.
func algorithm(key any) (string, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return "RS256", nil
	case *ecdsa.PublicKey:
		if alg := map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[k.Curve.Params().BitSize]; alg != "" {
			return alg, nil
		}
	}
	return "", errors.New("must be RSA, or ECDSA over P-256, P-384 or P-521")
}
