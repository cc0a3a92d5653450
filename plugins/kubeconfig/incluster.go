package main

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const mountHint = "run in a pod that mounts its service account (automountServiceAccountToken)"

// podAccess says where the API server of the pod's own cluster is.
func (p *provider) podAccess() (*sdk.Access, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, sdk.Errorf(sdk.ErrTargetNotFound,
			"it works in a pod, with KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT granted to the plugin; elsewhere name a context of the kubeconfig, and rename one that is called in-cluster",
			"%s is the cluster around the plugin, and there is none", inCluster)
	}
	ca, err := os.ReadFile(filepath.Join(p.serviceAccount, "ca.crt"))
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrUnsupported, mountHint, "the cluster's certificate authority cannot be read: %v", err)
	}
	trust, err := usableTrust(ca, sdk.ClusterCA, "the service account's ca.crt")
	if err != nil {
		return nil, err
	}
	who := "the pod's service account"
	if t, err := p.podToken(); err == nil {
		who = caller(t, who)
	}
	// The address is the same in most clusters and the authority is not, so the authority identifies the cluster. One
	// certificate of it, so that another beside it changes nothing.
	first, _ := pem.Decode(ca)
	a := &sdk.Access{
		Server:  "https://" + net.JoinHostPort(host, port),
		Trust:   trust,
		Cluster: sdk.Cluster{Provider: "kubeconfig", Name: inCluster, ID: fmt.Sprintf("%s/sha256:%x", inCluster, sha256.Sum256(first.Bytes))},
		Hint:    grant(who),
	}
	if err := a.Validate(); err != nil {
		return nil, sdk.Errorf(sdk.ErrUnsupported, "check KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT", "the cluster around the plugin cannot be used: %v", err)
	}
	return a, nil
}

// podToken returns the service account's current token, which the kubelet renews in its file.
func (p *provider) podToken() (*sdk.Token, error) {
	token, err := os.ReadFile(filepath.Join(p.serviceAccount, "token"))
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, mountHint, "the service account's token cannot be read: %v", err)
	}
	return credential("the pod's service account", mountHint, string(token), nil, nil, time.Time{})
}
