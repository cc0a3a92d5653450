// Command scripted is an auth plugin that does what its target's path says, and at its start what its own name says:
// the tests of the host install it under several names.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// A credential of each sort that the host's second line of defence knows.
const (
	jwt     = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0aGUtcGxhbmV0In0.c2lnbmF0dXJlLW9mLWl0"
	opaque  = "hunter2-is-no-pattern"
	oneLine = "lost the way\n\x1b[31mto the cloud"
)

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "kubemuster-auth-")
	hold()
	switch name {
	case "garbage":
		fmt.Println("hello, I am a program \x1b[31mof another kind")
	case "mute":
		fmt.Fprintln(os.Stderr, "no configuration found")
		os.Exit(3)
	case "slow":
		select {}
	}
	sdk.Serve(&provider{name: name})
}

// hold keeps a connection open for as long as the process lives: the test sees its end.
func hold() {
	address, err := os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), "watcher"))
	if err != nil {
		return
	}
	conn, err := net.Dial("tcp", string(address))
	if err != nil {
		panic(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil { // it has been counted
		panic(err)
	}
	held = conn
}

var held net.Conn // not to be collected

type provider struct {
	name  string
	calls atomic.Int32
}

func (p *provider) Info() sdk.Info {
	switch p.name {
	case "renamed":
		p.name = "other"
	case "panicky":
		panic("no idea who I am")
	case "silent":
		select {}
	}
	version := "1.2.3"
	if os.Getenv("SCRIPTED_GRANTED") != "" {
		version = "told too late"
	}
	return sdk.Info{
		Name: p.name, Version: version, Path: "{do}", Env: []string{"SCRIPTED_DECLARED", "SCRIPTED_GRANTED"},
		Parameters: []sdk.Parameter{
			sdk.ParameterCAFile,
			{Name: "marker", Type: sdk.File, Help: "file that says that the plugin has died before"},
			{Name: "password", Type: sdk.String, Secret: true, Help: "a secret"},
		},
	}
}

func (p *provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	p.calls.Add(1)
	a := &sdk.Access{
		Server: "https://api.example.test", Trust: sdk.SystemRoots(nil),
		Cluster: sdk.Cluster{Provider: p.name, Name: t.Path["do"], ID: "id", Account: fmt.Sprint(os.Getpid())},
	}
	switch do := t.Path["do"]; do {
	case "ok":
	case "environment":
		a.Cluster.ID = strings.Join(strings.Fields(strings.Join(os.Environ(), " ")), " ") // a certificate has lines
	case "echo":
		a.Cluster.ID = fmt.Sprint(t.Path, t.Params, t.Secrets["password"].Reveal())
	case "dies-once":
		if f, err := os.OpenFile(t.Params["marker"], os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			_ = f.Close()
			panic("the first time")
		}
	case "dies":
		fmt.Fprintln(os.Stderr, "this is the end")
		panic("every time with " + jwt)
	case "exits":
		os.Exit(3)
	case "hangs":
		<-make(chan struct{}) // whatever ctx says
	case "waits":
		<-ctx.Done()
		return nil, ctx.Err()
	case "stops":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-make(chan struct{})
	case "floods":
		for i := range 12_000 {
			slog.Info("flood", "i", i)
		}
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 1<<20))
	case "logs":
		slog.Warn("signed in with "+jwt, "token", opaque, "header", "Bearer "+opaque, "time", "noon", slog.Group("auth", "password", opaque, "user", "me"))
		fmt.Println("stdout says " + jwt)
		fmt.Fprintln(os.Stderr, "stderr says "+jwt)
	case "http":
		a.Server = "http://api.example.test"
	case "link-local":
		a.Server = "https://169.254.169.254"
	case "empty-trust":
		a.Trust = sdk.Trust{}
	case "garbage-trust":
		a.Trust = sdk.ClusterCA([]byte("no certificate"))
	case "other-provider":
		a.Cluster.Provider = "other"
	case "huge":
		a.Hint = strings.Repeat("x", 32<<20)
	case "hint":
		a.Hint = "sign in\n\x1b[31magain with " + jwt
	case "nothing":
		return nil, nil
	case "own-deadline":
		return nil, context.DeadlineExceeded
	case "unavailable":
		return nil, errors.New("rpc error: code = Unavailable desc = " + oneLine)
	case "binary":
		return nil, sdk.Errorf(sdk.ErrPermissionDenied, "\xff", "\xfe%s", jwt)
	default:
		if kind, ok := kinds[do]; ok {
			return nil, fmt.Errorf("reading the cluster: %w", sdk.Errorf(kind, "the identity needs get on "+t.Path["do"], "cluster %s: %s", t, oneLine))
		}
		return nil, errors.New("no such behaviour: " + do)
	}
	return a, nil
}

var kinds = map[string]error{
	"unauthenticated":   sdk.ErrUnauthenticated,
	"permission-denied": sdk.ErrPermissionDenied,
	"target-not-found":  sdk.ErrTargetNotFound,
	"invalid-target":    sdk.ErrInvalidTarget,
	"is-unavailable":    sdk.ErrUnavailable,
	"unsupported":       sdk.ErrUnsupported,
}

func (p *provider) Token(_ context.Context, t sdk.Target) (*sdk.Token, error) {
	tok := &sdk.Token{Value: sdk.NewSecret(jwt), Expiry: time.Now().Add(time.Hour)}
	switch t.Path["do"] {
	case "lasting":
		tok.Expiry = time.Time{}
	case "empty":
		tok.Value = sdk.Secret{}
	case "half-certificate":
		tok.Value, tok.ClientCertificate = sdk.Secret{}, []byte("certificate")
	case "certificate":
		tok.Value, tok.ClientCertificate, tok.ClientKey = sdk.Secret{}, []byte("certificate"), sdk.NewSecret("key")
	case "expired":
		tok.Expiry = time.Now().Add(-time.Minute)
	case "nothing":
		return nil, nil
	}
	return tok, nil
}
