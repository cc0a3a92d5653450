package replay

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func (s *Server) serveVersion(w http.ResponseWriter, _ *http.Request) {
	parts := strings.SplitN(strings.TrimPrefix(s.header.ServerVersion, "v"), ".", 3)
	info := version.Info{Major: parts[0], GitVersion: s.header.ServerVersion, Platform: "linux/amd64"}
	if len(parts) > 1 {
		info.Minor = parts[1]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(info)
}

// kinds are those that a scan reads, but for what the recorded server did not serve, and the custom ones as it served them.
func kinds(custom []snapshot.Kind, absent []string) []snapshot.Kind {
	served := slices.Clone(custom)
	for _, k := range snapshot.Kinds {
		if !slices.Contains(absent, k.Name) && !slices.ContainsFunc(custom, func(c snapshot.Kind) bool { return c.Name == k.Name }) {
			served = append(served, k)
		}
	}
	return served
}

// resources are what is served, by group and version: the kinds, and the reviews.
func resources(kinds []snapshot.Kind) (lists []metav1.APIResourceList) {
	add := func(group, version string, r metav1.APIResource) {
		gv := schema.GroupVersion{Group: group, Version: version}.String()
		for i := range lists {
			if lists[i].GroupVersion == gv {
				lists[i].APIResources = append(lists[i].APIResources, r)
				return
			}
		}
		lists = append(lists, metav1.APIResourceList{GroupVersion: gv, APIResources: []metav1.APIResource{r}})
	}
	for _, k := range kinds {
		add(k.Group, k.Version, metav1.APIResource{
			Name: k.Resource, SingularName: strings.ToLower(k.Kind()), Kind: k.Kind(), Namespaced: k.Namespaced,
			Verbs: metav1.Verbs{"get", "list"}, ShortNames: shortNames[k.Name],
		})
	}
	add("authentication.k8s.io", "v1", metav1.APIResource{Name: "selfsubjectreviews", SingularName: "selfsubjectreview", Kind: "SelfSubjectReview", Verbs: metav1.Verbs{"create"}})
	add("authorization.k8s.io", "v1", metav1.APIResource{Name: "selfsubjectaccessreviews", SingularName: "selfsubjectaccessreview", Kind: "SelfSubjectAccessReview", Verbs: metav1.Verbs{"create"}})
	return lists
}

// shortNames are those that people type most.
var shortNames = map[string][]string{
	"Namespace": {"ns"}, "Node": {"no"}, "PersistentVolume": {"pv"}, "Pod": {"po"}, "Service": {"svc"}, "ServiceAccount": {"sa"},
	"ReplicationController": {"rc"}, "ResourceQuota": {"quota"}, "LimitRange": {"limits"}, "Deployment": {"deploy"},
	"DaemonSet": {"ds"}, "StatefulSet": {"sts"}, "ReplicaSet": {"rs"}, "CronJob": {"cj"}, "Ingress": {"ing"}, "NetworkPolicy": {"netpol"},
}

var unversioned = schema.GroupVersion{Version: "v1"}

func (s *Server) serveCoreVersions(w http.ResponseWriter, r *http.Request) {
	if s.serveAggregated(w, r, func(group string) bool { return group == "" }) {
		return
	}
	write(w, r, http.StatusOK, unversioned, &metav1.APIVersions{
		Versions:                   []string{"v1"},
		ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: r.Host}},
	})
}

// groups are the API groups but the core one.
func (s *Server) groups() (list []metav1.APIGroup) {
	for _, l := range s.resources {
		group, v, ok := strings.Cut(l.GroupVersion, "/")
		if !ok {
			continue
		}
		served := metav1.GroupVersionForDiscovery{GroupVersion: l.GroupVersion, Version: v}
		if i := slices.IndexFunc(list, func(g metav1.APIGroup) bool { return g.Name == group }); i >= 0 {
			list[i].Versions = append(list[i].Versions, served)
			continue
		}
		list = append(list, metav1.APIGroup{Name: group, Versions: []metav1.GroupVersionForDiscovery{served}, PreferredVersion: served})
	}
	return list
}

func (s *Server) serveGroups(w http.ResponseWriter, r *http.Request) {
	if s.serveAggregated(w, r, func(group string) bool { return group != "" }) {
		return
	}
	write(w, r, http.StatusOK, unversioned, &metav1.APIGroupList{Groups: s.groups()})
}

// aggregated is the media type of all groups and resources in one answer.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// serveAggregated answers a client that prefers aggregated discovery, and reports whether this one does.
func (s *Server) serveAggregated(w http.ResponseWriter, r *http.Request, wanted func(group string) bool) bool {
	first, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	media, params, err := mime.ParseMediaType(first)
	if err != nil || media != "application/json" || params["g"] != apidiscovery.GroupName || params["v"] != "v2" || params["as"] != "APIGroupDiscoveryList" {
		return false
	}
	list := apidiscovery.APIGroupDiscoveryList{TypeMeta: metav1.TypeMeta{APIVersion: apidiscovery.SchemeGroupVersion.String(), Kind: "APIGroupDiscoveryList"}}
	for _, l := range s.resources {
		gv, err := schema.ParseGroupVersion(l.GroupVersion)
		if err != nil || !wanted(gv.Group) {
			continue
		}
		served := apidiscovery.APIVersionDiscovery{Version: gv.Version, Freshness: apidiscovery.DiscoveryFreshnessCurrent}
		for _, r := range l.APIResources {
			scope := apidiscovery.ScopeCluster
			if r.Namespaced {
				scope = apidiscovery.ScopeNamespace
			}
			served.Resources = append(served.Resources, apidiscovery.APIResourceDiscovery{
				Resource: r.Name, SingularResource: r.SingularName, Scope: scope, Verbs: r.Verbs, ShortNames: r.ShortNames,
				ResponseKind: &metav1.GroupVersionKind{Group: gv.Group, Version: gv.Version, Kind: r.Kind},
			})
		}
		if i := slices.IndexFunc(list.Items, func(g apidiscovery.APIGroupDiscovery) bool { return g.Name == gv.Group }); i >= 0 {
			list.Items[i].Versions = append(list.Items[i].Versions, served)
			continue
		}
		list.Items = append(list.Items, apidiscovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: gv.Group}, Versions: []apidiscovery.APIVersionDiscovery{served}})
	}
	w.Header().Set("Content-Type", aggregated)
	_ = json.NewEncoder(w).Encode(list) // the client may have gone
	return true
}

func (s *Server) serveGroup(w http.ResponseWriter, r *http.Request) {
	for _, g := range s.groups() {
		if g.Name == r.PathValue("group") {
			write(w, r, http.StatusOK, unversioned, &g)
			return
		}
	}
	writeError(w, r, notServed(r))
}

func (s *Server) serveResources(w http.ResponseWriter, r *http.Request) {
	gv := schema.GroupVersion{Group: r.PathValue("group"), Version: r.PathValue("version")}
	for _, l := range s.resources {
		if l.GroupVersion == gv.String() {
			write(w, r, http.StatusOK, unversioned, &l)
			return
		}
	}
	writeError(w, r, notServed(r))
}

// notServed is what a client makes of a path that the API server does not know.
func notServed(r *http.Request) error {
	return apierrors.NewGenericServerResponse(http.StatusNotFound, strings.ToLower(r.Method), schema.GroupResource{}, "", "", 0, false)
}
