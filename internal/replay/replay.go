// Package replay serves a recorded snapshot as a read-only Kubernetes API: versions, discovery, get, list with paging and
// selectors, and self-subject reviews, in JSON and protobuf, with the API server's own errors. What the snapshot does not
// hold is forbidden, not empty. It serves kubemuster replay, tests and the demo.
package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Options say who is let in, and to what.
type Options struct {
	// Authenticate returns whom a bearer token stands for; an error is answered with 401, as is a request without a token.
	// If it is nil, everyone is let in as system:anonymous.
	Authenticate func(ctx context.Context, token string) (user string, groups []string, err error)
	// Authorize reports whether the user may get or list (the verb) a kind; namespace is empty for all of them. If it is nil,
	// everyone who is let in may. Versions, discovery and self-subject reviews are open to everyone who is let in.
	Authorize func(user string, groups []string, verb string, kind snapshot.Kind, namespace string) bool
	// MaxWeight bounds what the snapshot's objects take in memory together, in bytes, by an estimate that is rather too high; zero
	// means 16 GiB, some hundred thousand pods.
	MaxWeight int64
}

const defaultWeight = 16 << 30

// Server serves one snapshot. Who serves it adds TLS, as Listener does.
type Server struct {
	opts      Options
	header    snapshot.Header
	ending    snapshot.Ending
	kinds     []snapshot.Kind // that are served
	resources []metav1.APIResourceList
	objects   map[string][]snapshot.Object // by the name of the kind, in the order of their keys
	// revision is the resource version of every list: the snapshot's newest.
	revision string
	mux      *http.ServeMux
}

// New reads the snapshot to its end and returns a server for it, which keeps all of its objects in memory.
func New(r *snapshot.Reader, opts Options) (*Server, error) {
	s := &Server{opts: opts, header: r.Header(), objects: map[string][]snapshot.Object{}}
	newest, weight, most := uint64(1), int64(0), cmp.Or(opts.MaxWeight, defaultWeight)
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if weight += r.Weight(); weight > most {
			return nil, fmt.Errorf("the snapshot's objects take more than %d MiB together, and all are kept in memory; record a part of the cluster, with collect --namespace", most>>20)
		}
		s.objects[o.Kind.Name] = append(s.objects[o.Kind.Name], o)
		if n, err := strconv.ParseUint(o.Value.GetResourceVersion(), 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	for _, objects := range s.objects {
		slices.SortFunc(objects, func(a, b snapshot.Object) int { return cmp.Compare(key(a), key(b)) })
	}
	s.revision = strconv.FormatUint(newest, 10)
	s.ending = r.Ending()
	s.kinds = kinds(r.Custom(), s.ending.Absent)
	s.resources = resources(s.kinds)
	s.mux = s.routes()
	return s, nil
}

// key is an object's place in lists: that of etcd.
func key(o snapshot.Object) string { return o.Value.GetNamespace() + "/" + o.Value.GetName() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := s.authenticate(r)
	if err != nil {
		writeError(w, r, apierrors.NewUnauthorized("Unauthorized"))
		return
	}
	s.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
}

// caller is who asks.
type caller struct {
	user   string
	groups []string
}

type callerKey struct{}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

func (s *Server) authenticate(r *http.Request) (caller, error) {
	if s.opts.Authenticate == nil {
		return caller{"system:anonymous", []string{"system:unauthenticated"}}, nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return caller{}, errors.New("no bearer token")
	}
	user, groups, err := s.opts.Authenticate(r.Context(), token)
	return caller{user, append(slices.Clip(groups), "system:authenticated")}, err
}

func (s *Server) authorized(c caller, verb string, kind snapshot.Kind, namespace string) bool {
	return s.opts.Authorize == nil || s.opts.Authorize(c.user, c.groups, verb, kind, namespace)
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", s.serveVersion)
	mux.HandleFunc("GET /api", s.serveCoreVersions)
	mux.HandleFunc("GET /apis", s.serveGroups)
	mux.HandleFunc("GET /apis/{group}", s.serveGroup)
	for _, prefix := range []string{"/api/{version}", "/apis/{group}/{version}"} {
		mux.HandleFunc("GET "+prefix, s.serveResources)
		mux.HandleFunc(prefix+"/{resource}", s.serveObjects)
		mux.HandleFunc(prefix+"/{resource}/{name}", s.serveObjects)
		mux.HandleFunc(prefix+"/namespaces/{namespace}/{resource}", s.serveObjects)
		mux.HandleFunc(prefix+"/namespaces/{namespace}/{resource}/{name}", s.serveObjects)
	}
	mux.HandleFunc("GET /api/v1/nodes/{name}/proxy/{path...}", s.serveKubelet)
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/selfsubjectreviews", s.serveSelfSubjectReview)
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", s.serveSelfSubjectAccessReview)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			http.Error(w, "404 page not found", http.StatusNotFound) // in plain text, as the API server has it
			return
		}
		writeError(w, r, apierrors.NewMethodNotSupported(schema.GroupResource{}, strings.ToLower(r.Method)))
	})
	return mux
}

