package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/homedir"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// entry is a context of a kubeconfig, with the cluster and the user that it joins.
type entry struct {
	context     string
	clusterName string
	cluster     *api.Cluster
	userName    string
	user        *api.AuthInfo
}

// find looks the target's context up.
func find(t sdk.Target) (*entry, error) {
	config, files, err := load(t.Params["kubeconfig"])
	if err != nil {
		return nil, err
	}
	name := t.Path["context"]
	c := config.Contexts[name]
	switch {
	case len(config.Contexts) == 0:
		return nil, sdk.Errorf(sdk.ErrTargetNotFound, "name a kubeconfig with the parameter kubeconfig, or set KUBECONFIG and grant it to the plugin",
			"there are no contexts in %s", strings.Join(files, ", "))
	case c == nil:
		return nil, sdk.Errorf(sdk.ErrTargetNotFound, "there are: "+contexts(config), "there is no context %q in %s", name, strings.Join(files, ", "))
	}
	e := &entry{name, c.Cluster, config.Clusters[c.Cluster], c.AuthInfo, config.AuthInfos[c.AuthInfo]}
	const repair = "repair it with kubectl config set-context"
	switch {
	case e.cluster == nil:
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, repair, "context %q names no cluster of the kubeconfig", name)
	case e.user == nil:
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, repair, "context %q names no user of the kubeconfig", name)
	}
	return e, nil
}

// load merges the kubeconfig files as kubectl does, and returns where it looked.
func load(explicit string) (*api.Config, []string, error) {
	// Rules of our own: client-go's default ones also write, to move a file from where old versions kept it.
	rules := clientcmd.ClientConfigLoadingRules{ExplicitPath: explicit}
	list, home := os.Getenv(clientcmd.RecommendedConfigPathEnvVar), homedir.HomeDir()
	switch {
	case list != "":
		rules.Precedence = filepath.SplitList(list)
	case home != "":
		rules.Precedence = []string{filepath.Join(home, clientcmd.RecommendedHomeDir, clientcmd.RecommendedFileName)}
	case explicit == "": // and not the working directory
		return nil, nil, sdk.Errorf(sdk.ErrInvalidTarget, "name the file with the parameter kubeconfig", "there is no home directory to look for a kubeconfig in")
	}
	files := rules.GetLoadingPrecedence()
	config, err := rules.Load()
	if err != nil {
		return nil, nil, explainLoad(files, explicit != "")
	}
	return config, files, nil
}

// explainLoad tells which of the files made loading fail. What the parser says is left out: it quotes the file.
func explainLoad(files []string, required bool) error {
	for _, f := range files {
		_, err := clientcmd.LoadFromFile(f)
		var unreadable *fs.PathError
		switch {
		case err == nil, f == "", errors.Is(err, fs.ErrNotExist) && !required:
		case errors.As(err, &unreadable):
			return sdk.Errorf(sdk.ErrInvalidTarget, "check the parameter kubeconfig or KUBECONFIG", "kubeconfig %s cannot be read: %v", f, unreadable.Err)
		default:
			return sdk.Errorf(sdk.ErrInvalidTarget, "see what is wrong with kubectl config view --kubeconfig "+f, "%s is not a valid kubeconfig", f)
		}
	}
	return sdk.Errorf(sdk.ErrInvalidTarget, "see what is wrong with kubectl config view", "the kubeconfig files cannot be merged")
}

// contexts lists the contexts that there are, as far as a line takes them, the current one first.
func contexts(c *api.Config) string {
	const shown = 10
	names := slices.Sorted(maps.Keys(c.Contexts))
	if i := slices.Index(names, c.CurrentContext); i >= 0 {
		names = slices.Concat([]string{c.CurrentContext + " (current)"}, names[:i], names[i+1:])
	}
	if more := len(names) - shown; more > 0 {
		names = append(names[:shown], fmt.Sprintf("and %d more", more))
	}
	return oneLine(strings.Join(names, ", "))
}

// access says where the context's API server is. caFile is for a cluster without an authority of its own.
func (e *entry) access(caFile string) (*sdk.Access, error) {
	server, err := e.server()
	if err != nil {
		return nil, err
	}
	proxy, err := e.proxy()
	if err != nil {
		return nil, err
	}
	trust, err := e.trust(caFile)
	if err != nil {
		return nil, err
	}
	a := &sdk.Access{
		Server:        server.String(),
		Trust:         trust,
		TLSServerName: e.cluster.TLSServerName,
		ProxyURL:      e.cluster.ProxyURL,
		Cluster:       sdk.Cluster{Provider: "kubeconfig", Name: e.context, ID: id(server, e.cluster.TLSServerName, proxy)},
		Hint:          e.hint(),
	}
	if err := a.Validate(); err != nil {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "correct the cluster's entry in the kubeconfig", "cluster %q cannot be used: %v", e.clusterName, err)
	}
	return a, nil
}

