package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	pluginrunner "github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubemuster/kubemuster/internal/pluginpb"
	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	maxAnswer = 16 << 20 // bytes of a plugin's answer
	maxToken  = 64 << 10 // bytes of a bearer token, which each request repeats
)

var errStopped = errors.New("the plugins are already stopped")

// Provider is a running plugin. Its methods are safe for concurrent use.
type Provider struct {
	host *Host
	exe  Executable
	told atomic.Pointer[sdk.Info] // nil until it is known
	// known are the secrets that the plugin was handed and the credentials that it has issued, to be kept out of what it says.
	known redact.Values

	// turn holds one element while someone starts, buries or stops the process; what follows is theirs.
	turn     chan struct{}
	current  *process
	granted  []string
	failures int   // starts that failed and processes that died
	final    error // set when there will be no further start
}

// process is one launch of the executable.
type process struct {
	client *goplugin.Client
	run    *runner
	api    pluginpb.ProviderClient
	stderr *stderrLog
}

// Info returns what the plugin told of itself.
func (p *Provider) Info() sdk.Info { return *p.told.Load() }

// Path returns the executable's path.
func (p *Provider) Path() string { return p.exe.Path }

// Access finds the target's API server. The answer is validated: a plugin cannot make the host trust nothing.
func (p *Provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	r, err := call(ctx, p, func(ctx context.Context, api pluginpb.ProviderClient) (*pluginpb.AccessResponse, error) {
		return api.Access(ctx, &pluginpb.AccessRequest{Target: p.wireTarget(t)})
	})
	if err != nil {
		return nil, err
	}
	r.Hint = p.known.String(r.GetHint())
	a := access(r)
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("plugin %s gave an unusable answer for %s: %w", p.exe.Name, t, err)
	}
	if a.Cluster.Provider != p.exe.Name {
		return nil, fmt.Errorf("plugin %s gave an answer for %s that is of provider %q", p.exe.Name, t, a.Cluster.Provider)
	}
	return a, nil
}

// Token has a credential issued for the target. One that is empty, cannot be sent or has already expired is an
// error.
func (p *Provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	r, err := call(ctx, p, func(ctx context.Context, api pluginpb.ProviderClient) (*pluginpb.TokenResponse, error) {
		return api.Token(ctx, &pluginpb.TokenRequest{Target: p.wireTarget(t)})
	})
	if err != nil {
		return nil, err
	}
	tok := token(r)
	p.known.Add(tok.Value.Reveal(), tok.ClientKey.Reveal())
	switch {
	case tok.Value.IsZero() && (len(tok.ClientCertificate) == 0 || tok.ClientKey.IsZero()):
		return nil, fmt.Errorf("plugin %s gave an empty credential for %s", p.exe.Name, t)
	case len(tok.Value.Reveal()) > maxToken:
		return nil, fmt.Errorf("plugin %s gave a token for %s that is longer than %d bytes", p.exe.Name, t, maxToken)
	case strings.ContainsFunc(tok.Value.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fmt.Errorf("plugin %s gave a token for %s that fits into no HTTP header", p.exe.Name, t)
	case !tok.Expiry.IsZero() && !tok.Expiry.After(time.Now()):
		return nil, fmt.Errorf("plugin %s gave a credential for %s that expired at %s", p.exe.Name, t, tok.Expiry.UTC().Format(time.RFC3339))
	}
	return tok, nil
}

// call runs one request under the host's deadline. Where the process dies under it, the process is started again and the
// request repeated: once, as a second death is final.
func call[T any](ctx context.Context, p *Provider, do func(context.Context, pluginpb.ProviderClient) (T, error)) (T, error) {
	var zero T
	for {
		proc, err := p.start(ctx)
		if err != nil {
			return zero, err
		}
		deadline, cancel := context.WithTimeout(ctx, p.host.opts.CallTimeout)
		r, err := do(deadline, proc.api)
		died := err != nil && proc.died(deadline, err)
		timedOut := deadline.Err() != nil
		cancel()
		switch {
		case err == nil:
			return r, nil
		case ctx.Err() != nil:
			return zero, ctx.Err()
		case died:
			if err := p.bury(ctx, proc); err != nil {
				return zero, err
			}
		case timedOut:
			return zero, sdk.Errorf(sdk.ErrUnavailable, "check that the cloud's endpoints can be reached from here",
				"plugin %s did not answer within %s", p.exe.Name, p.host.opts.CallTimeout)
		default:
			return zero, fromStatus(err, &p.known)
		}
	}
}

// take waits for the caller's turn, until ctx ends. A turn that is free is taken in any case.
func (p *Provider) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Provider) release() { <-p.turn }

// start returns the running process, and starts it where there is none. Two starts that fail, or deaths, are final.
func (p *Provider) start(ctx context.Context) (*process, error) {
	if err := p.take(ctx); err != nil {
		return nil, err
	}
	defer p.release()
	if p.final != nil || p.current != nil {
		return p.current, p.final
	}
	proc, err := p.attempt(ctx)
	switch {
	case err == nil:
		p.current = proc
	case p.host.isClosed():
		return nil, errStopped
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		p.failed(err)
	}
	return proc, err
}

