package replay

import (
	"encoding/json"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func (s *Server) serveVersion(w http.ResponseWriter, _ *http.Request) {
	parts := strings.SplitN(strings.TrimPrefix(s.version, "v"), ".", 3)
	info := version.Info{Major: parts[0], GitVersion: s.version, Platform: "linux/amd64"}
	if len(parts) > 1 {
		info.Minor = parts[1]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(info)
}

// resources are what is served, by group and version: the kinds that a scan reads, whether the snapshot holds any or not,
// and the reviews.
var resources = func() (lists []metav1.APIResourceList) {
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
	for _, k := range snapshot.Kinds {
		add(k.Group, k.Version, metav1.APIResource{
			Name: k.Resource, SingularName: strings.ToLower(k.Name), Kind: k.Name, Namespaced: k.Namespaced,
			Verbs: metav1.Verbs{"get", "list"}, ShortNames: shortNames[k.Name],
		})
	}
	add("authentication.k8s.io", "v1", metav1.APIResource{Name: "selfsubjectreviews", SingularName: "selfsubjectreview", Kind: "SelfSubjectReview", Verbs: metav1.Verbs{"create"}})
	add("authorization.k8s.io", "v1", metav1.APIResource{Name: "selfsubjectaccessreviews", SingularName: "selfsubjectaccessreview", Kind: "SelfSubjectAccessReview", Verbs: metav1.Verbs{"create"}})
	return lists
}()

// shortNames are those that people type most.
var shortNames = map[string][]string{
	"Namespace": {"ns"}, "Node": {"no"}, "PersistentVolume": {"pv"}, "Pod": {"po"}, "Service": {"svc"}, "ServiceAccount": {"sa"},
	"ReplicationController": {"rc"}, "ResourceQuota": {"quota"}, "LimitRange": {"limits"}, "Deployment": {"deploy"},
	"DaemonSet": {"ds"}, "StatefulSet": {"sts"}, "ReplicaSet": {"rs"}, "CronJob": {"cj"}, "Ingress": {"ing"}, "NetworkPolicy": {"netpol"},
}

var unversioned = schema.GroupVersion{Version: "v1"}

func (s *Server) serveCoreVersions(w http.ResponseWriter, r *http.Request) {
	write(w, r, http.StatusOK, unversioned, &metav1.APIVersions{
		Versions:                   []string{"v1"},
		ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: r.Host}},
	})
}

// groups are the API groups but the core one, each with its one version.
func groups() (list []metav1.APIGroup) {
	for _, l := range resources {
		group, v, ok := strings.Cut(l.GroupVersion, "/")
		if !ok {
			continue
		}
		served := metav1.GroupVersionForDiscovery{GroupVersion: l.GroupVersion, Version: v}
		list = append(list, metav1.APIGroup{Name: group, Versions: []metav1.GroupVersionForDiscovery{served}, PreferredVersion: served})
	}
	return list
}

func (s *Server) serveGroups(w http.ResponseWriter, r *http.Request) {
	write(w, r, http.StatusOK, unversioned, &metav1.APIGroupList{Groups: groups()})
}

func (s *Server) serveGroup(w http.ResponseWriter, r *http.Request) {
	for _, g := range groups() {
		if g.Name == r.PathValue("group") {
			write(w, r, http.StatusOK, unversioned, &g)
			return
		}
	}
	writeError(w, r, notServed(r))
}

func (s *Server) serveResources(w http.ResponseWriter, r *http.Request) {
	gv := schema.GroupVersion{Group: r.PathValue("group"), Version: r.PathValue("version")}
	for _, l := range resources {
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
