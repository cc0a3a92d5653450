package replay

import (
	"io"
	"net/http"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// maxReview bounds a review's body, in bytes.
const maxReview = 64 << 10

func (s *Server) serveSelfSubjectReview(w http.ResponseWriter, r *http.Request) {
	review := &authenticationv1.SelfSubjectReview{}
	if err := read(r, review); err != nil {
		writeError(w, r, err)
		return
	}
	c := callerOf(r)
	review.Status.UserInfo = authenticationv1.UserInfo{Username: c.user, Groups: c.groups}
	write(w, r, http.StatusCreated, authenticationv1.SchemeGroupVersion, review)
}

func (s *Server) serveSelfSubjectAccessReview(w http.ResponseWriter, r *http.Request) {
	review := &authorizationv1.SelfSubjectAccessReview{}
	if err := read(r, review); err != nil {
		writeError(w, r, err)
		return
	}
	switch a, path := review.Spec.ResourceAttributes, review.Spec.NonResourceAttributes; {
	case a != nil:
		review.Status.Allowed = s.allowed(callerOf(r), a)
	case path != nil:
		review.Status.Allowed = path.Verb == "get"
	default:
		writeError(w, r, apierrors.NewBadRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified"))
		return
	}
	write(w, r, http.StatusCreated, authorizationv1.SchemeGroupVersion, review)
}

// allowed answers for what is served: nothing is written here, and no other kind is known.
func (s *Server) allowed(c caller, a *authorizationv1.ResourceAttributes) bool {
	if a.Verb != "get" && a.Verb != "list" || a.Subresource != "" {
		return false
	}
	i := slices.IndexFunc(s.kinds, func(k snapshot.Kind) bool { return k.Group == a.Group && k.Resource == a.Resource })
	return i >= 0 && s.authorized(c, a.Verb, s.kinds[i], a.Namespace) && s.unrecorded(s.kinds[i], a.Namespace) == ""
}

// read decodes a request's body, JSON or protobuf.
func read(r *http.Request, into runtime.Object) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxReview+1))
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if len(data) > maxReview {
		return apierrors.NewRequestEntityTooLargeError("a review is smaller than this")
	}
	if _, _, err := snapshot.Codecs.UniversalDeserializer().Decode(data, nil, into); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	return nil
}