// failed counts a failure. It is called in the caller's turn.
func (p *Provider) failed(err error) {
	if p.failures++; p.failures > 1 {
		p.final = err
	}
}

// attempt checks the executable and launches it, until ctx or the host ends.
func (p *Provider) attempt(ctx context.Context) (*process, error) {
	ctx, cancel := p.host.untilClosed(ctx)
	defer cancel()
	if p.failures > 0 {
		select {
		case <-time.After(p.host.times.restart):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := p.exe.checkWriters(); err != nil {
		return nil, fmt.Errorf("plugin %s is refused: %w", p.exe.Name, err)
	}
	var locked *LockedInfo
	var sum []byte
	if !p.host.opts.IgnoreLock {
		var err error
		if locked, sum, err = p.exe.locked(); err != nil {
			return nil, err
		}
	}
	if p.told.Load() == nil {
		if err := p.introduce(ctx, locked); err != nil {
			return nil, err
		}
	}
	return p.launch(ctx, p.granted, sum)
}

// introduce learns what the plugin is: from the lock, or else from a launch that has nothing in its environment.
func (p *Provider) introduce(ctx context.Context, locked *LockedInfo) error {
	grants := slices.Clone(p.host.opts.Env[p.exe.Name])
	var told sdk.Info
	if locked != nil {
		told, grants = locked.Info, append(grants, locked.Env...)
	} else {
		var err error
		if told, err = p.ask(ctx, nil); err != nil {
			return err
		}
	}
	if told.Name != p.exe.Name {
		return fmt.Errorf("plugin %s calls itself %q; name the executable after its provider", p.exe.Path, told.Name)
	}
	// What is granted but not declared would be passed for no reason.
	p.granted = slices.DeleteFunc(grants, func(name string) bool { return !slices.Contains(told.Env, name) })
	p.told.Store(&told)
	return nil
}

// ask launches the plugin bare, if its hash is sum or sum is nil, and has it tell what it is.
func (p *Provider) ask(ctx context.Context, sum []byte) (sdk.Info, error) {
	bare, err := p.launch(ctx, nil, sum)
	if err != nil {
		return sdk.Info{}, err
	}
	deadline, cancel := context.WithTimeout(ctx, p.host.opts.CallTimeout)
	defer cancel()
	r, err := bare.api.Info(deadline, &pluginpb.InfoRequest{})
	died := err != nil && bare.died(deadline, err)
	bare.stop(p.host.times.stop)
	switch {
	case died:
		return sdk.Info{}, fmt.Errorf("plugin %s crashed when it was asked what it is%s", p.exe.Name, bare.stderr.last())
	case err != nil:
		return sdk.Info{}, fmt.Errorf("plugin %s does not tell what it is: %w", p.exe.Name, fromStatus(err, &p.known))
	}
	return info(r), nil
}

func (p *Provider) launch(ctx context.Context, granted []string, sum []byte) (*process, error) {
	if sum != nil {
		if err := p.exe.unchanged(sum); err != nil {
			return nil, err
		}
	}
	for _, name := range granted {
		if v := os.Getenv(name); redact.Value(name, v) != v {
			p.known.Add(v)
		}
	}
	proc := &process{stderr: &stderrLog{log: p.host.opts.Log.With(slog.String("plugin", p.exe.Name)), known: &p.known}}
	proc.run = newRunner(p.exe.Path, environment(granted))
	proc.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  pluginpb.Handshake,
		VersionedPlugins: map[int]goplugin.PluginSet{pluginpb.Version: {pluginpb.Name: &pluginpb.Plugin{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (pluginrunner.Runner, error) {
			proc.run.cmd.Env = append(proc.run.cmd.Env, spec.Env...) // the handshake
			return proc.run, nil
		},
		AutoMTLS:        true,
		SkipHostEnv:     true,
		StartTimeout:    p.host.times.start,
		Stderr:          proc.stderr.stream(),
		SyncStdout:      proc.stderr.stream(),
		SyncStderr:      proc.stderr.stream(),
		Logger:          hclog.NewNullLogger(), // we read the plugin's standard error ourselves
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer))},
	})
	// The process outlives ctx, which ends it only while it starts.
	started := context.AfterFunc(ctx, proc.run.kill)
	rpc, err := proc.client.Client()
	var raw any
	if err == nil {
		raw, err = rpc.Dispense(pluginpb.Name)
	}
	if !started() {
		err = ctx.Err()
	}
	if err != nil {
		proc.stop(p.host.times.stop)
		return nil, sdk.Errorf(sdk.ErrUnavailable, "is "+p.exe.Path+" a Kubemuster auth plugin for this machine?",
			"plugin %s did not start: %s%s", p.exe.Name, oneLine(err.Error(), maxMessage), proc.stderr.last())
	}
	proc.api = raw.(pluginpb.ProviderClient)
	return proc, nil
}

