// Package pluginpb is the protocol between the host and its auth plugins: the handshake, the failures that cross the
// wire, and the code generated from provider.proto.
package pluginpb

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

//go:generate go tool -modfile=../../tools/go.mod buf generate

// Version is the protocol's version, negotiated when a plugin starts. It is apart from the module's.
const Version = 1

// Name is the service's name among a plugin's dispensed services.
const Name = "provider"

// Handshake tells a plugin that it was started by a host, not by a person. It is no security feature.
var Handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "KUBEMUSTER_PLUGIN",
	MagicCookieValue: "d19cc1a2-auth",
}

// The kinds of failure; pkg/sdk exports and documents them.
var (
	ErrUnauthenticated  = errors.New("not authenticated")
	ErrPermissionDenied = errors.New("permission denied")
	ErrTargetNotFound   = errors.New("not found")
	ErrInvalidTarget    = errors.New("invalid target")
	ErrUnavailable      = errors.New("unavailable")
	ErrUnsupported      = errors.New("unsupported")
)

// codeByKind pairs each kind with its code on the wire.
var codeByKind = []struct {
	kind error
	code codes.Code
}{
	{ErrUnauthenticated, codes.Unauthenticated},
	{ErrPermissionDenied, codes.PermissionDenied},
	{ErrTargetNotFound, codes.NotFound},
	{ErrInvalidTarget, codes.InvalidArgument},
	{ErrUnavailable, codes.Unavailable},
	{ErrUnsupported, codes.FailedPrecondition},
	// A deadline of the plugin's own: the host does not ask for the code when its own has passed.
	{context.DeadlineExceeded, codes.Unavailable},
	{context.Canceled, codes.Unavailable},
}

// Code returns the code that err crosses the wire with: Unknown for none of the kinds.
func Code(err error) codes.Code {
	for _, p := range codeByKind {
		if errors.Is(err, p.kind) {
			return p.code
		}
	}
	return codes.Unknown
}

// Kind returns the kind of failure that a code stands for, or nil.
func Kind(code codes.Code) error {
	switch code {
	case codes.DeadlineExceeded, codes.Canceled: // as gRPC libraries of other languages send them by themselves
		return ErrUnavailable
	case codes.Unimplemented:
		return ErrUnsupported
	}
	for _, p := range codeByKind {
		if p.code == code {
			return p.kind
		}
	}
	return nil
}

// Plugin binds the service to go-plugin: Service is set in a plugin, and nil in the host.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Service ProviderServer
}

// GRPCServer implements plugin.GRPCPlugin.
func (p *Plugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	RegisterProviderServer(s, p.Service)
	return nil
}

// GRPCClient implements plugin.GRPCPlugin and returns a ProviderClient.
func (p *Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return NewProviderClient(c), nil
}
