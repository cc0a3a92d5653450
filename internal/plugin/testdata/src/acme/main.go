// Command kubemuster-auth-acme is the auth plugin for Acme Cloud, whose clusters are listed by a small REST API.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func main() { sdk.Serve(provider{}) }

type provider struct{}

func (provider) Info() sdk.Info {
	return sdk.Info{
		Name:    "acme",
		Version: "0.1.0",
		Path:    "{region}/{cluster}", // acme://north/prod
		Parameters: []sdk.Parameter{
			sdk.ParameterCAFile,
			{Name: "api", Type: sdk.URL, Default: "https://api.acme.example", Help: "Acme's API"},
		},
		Env: []string{"ACME_API_KEY"},
	}
}

// Access finds the cluster's API server.
func (provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	var c struct{ ID, Endpoint, CA string }
	if err := ask(ctx, t, http.MethodGet, "", &c); err != nil {
		return nil, err
	}
	return &sdk.Access{
		Server:  c.Endpoint,
		Trust:   sdk.ClusterCA([]byte(c.CA)),
		Cluster: sdk.Cluster{Provider: "acme", Region: t.Path["region"], Name: t.Path["cluster"], ID: c.ID},
		Hint:    "give the API key's owner the role viewer on the cluster",
	}, nil
}

// Token has Acme issue a credential for the cluster.
func (provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	var answer struct {
		Token   string
		Expires time.Time
	}
	if err := ask(ctx, t, http.MethodPost, "/token", &answer); err != nil {
		return nil, err
	}
	return &sdk.Token{Value: sdk.NewSecret(answer.Token), Expiry: answer.Expires}, nil
}

// ask sends one request about the target's cluster, and reads the answer.
func ask(ctx context.Context, t sdk.Target, method, path string, answer any) error {
	key := sdk.NewSecret(os.Getenv("ACME_API_KEY"))
	if key.IsZero() {
		return sdk.Errorf(sdk.ErrUnauthenticated, "set ACME_API_KEY, and grant it to the plugin: kubemuster plugins lock --grant acme", "there is no API key")
	}
	roots, err := sdk.SystemRoots(nil).Pool()
	if err != nil {
		return err
	}
	if file := t.Params["caFile"]; file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return sdk.Errorf(sdk.ErrInvalidTarget, "", "the caFile cannot be read: %v", err)
		}
		roots.AppendCertsFromPEM(pem)
	}
	client := http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
	}}
	u, err := url.JoinPath(t.Params["api"], "regions", url.PathEscape(t.Path["region"]), "clusters", url.PathEscape(t.Path["cluster"]), path)
	if err != nil {
		return sdk.Errorf(sdk.ErrInvalidTarget, "", "the target makes no URL: %v", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, u, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key.Reveal())
	resp, err := client.Do(req)
	if err != nil {
		return sdk.Errorf(sdk.ErrUnavailable, "check that it can be reached from here", "Acme's API did not answer: %v", err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(resp.Body).Decode(answer)
	case http.StatusUnauthorized:
		return sdk.Errorf(sdk.ErrUnauthenticated, "make a new API key", "Acme does not accept the API key")
	case http.StatusForbidden:
		return sdk.Errorf(sdk.ErrPermissionDenied, "give its owner the role viewer on "+t.String(), "the API key may not see %s", t)
	case http.StatusNotFound:
		return sdk.Errorf(sdk.ErrTargetNotFound, "list the clusters with: acme clusters", "there is no cluster %s", t)
	}
	return sdk.Errorf(sdk.ErrUnavailable, "try again later", "Acme's API answers %s", resp.Status)
}