// bury puts a process that died away, so that the next call starts another.
func (p *Provider) bury(ctx context.Context, dead *process) error {
	if err := p.take(ctx); err != nil {
		return err
	}
	defer p.release()
	if p.current != dead {
		return nil // another call has been here
	}
	p.current = nil
	dead.stop(p.host.times.stop)
	p.failed(sdk.Errorf(sdk.ErrUnavailable, "report this to the plugin's authors", "plugin %s crashed again%s", p.exe.Name, dead.stderr.last()))
	if p.final == nil {
		p.host.opts.Log.Warn("plugin crashed and is started again", "plugin", p.exe.Name, "stderr", dead.stderr.last())
	}
	return nil
}

func (p *Provider) stop() {
	_ = p.take(context.Background()) // whoever has the turn ends with the host
	defer p.release()
	if p.current != nil {
		p.current.stop(p.host.times.stop)
		p.current = nil
	}
	p.final = errStopped
}

// stop asks the process to end, and ends it after a while. go-plugin waits for a process that does not even answer.
func (p *process) stop(patience time.Duration) {
	defer time.AfterFunc(patience, p.run.kill).Stop()
	p.client.Kill()
	p.run.kill()
}

// died tells a call that failed because the process is gone from one that ran out of time, or that the plugin answered
// with a failure. ctx is the call's.
func (p *process) died(ctx context.Context, err error) bool {
	st := status.Convert(err)
	if len(st.Details()) > 0 {
		return false
	}
	switch st.Code() {
	// What gRPC itself makes of a connection that breaks or is closed, and of a deadline.
	case codes.Unavailable, codes.Canceled, codes.Internal, codes.DeadlineExceeded:
	default:
		return false
	}
	// The connection breaks a moment before the process has ended, and the plugin sees the deadline a moment before us.
	select {
	case <-p.run.ended:
		return true
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	return false
}

// passed are the variables that every plugin gets: where things are, and how to reach the network.
var passed = []string{
	"HOME", "PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"SYSTEMROOT", "USERPROFILE", "APPDATA", "TEMP", "TMP", // Windows
}

func environment(granted []string) []string {
	env := []string{}
	for _, name := range slices.Concat(passed, granted) {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func (p *Provider) wireTarget(t sdk.Target) *pluginpb.Target {
	w := &pluginpb.Target{Provider: t.Provider, Name: t.Name, Path: t.Path, Params: t.Params, Secrets: map[string]string{}}
	for k, v := range t.Secrets {
		w.Secrets[k] = v.Reveal()
		p.known.Add(v.Reveal())
	}
	return w
}

func access(r *pluginpb.AccessResponse) *sdk.Access {
	c := r.GetCluster()
	a := &sdk.Access{
		Server: r.GetServer(), TLSServerName: r.GetTlsServerName(), ProxyURL: r.GetProxyUrl(), Hint: oneLine(r.GetHint(), maxMessage),
		Cluster: sdk.Cluster{Provider: c.GetProvider(), Account: c.GetAccount(), Region: c.GetRegion(), Name: c.GetName(), ID: c.GetId()},
	}
	switch roots := r.GetTrust().GetRoots().(type) {
	case *pluginpb.Trust_ClusterCa:
		a.Trust = sdk.ClusterCA(roots.ClusterCa)
	case *pluginpb.Trust_SystemRoots:
		a.Trust = sdk.SystemRoots(roots.SystemRoots.GetExtra())
	}
	return a
}

func token(r *pluginpb.TokenResponse) *sdk.Token {
	t := &sdk.Token{
		Value: sdk.NewSecret(r.GetValue()), ClientCertificate: r.GetClientCertificate(), ClientKey: sdk.NewSecret(string(r.GetClientKey())),
	}
	if r.GetExpiry() != nil {
		t.Expiry = r.GetExpiry().AsTime()
	}
	return t
}

func info(r *pluginpb.InfoResponse) sdk.Info {
	i := sdk.Info{Name: r.GetName(), Version: r.GetVersion(), Path: r.GetPath(), Env: r.GetEnv()}
	for _, p := range r.GetParameters() {
		i.Parameters = append(i.Parameters, sdk.Parameter{
			Name: p.GetName(), Type: sdk.ParameterType(p.GetType()), Values: p.GetValues(), Default: p.GetDefault(),
			Required: p.GetRequired(), Secret: p.GetSecret(), Help: p.GetHelp(),
		})
	}
	for _, c := range r.GetCapabilities() {
		i.Capabilities = append(i.Capabilities, sdk.Capability(c))
	}
	return i
}

// fromStatus turns a call's failure back into the sdk's error, without the secrets that are known.
func fromStatus(err error, known *redact.Values) error {
	st := status.Convert(err)
	hint := ""
	for _, d := range st.Details() {
		if e, ok := d.(*pluginpb.ErrorDetail); ok {
			hint = oneLine(known.String(e.GetHint()), maxMessage)
		}
	}
	message := oneLine(known.String(st.Message()), maxMessage)
	if kind := pluginpb.Kind(st.Code()); kind != nil {
		return sdk.Errorf(kind, hint, "%s", message)
	}
	return errors.New(message)
}
