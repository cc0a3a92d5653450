package policy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// pullTimeout bounds the whole download of a pack.
const pullTimeout = 2 * time.Minute

// pull downloads a bundle from a registry, over verified TLS. Every part is held against the digest that names it.
func pull(ctx context.Context, s Source) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	repo, err := remote.NewRepository(strings.TrimPrefix(s.Path, ociScheme))
	if err != nil {
		return nil, fmt.Errorf("the reference is malformed; write oci://registry/repository:tag or oci://registry/repository@sha256:…: %w", err)
	}
	if repo.Reference.Reference == "" {
		return nil, errors.New("the reference has no tag and no digest; write oci://registry/repository:tag or oci://registry/repository@sha256:…")
	}
	transport, err := transportFor(s.CAFile)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	client := &auth.Client{Client: &http.Client{Transport: httpsOnly{transport}}}
	if s.Username != "" || s.Password != "" {
		client.Credential = auth.StaticCredential(repo.Reference.Registry, auth.Credential{Username: s.Username, Password: s.Password})
	}
	repo.Client = client

	about, err := repo.Resolve(ctx, repo.Reference.Reference)
	if err != nil {
		return nil, fmt.Errorf("looking it up in the registry: %w", err)
	}
	if about.Size > maxPackFile {
		return nil, errors.New("its manifest is too large")
	}
	text, err := content.FetchAll(ctx, repo, about)
	if err != nil {
		return nil, fmt.Errorf("downloading its manifest: %w", err)
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("its manifest cannot be read: %w", err)
	}
	if len(manifest.Layers) != 1 || !strings.HasSuffix(manifest.Layers[0].MediaType, "tar+gzip") {
		return nil, fmt.Errorf("it must hold one bundle, as a layer of type %s", ocispec.MediaTypeImageLayerGzip)
	}
	layer := manifest.Layers[0]
	if layer.Size > maxBundle {
		return nil, fmt.Errorf("it is larger than %d MiB", maxBundle>>20)
	}
	data, err := content.FetchAll(ctx, repo, layer)
	if err != nil {
		return nil, fmt.Errorf("downloading the bundle: %w", err)
	}
	return data, nil
}

// httpsOnly refuses what a redirect or a registry's token service would have sent in the clear.
type httpsOnly struct{ http.RoundTripper }

func (t httpsOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, fmt.Errorf("the registry points to %s://%s, which is not encrypted", r.URL.Scheme, r.URL.Host)
	}
	return t.RoundTripper.RoundTrip(r)
}

func transportFor(caFile string) (*http.Transport, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return transport, nil
	}
	data, err := readFile(caFile, maxPackFile)
	if err != nil {
		return nil, fmt.Errorf("reading caFile: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("caFile %s holds no certificate in PEM", caFile)
	}
	transport.TLSClientConfig.RootCAs = roots
	return transport, nil
}
