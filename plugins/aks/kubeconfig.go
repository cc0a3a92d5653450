package main

import (
	"encoding/base64"

	"go.yaml.in/yaml/v3"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// kubeconfig is the little of a kubeconfig that the plugin reads. What it does not name (exec stanzas, tokens,
// passwords) is not decoded, and so neither run nor kept.
type kubeconfig struct {
	CurrentContext string `yaml:"current-context"`
	Contexts       []struct {
		Name    string
		Context struct{ Cluster, User string }
	}
	Clusters []struct {
		Name    string
		Cluster struct {
			CA string `yaml:"certificate-authority-data"`
		}
	}
	Users []struct {
		Name string
		User struct {
			Certificate string `yaml:"client-certificate-data"`
			Key         string `yaml:"client-key-data"`
		}
	}
}

// parseKubeconfig returns an empty kubeconfig where data is none: what is missing then is what the caller reports.
// A YAML error is dropped on purpose, as it quotes the document.
func parseKubeconfig(data []byte) (k kubeconfig) {
	if yaml.Unmarshal(data, &k) != nil {
		return kubeconfig{}
	}
	return k
}

// current returns the names of the current context's cluster and user.
func (k kubeconfig) current() (cluster, user string) {
	for _, c := range k.Contexts {
		if c.Name == k.CurrentContext {
			return c.Context.Cluster, c.Context.User
		}
	}
	return "", ""
}

// certificateAuthority returns PEM, or nil.
func (k kubeconfig) certificateAuthority() []byte {
	name, _ := k.current()
	for _, c := range k.Clusters {
		if c.Name == name {
			return decode(c.Cluster.CA)
		}
	}
	return nil
}

// clientCertificate returns PEM, or nothing.
func (k kubeconfig) clientCertificate() (cert []byte, key sdk.Secret) {
	_, name := k.current()
	for _, u := range k.Users {
		if u.Name == name {
			return decode(u.User.Certificate), sdk.NewSecret(string(decode(u.User.Key)))
		}
	}
	return nil, sdk.Secret{}
}

func decode(b64 string) []byte {
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		return nil
	}
	return b
}
