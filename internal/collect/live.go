package collect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const (
	// DefaultPageSize is the number of objects asked for at a time, as kubectl and client-go's pager do.
	DefaultPageSize = 500
	// pageTimeout bounds one page, retries included.
	pageTimeout = 90 * time.Second
	// parallelKinds are listed at once.
	parallelKinds = 4
	// attempts at one page that fails for a passing reason. client-go itself waits and retries where the server says when
	// (Retry-After) and where a connection is reset.
	attempts = 3
)

// Live lists a cluster's objects.
type Live struct {
	config   *rest.Config
	pageSize int64

	mu      sync.Mutex
	clients map[schema.GroupVersion]rest.Interface
}

// NewLive returns a source over the API server of this configuration. A pageSize of zero means DefaultPageSize.
func NewLive(config *rest.Config, pageSize int64) *Live {
	c := rest.CopyConfig(config)
	c.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(max(c.QPS, 1), max(c.Burst, 1)) // shared by all groups
	c.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	if pageSize == 0 {
		pageSize = DefaultPageSize
	}
	return &Live{config: c, pageSize: pageSize, clients: map[schema.GroupVersion]rest.Interface{}}
}

// Collect implements Source.
func (l *Live) Collect(ctx context.Context, scope Scope, emit func([]snapshot.Object) error) (Coverage, error) {
	var mu sync.Mutex
	cov := Coverage{Objects: map[string]int{}}
	namespaces := scope.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, wave := range waves(scope.Kinds) {
		var group errgroup.Group
		group.SetLimit(parallelKinds)
		for _, kind := range wave {
			if !kind.Namespaced && len(scope.Namespaces) > 0 {
				continue
			}
			group.Go(func() error {
				for _, ns := range namespaces {
					n, err := l.list(ctx, kind, ns, func(page []snapshot.Object) error {
						return emit(filter(page, scope))
					})
					mu.Lock()
					var failed emitError
					switch {
					case errors.As(err, &failed):
						mu.Unlock()
						return failed.error
					case apierrors.IsNotFound(err) && n == 0:
						cov.Absent = append(cov.Absent, kind.Name)
						mu.Unlock()
						return nil
					case err != nil:
						cov.Gaps = append(cov.Gaps, gap(kind, ns, n, err))
					}
					cov.Objects[kind.Name] += n
					mu.Unlock()
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return cov, err
		}
	}
	return cov, nil
}

// list reads one kind to the end and returns how many objects came before it ended or broke off.
func (l *Live) list(ctx context.Context, kind snapshot.Kind, namespace string, emit func([]snapshot.Object) error) (int, error) {
	client, err := l.client(schema.GroupVersion{Group: kind.Group, Version: kind.Version})
	if err != nil {
		return 0, err
	}
	read := 0
	opts := metav1.ListOptions{Limit: l.pageSize}
	for {
		page, next, err := l.page(ctx, client, kind, namespace, opts)
		if token := continueAfterExpiry(err); token != "" {
			// The list's revision is compacted away. The server's token goes on from the same key at a newer revision; starting
			// again would judge objects twice.
			opts.Continue = token
			continue
		}
		if err != nil {
			return read, err
		}
		if len(page) > 0 {
			if err := emit(page); err != nil {
				return read, emitError{err}
			}
		}
		read += len(page)
		if next == "" {
			return read, nil
		}
		if next == opts.Continue {
			return read, fmt.Errorf("the server answers the same page again and again")
		}
		opts.Continue = next
	}
}

func (l *Live) page(ctx context.Context, client rest.Interface, kind snapshot.Kind, namespace string, opts metav1.ListOptions) ([]snapshot.Object, string, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	gvk := schema.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Name + "List"}
	for attempt := 1; ; attempt++ {
		list, err := scheme.Scheme.New(gvk)
		if err != nil {
			return nil, "", err
		}
		err = client.Get().NamespaceIfScoped(namespace, kind.Namespaced && namespace != "").Resource(kind.Resource).
			VersionedParams(&opts, scheme.ParameterCodec).Do(ctx).Into(list)
		if err == nil {
			objects, err := objects(kind, list)
			if err != nil {
				return nil, "", err
			}
			m, err := meta.ListAccessor(list)
			if err != nil {
				return nil, "", err
			}
			return objects, m.GetContinue(), nil
		}
		if attempt == attempts || !passing(err) || ctx.Err() != nil {
			return nil, "", err
		}
		select {
		case <-time.After(time.Duration(attempt) * 300 * time.Millisecond):
		case <-ctx.Done():
			return nil, "", ctx.Err()
		}
	}
}

func (l *Live) client(gv schema.GroupVersion) (rest.Interface, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, ok := l.clients[gv]; ok {
		return c, nil
	}
	c := rest.CopyConfig(l.config)
	c.GroupVersion = &gv
	c.APIPath = "/apis"
	if gv.Group == "" {
		c.APIPath = "/api"
	}
	client, err := rest.RESTClientFor(c)
	if err == nil {
		l.clients[gv] = client
	}
	return client, err
}

// objects takes the items out of a typed list, without what no check may see or needs.
func objects(kind snapshot.Kind, list runtime.Object) ([]snapshot.Object, error) {
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	if items.Kind() != reflect.Slice || items.Type().Elem() != kind.Type {
		return nil, fmt.Errorf("the server answers a list of another kind")
	}
	out := make([]snapshot.Object, items.Len())
	for i := range out {
		v := items.Index(i).Addr().Interface().(metav1.Object)
		Strip(v)
		out[i] = snapshot.Object{Kind: kind, Value: v}
	}
	return out, nil
}

// Strip takes away what repeats the object: the bookkeeping of server-side apply, and the copy that kubectl apply keeps.
func Strip(v metav1.Object) {
	v.SetManagedFields(nil)
	if a := v.GetAnnotations(); a[corev1.LastAppliedConfigAnnotation] != "" {
		delete(a, corev1.LastAppliedConfigAnnotation)
	}
}

func filter(page []snapshot.Object, scope Scope) []snapshot.Object {
	kept := page[:0]
	for _, o := range page {
		if scope.includes(o) {
			kept = append(kept, o)
		}
	}
	return kept
}

// waves groups kinds by wave, in order.
func waves(kinds []snapshot.Kind) [][]snapshot.Kind {
	var out [][]snapshot.Kind
	for _, k := range kinds {
		for len(out) <= k.Wave {
			out = append(out, nil)
		}
		out[k.Wave] = append(out[k.Wave], k)
	}
	return out
}

// emitError is a failure of the receiver, not of the reading.
type emitError struct{ error }

func continueAfterExpiry(err error) string {
	var st apierrors.APIStatus
	if apierrors.IsResourceExpired(err) && errors.As(err, &st) {
		return st.Status().Continue
	}
	return ""
}

// passing reports whether asking again may help.
func passing(err error) bool {
	var st apierrors.APIStatus
	if errors.As(err, &st) {
		return st.Status().Code == http.StatusTooManyRequests || st.Status().Code >= http.StatusInternalServerError
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

func gap(kind snapshot.Kind, namespace string, read int, err error) snapshot.Gap {
	g := snapshot.Gap{Kind: kind.Name, Namespace: namespace, Read: read, Reason: snapshot.Failed, Message: redact.String(err.Error())}
	switch {
	case apierrors.IsForbidden(err):
		g.Reason, g.Message = snapshot.Forbidden, fmt.Sprintf("the identity may not list %s; grant it the ClusterRole kubemuster-reader", resource(kind))
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		g.Reason, g.Message = snapshot.TimedOut, fmt.Sprintf("listing %s took too long", resource(kind))
	case errors.Is(err, context.Canceled):
		g.Reason, g.Message = snapshot.Interrupted, "the scan was interrupted"
	}
	return g
}

func resource(k snapshot.Kind) string {
	if k.Group == "" {
		return k.Resource
	}
	return k.Resource + "." + k.Group
}
