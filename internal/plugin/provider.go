package plugin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubemuster/kubemuster/internal/pluginpb"
	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// startTimeout bounds a plugin's start, from launch to its first answer.
const startTimeout = 20 * time.Second

// restartDelay is waited before the one restart that a process which died is granted.
const restartDelay = 200 * time.Millisecond

// Provider is a running plugin. Its methods are safe for concurrent use.
type Provider struct {
	host *Host
	exe  Executable

	mu       sync.Mutex // held while starting and stopping; calls hold a process of their own
	current  *process
	starts   int   // since the run began, the launch that reads Info of an unlocked plugin left out
	fatal    error // set when the process has died twice
	info     sdk.Info
	infoRead bool
	granted  []string
}

// process is one launch of the executable.
type process struct {
	client *goplugin.Client
	kill   context.CancelFunc
	api    pluginpb.ProviderClient
	stderr *stderrLog
}

// Info returns what the plugin told of itself.
func (p *Provider) Info() sdk.Info { return p.info }

// Path returns the executable's path.
func (p *Provider) Path() string { return p.exe.Path }

// Access finds the target's API server. The answer is validated: a plugin cannot make the host trust nothing.
func (p *Provider) Access(ctx context.Context, t sdk.Target) (*sdk.Access, error) {
	r, err := call(ctx, p, func(ctx context.Context, api pluginpb.ProviderClient) (*pluginpb.AccessResponse, error) {
		return api.Access(ctx, &pluginpb.AccessRequest{Target: wireTarget(t)})
	})
	if err != nil {
		return nil, err
	}
	c := r.GetCluster()
	a := &sdk.Access{
		Server: r.GetServer(), TLSServerName: r.GetTlsServerName(), ProxyURL: r.GetProxyUrl(), Hint: redact.String(r.GetHint()),
		Cluster: sdk.Cluster{Provider: c.GetProvider(), Account: c.GetAccount(), Region: c.GetRegion(), Name: c.GetName(), ID: c.GetId()},
	}
	switch roots := r.GetTrust().GetRoots().(type) {
	case *pluginpb.Trust_ClusterCa:
		a.Trust = sdk.ClusterCA(roots.ClusterCa)
	case *pluginpb.Trust_SystemRoots:
		a.Trust = sdk.SystemRoots(roots.SystemRoots.GetExtra())
	}
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("plugin %s gave an unusable answer for %s: %w", p.exe.Name, t, err)
	}
	return a, nil
}

// Token has a credential issued for the target. One that is empty or has already expired is an error.
func (p *Provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	r, err := call(ctx, p, func(ctx context.Context, api pluginpb.ProviderClient) (*pluginpb.TokenResponse, error) {
		return api.Token(ctx, &pluginpb.TokenRequest{Target: wireTarget(t)})
	})
	if err != nil {
		return nil, err
	}
	tok := &sdk.Token{
		Value: sdk.NewSecret(r.GetValue()), ClientCertificate: r.GetClientCertificate(), ClientKey: sdk.NewSecret(string(r.GetClientKey())),
	}
	if r.GetExpiry() != nil {
		tok.Expiry = r.GetExpiry().AsTime()
	}
	switch {
	case tok.Value.IsZero() && (len(tok.ClientCertificate) == 0 || tok.ClientKey.IsZero()):
		return nil, fmt.Errorf("plugin %s gave an empty credential for %s", p.exe.Name, t)
	case !tok.Expiry.IsZero() && !tok.Expiry.After(time.Now()):
		return nil, fmt.Errorf("plugin %s gave a credential for %s that expired at %s", p.exe.Name, t, tok.Expiry.UTC().Format(time.RFC3339))
	}
	return tok, nil
}

// call runs one request under the host's deadline. Where the process dies under it, the process is started again and the
// request repeated, once.
func call[T any](ctx context.Context, p *Provider, do func(context.Context, pluginpb.ProviderClient) (T, error)) (T, error) {
	var zero T
	for {
		proc, err := p.running(ctx)
		if err != nil {
			return zero, err
		}
		deadline, cancel := context.WithTimeout(ctx, p.host.opts.CallTimeout)
		r, err := do(deadline, proc.api)
		timedOut := deadline.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err == nil:
			return r, nil
		case timedOut:
			return zero, sdk.Errorf(sdk.ErrUnavailable, "check that the cloud's endpoints can be reached from here",
				"plugin %s did not answer within %s", p.exe.Name, p.host.opts.CallTimeout)
		case ctx.Err() != nil:
			return zero, ctx.Err()
		case !proc.died(err):
			return zero, fromStatus(err)
		}
		p.buried(proc)
	}
}

// running returns the live process, starting it where there is none.
func (p *Provider) running(ctx context.Context) (*process, error) {
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		return nil, errors.New("the plugins are already stopped")
	}
	return p.current, nil
}

