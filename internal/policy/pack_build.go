package policy

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
)

// Build makes a bundle of a pack's Rego, without its tests. Without a key the same pack always gives the same bytes. The key is
// a private key in PEM, RSA or ECDSA; nil: the bundle is not signed.
func Build(p Pack, key []byte) ([]byte, error) {
	b := bundle.Bundle{Data: map[string]any{}, Manifest: bundle.Manifest{Revision: p.Version, Metadata: map[string]any{"name": p.Name}}}
	b.Manifest.Init()
	err := p.sources(func(file string, source []byte) error {
		if strings.HasSuffix(file, testEnding) {
			return nil
		}
		module, err := parse(file, source)
		if err != nil || module == nil {
			return err
		}
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: "/" + file, Path: "/" + file, Raw: source, Parsed: module})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if key != nil {
		alg, err := signingAlgorithm(key)
		if err != nil {
			return nil, fmt.Errorf("the signing key %w", err)
		}
		if err := b.GenerateSignature(bundle.NewSigningConfig(string(key), alg, ""), keyID, true); err != nil {
			return nil, fmt.Errorf("signing the bundle: %w", err)
		}
	}
	var out bytes.Buffer
	if err := bundle.NewWriter(&out).UseModulePath(true).DisableFormat(true).Write(b); err != nil {
		return nil, fmt.Errorf("writing the bundle: %w", err)
	}
	return out.Bytes(), nil
}

// signingAlgorithm tells the algorithm for a private key. Its errors hold nothing of the key.
func signingAlgorithm(key []byte) (string, error) {
	block, _ := pem.Decode(key)
	if block == nil {
		return "", errors.New("is no private key in PEM (-----BEGIN PRIVATE KEY-----)")
	}
	for _, parse := range []func([]byte) (any, error){
		x509.ParsePKCS8PrivateKey,
		func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
		func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
	} {
		if k, err := parse(block.Bytes); err == nil {
			signer, ok := k.(crypto.Signer)
			if !ok {
				break
			}
			return algorithm(signer.Public())
		}
	}
	return "", errors.New("is no private key in PEM that is not encrypted")
}
