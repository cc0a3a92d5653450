package main

import (
	"context"
	"strings"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// version is set when the plugin is built, with -ldflags "-X main.version=…".
var version = "dev"

// inCluster is the target of the cluster that the plugin runs in. It is reserved: a context of that name has to be
// renamed, so that a target never means one thing in a pod and another outside.
const inCluster = "in-cluster"

// provider gives access to the clusters of a kubeconfig. It keeps nothing: files are read and commands are run anew for
// each call, so that a credential that was renewed outside is seen.
type provider struct {
	serviceAccount string // the folder that holds a pod's token and certificate authority
}

func newProvider() *provider {
	return &provider{serviceAccount: "/var/run/secrets/kubernetes.io/serviceaccount"}
}

// Info implements sdk.Provider.
func (*provider) Info() sdk.Info {
	caFile := sdk.ParameterCAFile
	caFile.Help = "PEM file with certificate authorities to trust beside the system's, where the kubeconfig names none for the cluster"
	return sdk.Info{
		Name:    "kubeconfig",
		Version: version,
		Path:    "{context}",
		Parameters: []sdk.Parameter{
			{Name: "kubeconfig", Type: sdk.File, Help: "the kubeconfig file; if not set, the files in KUBECONFIG or else ~/.kube/config"},
			{Name: "allowExec", Type: sdk.String, Help: "credential commands that the kubeconfig may run, separated by commas: names such as aws, or absolute paths; none if not set"},
			caFile,
		},
		Env: []string{"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"},
	}
}

// Access implements sdk.Provider.
func (p *provider) Access(_ context.Context, t sdk.Target) (*sdk.Access, error) {
	if t.Path["context"] == inCluster {
		return p.podAccess()
	}
	e, err := find(t)
	if err != nil {
		return nil, err
	}
	return e.access(t.Params["caFile"])
}

// Token implements sdk.Provider.
func (p *provider) Token(ctx context.Context, t sdk.Target) (*sdk.Token, error) {
	if t.Path["context"] == inCluster {
		return p.podToken()
	}
	e, err := find(t)
	if err != nil {
		return nil, err
	}
	if err := e.supported(); err != nil {
		return nil, err
	}
	// Like kubectl: a command is run only where the user has no credential at hand.
	if e.user.Exec == nil || e.hasStatic() {
		return e.static()
	}
	return e.execute(ctx, strings.Split(t.Params["allowExec"], ","), t.Params["caFile"])
}
