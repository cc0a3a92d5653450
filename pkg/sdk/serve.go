package sdk

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kubemuster/kubemuster/internal/pluginpb"
	"github.com/kubemuster/kubemuster/internal/redact"
)

// Serve runs the plugin until its host stops it, and does not return. It exits when the host dies, however it dies. What
// the plugin logs through log/slog appears in the host's log.
func Serve(p Provider) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{
		Level: slog.LevelDebug, ReplaceAttr: hostAttr,
	})))
	var serving atomic.Pointer[grpc.Server]
	go exitWithParent(os.Getppid(), &serving)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: pluginpb.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{
			pluginpb.Version: {pluginpb.Name: &pluginpb.Plugin{Service: server{provider: p}}},
		},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			s := grpc.NewServer(opts...)
			serving.Store(s)
			return s
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
	})
	exit(0)
}

// exitWithParent ends the process when its parent has ended: a host that is killed cannot stop its plugins.
func exitWithParent(parent int, serving *atomic.Pointer[grpc.Server]) {
	awaitEnd(parent)
	time.AfterFunc(2*time.Second, func() { exit(1) })
	if s := serving.Load(); s != nil {
		s.Stop() // closes the listener, and that removes its socket
	}
	exit(1)
}

// exit ends the process. It removes the folder that the host made for the socket, in place of a host that is not there
// any more; one that is not empty stays.
func exit(code int) {
	_ = os.Remove(os.Getenv(plugin.EnvUnixSocketDir))
	os.Exit(code)
}

// hostAttr gives slog's own attributes the names under which the host looks for them.
func hostAttr(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	// A plugin's own attribute may have the same name, and any value.
	switch {
	case a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime:
		return slog.String("@timestamp", a.Value.Time().Format("2006-01-02T15:04:05.000000Z07:00"))
	case a.Key == slog.LevelKey && a.Value.Kind() == slog.KindAny:
		return slog.String("@level", a.Value.String())
	case a.Key == slog.MessageKey:
		a.Key = "@message"
	}
	return a
}

var errNoAnswer = errors.New("the plugin gave neither an answer nor an error")

// server speaks the protocol for a Provider.
type server struct {
	pluginpb.UnimplementedProviderServer
	provider Provider
}

func (s server) Info(context.Context, *pluginpb.InfoRequest) (*pluginpb.InfoResponse, error) {
	i := s.provider.Info()
	r := &pluginpb.InfoResponse{Name: i.Name, Version: i.Version, Path: i.Path, Env: i.Env}
	for _, p := range i.Parameters {
		r.Parameters = append(r.Parameters, &pluginpb.Parameter{
			Name: p.Name, Type: string(p.Type), Values: p.Values, Default: p.Default, Required: p.Required, Secret: p.Secret, Help: p.Help,
		})
	}
	if _, ok := s.provider.(ProviderWithDiscovery); ok {
		r.Capabilities = append(r.Capabilities, string(CapabilityDiscovery))
	}
	if _, ok := s.provider.(ProviderWithFacts); ok {
		r.Capabilities = append(r.Capabilities, string(CapabilityFacts))
	}
	return r, nil
}

func (s server) Access(ctx context.Context, req *pluginpb.AccessRequest) (*pluginpb.AccessResponse, error) {
	a, err := s.provider.Access(ctx, target(req.GetTarget()))
	if a == nil && err == nil {
		err = errNoAnswer
	}
	if err != nil {
		return nil, wireError(ctx, err)
	}
	r := &pluginpb.AccessResponse{
		Server: a.Server, TlsServerName: a.TLSServerName, ProxyUrl: a.ProxyURL, Hint: a.Hint, Trust: &pluginpb.Trust{},
		Cluster: &pluginpb.Cluster{
			Provider: a.Cluster.Provider, Account: a.Cluster.Account, Region: a.Cluster.Region, Name: a.Cluster.Name, Id: a.Cluster.ID,
		},
	}
	if a.Trust.system {
		r.Trust.Roots = &pluginpb.Trust_SystemRoots{SystemRoots: &pluginpb.SystemRoots{Extra: a.Trust.pem}}
	} else if len(a.Trust.pem) > 0 {
		r.Trust.Roots = &pluginpb.Trust_ClusterCa{ClusterCa: a.Trust.pem}
	}
	return r, nil
}

func (s server) Token(ctx context.Context, req *pluginpb.TokenRequest) (*pluginpb.TokenResponse, error) {
	t, err := s.provider.Token(ctx, target(req.GetTarget()))
	if t == nil && err == nil {
		err = errNoAnswer
	}
	if err != nil {
		return nil, wireError(ctx, err)
	}
	r := &pluginpb.TokenResponse{Value: t.Value.Reveal(), ClientCertificate: t.ClientCertificate, ClientKey: []byte(t.ClientKey.Reveal())}
	if !t.Expiry.IsZero() {
		r.Expiry = timestamppb.New(t.Expiry)
	}
	return r, nil
}

func (s server) Discover(req *pluginpb.DiscoverRequest, stream grpc.ServerStreamingServer[pluginpb.DiscoverResponse]) error {
	p, ok := s.provider.(ProviderWithDiscovery)
	if !ok {
		return status.Error(codes.Unimplemented, "this plugin does not list clusters")
	}
	for t, err := range p.Discover(stream.Context(), Scope{Path: req.GetPath(), Params: req.GetParams()}) {
		r := &pluginpb.DiscoverResponse{}
		if err != nil {
			st := status.Convert(wireError(stream.Context(), err))
			r.Error = &pluginpb.Error{Code: int32(st.Code()), Message: st.Message(), Hint: hint(err)}
		} else {
			r.Target = &pluginpb.Target{Provider: t.Provider, Name: t.Name, Path: t.Path, Params: t.Params}
		}
		if err := stream.Send(r); err != nil {
			return err
		}
	}
	return nil
}

func (s server) Facts(ctx context.Context, req *pluginpb.FactsRequest) (*pluginpb.FactsResponse, error) {
	p, ok := s.provider.(ProviderWithFacts)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "this plugin tells no facts")
	}
	f, err := p.Facts(ctx, target(req.GetTarget()))
	if f == nil && err == nil {
		err = errNoAnswer
	}
	if err != nil {
		return nil, wireError(ctx, err)
	}
	return &pluginpb.FactsResponse{Schema: f.Schema, Document: f.Document}, nil
}

func target(t *pluginpb.Target) Target {
	out := Target{Provider: t.GetProvider(), Name: t.GetName(), Path: t.GetPath(), Params: t.GetParams(), Secrets: map[string]Secret{}}
	for k, v := range t.GetSecrets() {
		out.Secrets[k] = NewSecret(v)
	}
	return out
}

// wireError returns err as a gRPC status. Text that a library may have put a credential into is redacted here, before it
// leaves the process.
func wireError(ctx context.Context, err error) error {
	message := err.Error()
	var e *Error
	switch {
	case errors.As(err, &e):
		message = e.Message
	case ctx.Err() != nil: // the host's deadline, which the host is about to see: it is no answer
		return status.FromContextError(ctx.Err()).Err()
	}
	st := status.New(pluginpb.Code(err), sendable(message))
	// The detail also tells the host that the plugin answered, and did not die.
	if with, err := st.WithDetails(&pluginpb.ErrorDetail{Hint: hint(err)}); err == nil {
		st = with
	}
	return st.Err()
}

func hint(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return sendable(e.Hint)
	}
	return ""
}

// sendable returns s as protobuf takes it: in UTF-8, and without what looks like a credential.
func sendable(s string) string { return redact.String(strings.ToValidUTF8(s, "\uFFFD")) }