func (p *Provider) start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fatal != nil || p.current != nil {
		return p.fatal
	}
	if err := checkPermissions(p.exe.Path); err != nil {
		return fmt.Errorf("plugin %s is refused: %w", p.exe.Name, err)
	}
	var locked *LockedInfo
	var sum []byte
	if !p.host.opts.IgnoreLock {
		var err error
		if locked, sum, err = p.exe.locked(); err != nil {
			return err
		}
	}
	if !p.infoRead {
		if err := p.readInfo(ctx, locked, sum); err != nil {
			return err
		}
	}
	if p.starts > 0 {
		select {
		case <-time.After(restartDelay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	proc, err := p.launch(ctx, p.granted, sum)
	if err != nil {
		return err
	}
	p.starts++
	p.current = proc
	return nil
}

// readInfo learns what the plugin is: from the lock, or else from a first launch that has nothing in its environment.
func (p *Provider) readInfo(ctx context.Context, locked *LockedInfo, sum []byte) error {
	grants := slices.Clone(p.host.opts.Env[p.exe.Name])
	if locked != nil {
		p.info, grants = locked.Info, append(grants, locked.Env...)
	} else {
		bare, err := p.launch(ctx, nil, sum)
		if err != nil {
			return err
		}
		defer bare.stop()
		ctx, cancel := context.WithTimeout(ctx, startTimeout)
		defer cancel()
		r, err := bare.api.Info(ctx, &pluginpb.InfoRequest{})
		if err != nil {
			return fmt.Errorf("plugin %s does not tell what it is: %w", p.exe.Name, fromStatus(err))
		}
		p.info = info(r)
	}
	if p.info.Name != p.exe.Name {
		return fmt.Errorf("plugin %s calls itself %q; name the executable after its provider", p.exe.Path, p.info.Name)
	}
	// What is granted but not declared would be passed for no reason.
	p.granted = slices.DeleteFunc(grants, func(name string) bool { return !slices.Contains(p.info.Env, name) })
	p.infoRead = true
	return nil
}

func (p *Provider) launch(ctx context.Context, env []string, sum []byte) (*process, error) {
	// The process outlives ctx, which ends it only while it starts.
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, kill)()
	cmd := exec.CommandContext(life, p.exe.Path)
	cmd.Env = environment(env)
	proc := &process{kill: kill, stderr: &stderrLog{log: p.host.opts.Log.With(slog.String("plugin", p.exe.Name))}}
	config := &goplugin.ClientConfig{
		HandshakeConfig:  pluginpb.Handshake,
		VersionedPlugins: map[int]goplugin.PluginSet{pluginpb.Version: {pluginpb.Name: &pluginpb.Plugin{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              cmd,
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     startTimeout,
		Stderr:           proc.stderr,
		SyncStdout:       proc.stderr,
		SyncStderr:       proc.stderr,
		Logger:           hclog.NewNullLogger(), // we read the plugin's standard error ourselves
	}
	if sum != nil {
		config.SecureConfig = &goplugin.SecureConfig{Checksum: sum, Hash: sha256.New()}
	}
	proc.client = goplugin.NewClient(config)
	rpc, err := proc.client.Client()
	if errors.Is(err, goplugin.ErrChecksumsDoNotMatch) {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "check where the change comes from, then run kubemuster plugins lock",
			"plugin %s differs from the one in %s", p.exe.Name, LockFile)
	}
	var raw any
	if err == nil {
		raw, err = rpc.Dispense(pluginpb.Name)
	}
	if err != nil {
		proc.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("plugin %s did not start%s; is %s a Kubemuster auth plugin for this machine?", p.exe.Name, proc.stderr.last(), p.exe.Path)
	}
	proc.api = raw.(pluginpb.ProviderClient)
	return proc, nil
}

// buried puts a process that died away, so that the next call starts another: once.
func (p *Provider) buried(dead *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != dead {
		return // another call has been here
	}
	dead.stop()
	p.current = nil
	if p.starts > 1 {
		p.fatal = sdk.Errorf(sdk.ErrUnavailable, "report this to the plugin's authors", "plugin %s crashed twice%s", p.exe.Name, dead.stderr.last())
		return
	}
	p.host.opts.Log.Warn("plugin crashed and is started again", "plugin", p.exe.Name, "stderr", dead.stderr.last())
}

func (p *Provider) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		p.current.stop()
		p.current = nil
	}
	if p.fatal == nil {
		p.fatal = errors.New("the plugins are already stopped")
	}
}

func (p *process) stop() {
	p.client.Kill()
	p.kill()
}

// died tells a call that failed because the process is gone from one that the plugin answered with a failure.
func (p *process) died(err error) bool {
	if st := status.Convert(err); st.Code() != codes.Unavailable || len(st.Details()) > 0 {
		return false
	}
	// The connection breaks a moment before the process is seen to have exited.
	for range 20 {
		if p.client.Exited() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
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

func wireTarget(t sdk.Target) *pluginpb.Target {
	w := &pluginpb.Target{Provider: t.Provider, Name: t.Name, Path: t.Path, Params: t.Params, Secrets: map[string]string{}}
	for k, v := range t.Secrets {
		w.Secrets[k] = v.Reveal()
	}
	return w
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

// fromStatus turns a call's failure back into the sdk's error.
func fromStatus(err error) error {
	st := status.Convert(err)
	hint := ""
	for _, d := range st.Details() {
		if e, ok := d.(*pluginpb.ErrorDetail); ok {
			hint = redact.String(e.GetHint())
		}
	}
	message := redact.String(st.Message())
	if kind := pluginpb.Kind(st.Code()); kind != nil {
		return sdk.Errorf(kind, hint, "%s", message)
	}
	if st.Code() == codes.Unimplemented {
		return sdk.Errorf(sdk.ErrUnsupported, hint, "%s", message)
	}
	return errors.New(message)
}
