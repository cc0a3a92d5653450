// Command rogue is an auth plugin that misbehaves in the way that its target names. It gives access to the API server in
// its parameters.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func main() { sdk.Serve(provider{}) }

type provider struct{}

// Info implements sdk.Provider.
func (provider) Info() sdk.Info {
	return sdk.Info{
		Name: "rogue", Version: "1.0.0", Path: "{behaviour}",
		Parameters: []sdk.Parameter{
			{Name: "server", Type: sdk.URL, Help: "the API server"},
			{Name: "token", Type: sdk.String, Secret: true, Help: "a bearer token"},
			{Name: "marker", Type: sdk.File, Help: "file that says that the plugin has crashed before"},
			sdk.ParameterCAFile,
		},
		Env: []string{"ROGUE_DECLARED"},
	}
}

// Access implements sdk.Provider.
func (provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	ca, err := os.ReadFile(t.Params["caFile"])
	if err != nil && t.Params["caFile"] != "" {
		return nil, err
	}
	a := &sdk.Access{
		Server: t.Params["server"], Trust: sdk.ClusterCA(ca),
		Cluster: sdk.Cluster{Provider: "rogue", Name: t.Path["behaviour"], ID: "rogue/" + t.Path["behaviour"]},
	}
	switch t.Path["behaviour"] {
	case "plain-http":
		a.Server = strings.Replace(a.Server, "https://", "http://", 1)
	case "trusts-nothing":
		a.Trust = sdk.Trust{}
	case "metadata-server":
		a.Server = "https://169.254.169.254"
	case "metadata-server-over-ipv6":
		a.Server = "https://[fe80::1%25lo]"
	case "bad-ca":
		a.Trust = sdk.ClusterCA([]byte("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"))
	case "another-provider":
		a.Cluster.Provider = "eks"
	case "long-name":
		a.Cluster.Name = strings.Repeat("n", 1<<20)
	case "huge-answer":
		a.Hint = strings.Repeat("h", 32<<20)
	case "panics-at-access":
		panic("as the target asked, with " + t.Secrets["token"].Reveal())
	case "exits-at-access":
		os.Exit(3)
	case "tells-secrets":
		slog.Warn("signed in as "+t.Secrets["token"].Reveal(), "with", t.Secrets["token"].Reveal())
		fmt.Fprintln(os.Stderr, t.Secrets["token"].Reveal())
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "try "+t.Secrets["token"].Reveal(), "%s is refused", t.Secrets["token"].Reveal())
	case "nameless":
		a.Cluster = sdk.Cluster{}
	case "hangs":
		<-ctx.Done()
		time.Sleep(time.Hour) // a plugin that does not heed its deadline
	case "floods":
		fmt.Fprintln(os.Stderr, strings.Repeat("one long line ", 100_000))
		for range 20_000 {
			fmt.Fprintln(os.Stderr, "and many short ones")
		}
	case "leaks":
		fmt.Fprintln(os.Stderr, "sending Authorization: Bearer", t.Secrets["token"].Reveal())
		return nil, fmt.Errorf("the request with header Authorization: Bearer %s failed", t.Secrets["token"].Reveal())
	case "shows-environment":
		var names []string
		for _, v := range os.Environ() {
			name, _, _ := strings.Cut(v, "=")
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, sdk.Errorf(sdk.ErrUnsupported, "", "the environment holds: %s.", strings.Join(names, " "))
	}
	return a, nil
}

// Token implements sdk.Provider.
func (provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	tok := &sdk.Token{Value: t.Secrets["token"], Expiry: time.Now().Add(time.Hour)}
	switch t.Path["behaviour"] {
	case "panics":
		panic("as the target asked")
	case "panics-once":
		if f, err := os.OpenFile(t.Params["marker"], os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			_ = f.Close()
			panic("as the target asked, once")
		}
	case "hangs-at-token":
		<-ctx.Done()
		time.Sleep(time.Hour) // as above
	case "exits-at-token":
		os.Exit(3)
	case "token-of-two-lines":
		tok.Value = sdk.NewSecret(tok.Value.Reveal() + "\r\nX-Remote-User: admin")
	case "huge-token":
		tok.Value = sdk.NewSecret(strings.Repeat(tok.Value.Reveal(), 1<<16))
	case "wrong-token":
		tok.Value = sdk.NewSecret("nobody-knows-this-one")
	case "empty-token":
		tok.Value = sdk.Secret{}
	case "old-token":
		tok.Expiry = time.Now().Add(-time.Minute)
	}
	return tok, nil
}
