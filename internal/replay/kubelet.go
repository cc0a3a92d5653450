package replay

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

var (
	nodeKind, _    = snapshot.KindNamed("Node")
	kubeletKind, _ = snapshot.KindNamed("KubeletConfiguration")
	proxyKind      = snapshot.Kind{Resource: "nodes/proxy"} // as errors call it
)

// serveKubelet answers as a node's kubelet does behind the API server's proxy, of which the snapshot holds no more than its
// configuration. To get a KubeletConfiguration is what Options.Authorize is asked.
func (s *Server) serveKubelet(w http.ResponseWriter, r *http.Request) {
	node := r.PathValue("name")
	if c := callerOf(r); !s.authorized(c, "get", kubeletKind, "") {
		writeError(w, r, forbidden(c, "get", proxyKind, "", node))
		return
	}
	if r.PathValue("path") != "configz" {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	o, found := s.find(kubeletKind, "", node)
	if !found {
		writeError(w, r, s.unrecordedKubelet(node))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"kubeletconfig": o.Value}) // the client may have gone
}

func (s *Server) unrecordedKubelet(node string) error {
	if _, there := s.find(nodeKind, "", node); !there && s.unrecorded(nodeKind, "") == "" {
		return apierrors.NewNotFound(groupResource(nodeKind), node)
	}
	why := cmp.Or(s.unrecorded(kubeletKind, ""), "the snapshot does not hold it")
	return apierrors.NewForbidden(groupResource(proxyKind), node, errors.New(why))
}
