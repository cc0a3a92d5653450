package azure

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const clusterPath = "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.containerservice/managedclusters/{name}"

func (c *Cloud) armHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+clusterPath, c.onCluster(ActionRead, c.serveCluster))
	mux.HandleFunc("POST "+clusterPath+"/listclusterusercredential", c.onCluster(ActionUserCredential, c.serveUserCredential))
	mux.HandleFunc("POST "+clusterPath+"/listclusteradmincredential", c.onCluster(ActionAdminCredential, c.serveAdminCredential))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		armError(w, http.StatusNotFound, "InvalidResourceType", "The resource type could not be found.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.URL.Path = strings.ToLower(r.URL.Path) // Resource Manager's paths know no case
		r.URL.RawPath = ""
		mux.ServeHTTP(w, r)
	})
}

// onCluster checks in Azure's order: the caller, the subscription, the permission, and only then whether the cluster
// exists, so that who may not read learns nothing.
func (c *Cloud) onCluster(action string, next func(http.ResponseWriter, *http.Request, Cluster)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		oid, err := c.verify(token, c.ARMURL())
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="`+c.AuthorityURL()+"/"+c.tenant+`", error="invalid_token", error_description="The access token is invalid."`)
			armError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "The access token is invalid.")
			return
		}
		if r.URL.Query().Get("api-version") == "" {
			armError(w, http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
			return
		}
		want := Cluster{Subscription: r.PathValue("subscription"), ResourceGroup: r.PathValue("group"), Name: r.PathValue("name")}
		in := c.scope(want)
		caller, known := c.identity(func(i Identity) bool { return i.ObjectID == oid })
		switch {
		case !in.subscription:
			armError(w, http.StatusNotFound, "SubscriptionNotFound", fmt.Sprintf("The subscription '%s' could not be found.", want.Subscription))
		case !known || !slices.Contains(caller.Actions, action):
			armError(w, http.StatusForbidden, "AuthorizationFailed", fmt.Sprintf("The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid.", oid, oid, action, want.id()))
		case !in.group:
			armError(w, http.StatusNotFound, "ResourceGroupNotFound", fmt.Sprintf("Resource group '%s' could not be found.", want.ResourceGroup))
		case in.cluster == nil:
			armError(w, http.StatusNotFound, "ResourceNotFound", fmt.Sprintf("The Resource 'Microsoft.ContainerService/managedClusters/%s' under resource group '%s' was not found.", want.Name, want.ResourceGroup))
		default:
			next(w, r, *in.cluster)
		}
	}
}

type scope struct {
	subscription, group bool
	cluster             *Cluster
}

// scope says how much of a cluster's resource ID exists.
func (c *Cloud) scope(want Cluster) (s scope) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, k := range c.clusters {
		if !strings.EqualFold(k.Subscription, want.Subscription) {
			continue
		}
		s.subscription = true
		s.group = s.group || strings.EqualFold(k.ResourceGroup, want.ResourceGroup)
		if k.id() == want.id() {
			s.cluster = &k
		}
	}
	return s
}

func (c *Cloud) serveCluster(w http.ResponseWriter, _ *http.Request, k Cluster) {
	state, power := k.ProvisioningState, "Running"
	if state == "" {
		state = "Succeeded"
	}
	if k.Stopped {
		power = "Stopped"
	}
	properties := map[string]any{
		"provisioningState": state, "powerState": map[string]string{"code": power},
		"kubernetesVersion": "1.37", "enableRBAC": true, "disableLocalAccounts": k.DisableLocalAccounts,
		"apiServerAccessProfile": map[string]any{"enablePrivateCluster": k.Private, "enablePrivateClusterPublicFQDN": k.Private && k.FQDN != ""},
	}
	if k.FQDN != "" {
		properties["fqdn"] = k.FQDN
	}
	if k.PrivateFQDN != "" {
		properties["privateFQDN"] = k.PrivateFQDN
	}
	switch k.Mode {
	case AzureRBAC, KubernetesRBAC:
		properties["aadProfile"] = map[string]any{"managed": true, "enableAzureRBAC": k.Mode == AzureRBAC, "tenantID": c.tenant}
	case LegacyEntra:
		properties["aadProfile"] = map[string]any{"serverAppID": "00000000-0000-0000-0000-0000000000a1", "clientAppID": "00000000-0000-0000-0000-0000000000a2", "tenantID": c.tenant}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"id": k.id(), "name": k.Name, "type": "Microsoft.ContainerService/ManagedClusters", "location": k.Location, "properties": properties,
	})
}

func (c *Cloud) serveUserCredential(w http.ResponseWriter, r *http.Request, k Cluster) {
	user := ""
	switch {
	case k.Mode == LocalAccounts:
		user = k.certificateUser()
	case r.URL.Query().Get("format") == "exec":
		user = fmt.Sprintf("exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin, args: [get-token, --server-id, %s], env: null, provideClusterInfo: false}", ServerAppID)
	default:
		user = fmt.Sprintf("auth-provider: {name: azure, config: {apiserver-id: %s, tenant-id: %s}}", ServerAppID, c.tenant)
	}
	writeKubeconfig(w, k, "clusterUser", user)
}

func (c *Cloud) serveAdminCredential(w http.ResponseWriter, _ *http.Request, k Cluster) {
	if k.DisableLocalAccounts {
		armError(w, http.StatusBadRequest, "BadRequest", "Getting static credential is not allowed because this cluster is set to disable local accounts.")
		return
	}
	writeKubeconfig(w, k, "clusterAdmin", k.certificateUser())
}

// certificateUser is the user of a kubeconfig for local accounts: AKS gives an administrator's certificate there, and a
// token beside it.
func (k Cluster) certificateUser() string {
	if k.ClientCA == nil {
		return "token: not-a-certificate"
	}
	cert, key := k.ClientCA.ClientCertificate("masterclient", "system:masters")
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("{client-certificate-data: %s, client-key-data: %s, token: local-account-token}", b64(cert), b64(key))
}

func writeKubeconfig(w http.ResponseWriter, k Cluster, role, user string) {
	host := k.FQDN
	if k.Private && k.PrivateFQDN != "" {
		host = k.PrivateFQDN
	}
	name := role + "_" + k.ResourceGroup + "_" + k.Name
	config := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    certificate-authority-data: %[2]s
    server: https://%[3]s
contexts:
- name: %[1]s
  context: {cluster: %[1]s, user: %[4]s}
current-context: %[1]s
users:
- name: %[4]s
  user:
    %[5]s
`, k.Name, base64.StdEncoding.EncodeToString(k.CA), host, name, user)
	writeJSON(w, http.StatusOK, map[string]any{"kubeconfigs": []map[string]any{{"name": role, "value": []byte(config)}}})
}

func armError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("x-ms-failure-cause", "gateway")
	writeJSON(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}