func (e *entry) server() (*url.URL, error) {
	u, err := url.Parse(e.cluster.Server)
	switch {
	case err == nil && u.Scheme == "http":
		return nil, sdk.Errorf(sdk.ErrUnsupported, "set server to the cluster's https URL",
			"cluster %q is reached over http, where everyone on the way reads the credential", e.clusterName)
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil:
		// Not shown: it may hold a password.
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "set server to an https URL without credentials", "the server of cluster %q is not an https URL", e.clusterName)
	}
	return u, nil
}

// proxy returns the proxy without its credentials, and an empty string where there is none.
func (e *entry) proxy() (string, error) {
	if e.cluster.ProxyURL == "" {
		return "", nil
	}
	u, err := url.Parse(e.cluster.ProxyURL)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
		return "", sdk.Errorf(sdk.ErrInvalidTarget, "set proxy-url to an http, https or socks5 URL", "the proxy-url of cluster %q cannot be used", e.clusterName)
	}
	return u.Scheme + "://" + u.Host, nil
}

func (e *entry) trust(caFile string) (sdk.Trust, error) {
	c := e.cluster
	pem := c.CertificateAuthorityData
	switch {
	case c.InsecureSkipTLSVerify:
		return sdk.Trust{}, sdk.Errorf(sdk.ErrUnsupported,
			"remove it and set certificate-authority-data to the cluster's certificate authority: kubectl config view --raw shows it where the cluster was set up, or ask its administrator",
			"cluster %q sets insecure-skip-tls-verify, so that anyone may pose as the API server", e.clusterName)
	case len(pem) == 0 && c.CertificateAuthority != "":
		return readTrust(c.CertificateAuthority, sdk.ClusterCA, fmt.Sprintf("the certificate-authority of cluster %q", e.clusterName))
	case len(pem) == 0 && caFile != "":
		return readTrust(caFile, sdk.SystemRoots, "caFile")
	case len(pem) == 0:
		return sdk.SystemRoots(nil), nil
	}
	return usableTrust(pem, sdk.ClusterCA, fmt.Sprintf("the certificate-authority-data of cluster %q", e.clusterName))
}

func readTrust(file string, trust func([]byte) sdk.Trust, what string) (sdk.Trust, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return sdk.Trust{}, sdk.Errorf(sdk.ErrInvalidTarget, "give a PEM file with certificates", "%s cannot be read: %v", what, err)
	}
	return usableTrust(pem, trust, what)
}

func usableTrust(pem []byte, trust func([]byte) sdk.Trust, what string) (sdk.Trust, error) {
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return sdk.Trust{}, sdk.Errorf(sdk.ErrInvalidTarget, "give the authority's certificates in PEM", "%s holds no certificate", what)
	}
	return trust(pem), nil
}

// id is the same for two contexts that lead to one API server, whoever they sign in as. The server's URL alone does not
// say which one that is: a gateway tells clusters apart by the TLS server name, and private addresses that recur are
// reached through different proxies.
func id(server *url.URL, tlsServerName, proxy string) string {
	host := strings.TrimSuffix(strings.ToLower(server.Host), ":443")
	s := "https://" + host + strings.TrimRight(server.EscapedPath(), "/")
	way := url.Values{}
	if tlsServerName != "" {
		way.Set("tls-server-name", tlsServerName)
	}
	if proxy != "" {
		way.Set("proxy-url", proxy)
	}
	if len(way) > 0 {
		s += "?" + way.Encode()
	}
	return s
}

// hint says who the caller is, as far as that can be known here, and what it needs.
func (e *entry) hint() string {
	who := fmt.Sprintf("user %q of the kubeconfig", e.userName)
	if t, err := e.static(); err == nil {
		who = caller(t, who)
	}
	return grant(who)
}

func grant(who string) string {
	return "the caller is " + who + ": check that its credential is current, and bind it to the ClusterRole kubemuster-reader in deploy/kubernetes"
}

// oneLine returns text without what would move a terminal's cursor or is no text.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
