// Package sdk is what a Kubemuster auth plugin is written against.
//
// An auth plugin turns a cloud's IAM credentials into access to a Kubernetes API server: where it is, what to trust,
// and a short-lived token. A plugin is one type that implements [Provider] and a main that calls [Serve]:
//
//	func main() { sdk.Serve(provider{}) }
//
// The executable is named kubemuster-auth-<provider>. The protocol between host and plugin is gRPC and is not part of
// this package's API.
package sdk

import (
	"context"
	"iter"
)

// Provider gives access to the clusters of one cloud. Its methods are called concurrently, for one target or for many.
//
// Access and Token return errors made with [Errorf], so that the user reads what went wrong and what to do next.
// Every call must end when its context does.
type Provider interface {
	// Info describes the plugin. It is called before any credential is in the plugin's environment, and must not fail.
	Info() Info
	// Access finds the cluster's API server.
	Access(ctx context.Context, t Target) (*Access, error)
	// Token issues a credential for the cluster. It is called again before the last one expires, and once after the
	// API server has refused it: a provider that caches must then hand out a new one if the cached one is old.
	Token(ctx context.Context, t Target) (*Token, error)
}

// ProviderWithDiscovery is a Provider that lists the clusters its credentials can see.
type ProviderWithDiscovery interface {
	Provider
	// Discover yields the targets in scope. An error beside a zero Target says what could not be listed; listing
	// goes on behind it, so that a partial answer is known to be one.
	Discover(ctx context.Context, s Scope) iter.Seq2[Target, error]
}

// ProviderWithFacts is a Provider that tells how a cluster's managed control plane and cloud identities are set up.
type ProviderWithFacts interface {
	Provider
	// Facts returns an allow-listed projection of the cloud's own objects: never the raw object, never a secret.
	Facts(ctx context.Context, t Target) (*Facts, error)
}

// Scope limits a discovery: the leading segments of a target's path, as in eks://us-east-1/*.
type Scope struct {
	Path   map[string]string
	Params map[string]string
}

// Facts are what a cloud says of a cluster. Document is JSON in the schema that the provider documents.
type Facts struct {
	Schema   string // for example "eks/v1"
	Document []byte
}

// Info makes a plugin self-describing: the host parses targets, validates configuration, prints help and builds the
// plugin's environment from it, and holds no knowledge of any provider itself.
type Info struct {
	// Name is the provider's name and the target's scheme: lower-case letters, digits and hyphens, as in "eks".
	Name string `json:"name"`
	// Version is the plugin's own version.
	Version string `json:"version"`
	// Path is the template of a target's path, as in "{region}/{cluster}". Each segment is one name in braces. The last
	// one takes the rest of the path, slashes included.
	Path string `json:"path"`
	// Parameters are what may stand behind the target's question mark.
	Parameters []Parameter `json:"parameters,omitempty"`
	// Env names the environment variables that the provider reads. The host passes no other, and passes these only
	// where the user granted them to this plugin.
	Env []string `json:"env,omitempty"`
	// Capabilities are filled in by Serve.
	Capabilities []Capability `json:"capabilities,omitempty"`
}

// Parameter is one named option of a target.
type Parameter struct {
	Name     string        `json:"name"`
	Type     ParameterType `json:"type"`
	Values   []string      `json:"values,omitempty"`  // with Enum: what is allowed
	Default  string        `json:"default,omitempty"` // used where the target does not say; empty means none
	Required bool          `json:"required,omitempty"`
	Secret   bool          `json:"secret,omitempty"` // arrives in Target.Secrets; the user writes env:NAME or file:PATH, never the value
	Help     string        `json:"help"`             // one line
}

// ParameterType says how a parameter's text is checked before the provider sees it.
type ParameterType string

// The types of a parameter.
const (
	String   ParameterType = "string"
	Bool     ParameterType = "bool"     // true or false
	Enum     ParameterType = "enum"     // one of Parameter.Values
	File     ParameterType = "file"     // a path; the host makes it absolute
	URL      ParameterType = "url"      // an https URL
	Duration ParameterType = "duration" // as time.ParseDuration reads it
)

// Capability names an optional part of the protocol.
type Capability string

// The optional parts of the protocol.
const (
	CapabilityDiscovery Capability = "discovery"
	CapabilityFacts     Capability = "facts"
)

// ParameterCAFile is the parameter that every plugin takes: a PEM file of certificate authorities to trust for the
// cloud's own endpoints, beside the system's, for networks that inspect TLS and for private clouds.
var ParameterCAFile = Parameter{
	Name: "caFile", Type: File,
	Help: "PEM file with certificate authorities to trust for the cloud's endpoints, beside the system's",
}