// serveObjects gets or lists, and does nothing else.
func (s *Server) serveObjects(w http.ResponseWriter, r *http.Request) {
	group, version, resource := r.PathValue("group"), r.PathValue("version"), r.PathValue("resource")
	namespace, name := r.PathValue("namespace"), r.PathValue("name")
	kind, ok := s.kindOf(group, version, resource)
	wrongScope := kind.Namespaced && name != "" && namespace == "" || !kind.Namespaced && namespace != ""
	if !ok || wrongScope {
		writeError(w, r, notServed(r))
		return
	}
	in := namespace
	if kind.Name == "Namespace" {
		in = name // so the API server says it
	}
	verb := verbOf(r, name)
	switch {
	case verb != "get" && verb != "list":
		writeError(w, r, apierrors.NewMethodNotSupported(groupResource(kind), verb))
	case !s.authorized(callerOf(r), verb, kind, in):
		writeError(w, r, forbidden(callerOf(r), verb, kind, in, name))
	case verb == "get":
		s.get(w, r, kind, namespace, name)
	default:
		if why := s.unrecorded(kind, in); why != "" {
			writeError(w, r, apierrors.NewForbidden(groupResource(kind), "", errors.New(why)))
			return
		}
		s.list(w, r, kind, namespace)
	}
}

// unrecorded says why the snapshot cannot tell which objects of a kind there are in a namespace (empty: all), or nothing
// where it can.
func (s *Server) unrecorded(kind snapshot.Kind, namespace string) string {
	if only := s.header.Namespaces; len(only) > 0 && (!kind.Namespaced || !slices.Contains(only, namespace)) {
		return "the snapshot holds what is in the namespaces " + strings.Join(only, ", ") + " only"
	}
	without := s.header.ExcludeNamespaces
	if slices.Contains(without, namespace) {
		return "the snapshot was recorded without this namespace"
	}
	if len(without) > 0 && namespace == "" && (kind.Namespaced || kind.Name == "Namespace") {
		return "the snapshot was recorded without the namespaces " + strings.Join(without, ", ") + "; ask for one of the others"
	}
	for _, g := range s.ending.Gaps {
		if g.Kind == kind.Name && (g.Namespace == "" || namespace == "" || g.Namespace == namespace) {
			return "the snapshot does not hold all of them: " + g.Message
		}
	}
	if _, ok := s.ending.Objects[kind.Name]; !ok {
		return "the snapshot does not hold them"
	}
	return ""
}

// verbOf names a request's verb as RBAC does. https://kubernetes.io/docs/reference/access-authn-authz/authorization/
func verbOf(r *http.Request, name string) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		switch watch, _ := strconv.ParseBool(r.URL.Query().Get("watch")); {
		case watch:
			return "watch"
		case name == "":
			return "list"
		}
		return "get"
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodDelete:
		if name == "" {
			return "deletecollection"
		}
	}
	return strings.ToLower(r.Method)
}

func (s *Server) kindOf(group, version, resource string) (snapshot.Kind, bool) {
	i := slices.IndexFunc(s.kinds, func(k snapshot.Kind) bool { return k.Group == group && k.Version == version && k.Resource == resource })
	if i < 0 {
		return snapshot.Kind{}, false
	}
	return s.kinds[i], true
}

func groupResource(k snapshot.Kind) schema.GroupResource {
	return schema.GroupResource{Group: k.Group, Resource: k.Resource}
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, kind snapshot.Kind, namespace, name string) {
	o, found := s.find(kind, namespace, name)
	if !found {
		in := namespace
		if kind.Name == "Namespace" {
			in = name
		}
		if why := s.unrecorded(kind, in); why != "" {
			writeError(w, r, apierrors.NewForbidden(groupResource(kind), name, errors.New(why)))
			return
		}
		writeError(w, r, apierrors.NewNotFound(groupResource(kind), name))
		return
	}
	// A copy of the struct, because encoding writes the kind into it for a moment.
	v := reflect.New(kind.Type)
	v.Elem().Set(reflect.ValueOf(o.Value).Elem())
	write(w, r, http.StatusOK, schema.GroupVersion{Group: kind.Group, Version: kind.Version}, v.Interface().(runtime.Object))
}

func (s *Server) find(kind snapshot.Kind, namespace, name string) (snapshot.Object, bool) {
	objects := s.objects[kind.Name]
	at, found := slices.BinarySearchFunc(objects, namespace+"/"+name, func(o snapshot.Object, k string) int { return cmp.Compare(key(o), k) })
	if !found {
		return snapshot.Object{}, false
	}
	return objects[at], true
}

// forbidden is told in the API server's words.
func forbidden(c caller, verb string, kind snapshot.Kind, namespace, name string) error {
	where := "at the cluster scope"
	if namespace != "" {
		where = `in the namespace "` + namespace + `"`
	}
	return apierrors.NewForbidden(groupResource(kind), name,
		errors.New(`User "`+c.user+`" cannot `+verb+` resource "`+kind.Resource+`" in API group "`+kind.Group+`" `+where))
}
