package scan

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// Target is one cluster to scan, as arguments and configuration name it.
type Target struct {
	Raw    string            // provider://path?parameters
	Alias  string            // empty: made from what the cloud says
	ID     string            // empty: the cloud's
	Params map[string]string // further parameters
}

// Connection is a way to a cluster's API server.
type Connection struct {
	Target  sdk.Target
	Info    sdk.Info // the plugin's
	Access  *sdk.Access
	Tokens  *kube.TokenSource
	Config  *kube.ClientConfig
	Version string // the API server's
	Who     kube.Identity
}

// StageError is a failure on the way to a cluster, with the stage that it happened in.
type StageError struct {
	Stage string // target, plugin, access, token, connect, read
	Err   error
}

// Error implements error.
func (e *StageError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *StageError) Unwrap() error { return e.Err }

// problem tells a failure for the report: where it happened and why.
func problem(ctx context.Context, err error) *report.Problem {
	p := &report.Problem{Stage: "read"}
	var staged *StageError
	if errors.As(err, &staged) {
		p.Stage = staged.Stage
	}
	err = cause(ctx, err)
	p.Message = err.Error()
	var known *sdk.Error
	if errors.As(err, &known) {
		p.Message, p.Hint = known.Message, known.Hint
	}
	return p
}

// Chain tells a failure with all that stands behind it, outermost first, without a credential: what its own words leave out.
func Chain(err error) []string {
	var out []string
	var walk func(error)
	walk = func(err error) {
		if text := redact.String(err.Error()); !slices.Contains(out, text) {
			out = append(out, text)
		}
		switch e := err.(type) { // one link at a time, where errors.As would jump
		case interface{ Unwrap() error }:
			if next := e.Unwrap(); next != nil {
				walk(next)
			}
		case interface{ Unwrap() []error }:
			for _, next := range e.Unwrap() {
				walk(next)
			}
		}
	}
	walk(err)
	return out
}

// cause says why a context ended, in place of the error that this led to.
func cause(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return errors.New("interrupted before it was scanned")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// Resolve finds the target's plugin and checks the target against what the plugin declares.
func Resolve(ctx context.Context, host *plugin.Host, t Target) (*plugin.Provider, sdk.Target, error) {
	name, _, _, err := sdk.SplitTarget(t.Raw)
	if err != nil {
		return nil, sdk.Target{}, &StageError{"target", err}
	}
	p, err := host.Provider(ctx, name)
	if err != nil {
		return nil, sdk.Target{}, &StageError{"plugin", err}
	}
	target, err := p.Info().ParseTarget(t.Raw, t.Params, ResolveSecret)
	if err != nil {
		return nil, sdk.Target{}, &StageError{"target", err}
	}
	return p, target, nil
}

// Connect goes the whole way from a target to an API server that has accepted its credential. With an error it returns how far
// it got, and nothing to close.
func Connect(ctx context.Context, host *plugin.Host, t Target, opts kube.Options) (*Connection, error) {
	p, target, err := Resolve(ctx, host, t)
	if err != nil {
		return &Connection{}, err
	}
	c := &Connection{Target: target, Info: p.Info()}
	if c.Access, err = p.Access(ctx, target); err != nil {
		return c, &StageError{"access", err}
	}
	c.Tokens = kube.NewTokenSource(func(ctx context.Context) (*sdk.Token, error) { return p.Token(ctx, target) })
	if _, err := c.Tokens.Token(ctx); err != nil {
		return c, &StageError{"token", err}
	}
	if c.Config, err = kube.Config(c.Access, c.Tokens, opts); err != nil {
		return c, &StageError{"connect", err}
	}
	if c.Version, c.Who, err = kube.Preflight(ctx, c.Config, c.Access); err != nil {
		c.Close()
		return c, &StageError{"connect", err}
	}
	return c, nil
}

// Close closes the connections to the API server.
func (c *Connection) Close() { kube.Close(c.Config) }

// Check reports what is wrong with a target, without connecting anywhere.
func Check(ctx context.Context, host *plugin.Host, t Target) error {
	name, _, _, err := sdk.SplitTarget(t.Raw)
	switch {
	case err != nil:
		return err
	case name == manifests:
		return nil
	case name == snapshots:
		return checkSnapshot(ctx, strings.TrimPrefix(t.Raw, snapshots+"://"))
	}
	_, _, err = Resolve(ctx, host, t)
	return err
}

// The schemes of targets that are files.
const (
	manifests = "manifests"
	snapshots = "snapshot"
)
