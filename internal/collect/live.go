package collect

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/klog/v2"

	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const (
	// DefaultPageSize is the number of objects asked for at a time, as kubectl and client-go's pager do.
	DefaultPageSize = 500
	// pageTimeout bounds one page, retries included.
	pageTimeout = 90 * time.Second
	// parallelKinds are listed at once.
	parallelKinds = 4
	// maxPages of one kind are read: ten million objects.
	maxPages = 20_000
	// smallPage is the number of objects asked for where more would be too much for one answer. etcd stores none of more than
	// 1.5 MiB, unless it is told to, so that an answer of so many is within kube's bound.
	smallPage = 20
	// maxToken bounds a continue token, in bytes. It holds a revision and an object's key.
	maxToken = 8 << 10
)

// Live lists a cluster's objects.
type Live struct {
	config   *rest.Config
	pageSize int64
	maxPages int
	patience time.Duration // with one kubelet

	mu         sync.Mutex
	clients    map[schema.GroupVersion]rest.Interface
	discovered map[string]discovered // by path
}

// NewLive returns a source over the API server of this configuration. A pageSize of zero means DefaultPageSize.
func NewLive(config *rest.Config, pageSize int64) *Live {
	c := rest.CopyConfig(config)
	c.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(c.QPS, max(c.Burst, 1)) // shared by all groups
	c.NegotiatedSerializer = snapshot.Codecs.WithoutConversion()
	if pageSize == 0 {
		pageSize = DefaultPageSize
	}
	return &Live{config: c, pageSize: pageSize, maxPages: maxPages, patience: kubeletTimeout, clients: map[schema.GroupVersion]rest.Interface{}, discovered: map[string]discovered{}}
}

// Collect implements Source.
func (l *Live) Collect(ctx context.Context, scope Scope, emit func([]snapshot.Object) error) (Coverage, error) {
	ctx = klog.NewContext(ctx, klog.Logger{}) // what client-go would log comes back as an error
	var mu sync.Mutex
	kinds, cov := l.Served(ctx, scope.Kinds)
	namespaces := scope.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	hidden := map[string]bool{} // namespaces that may not be looked up, until an object shows that they are there
	for _, ns := range scope.Namespaces {
		if err := l.namespace(ctx, ns); apierrors.IsForbidden(err) {
			hidden[ns] = true
		} else if err != nil {
			cov.Gaps = append(cov.Gaps, gap(ctx, namespaceKind, ns, 0, err))
		}
	}
	for _, wave := range waves(kinds) {
		group, ctx := errgroup.WithContext(ctx) // the receiver's error ends the other lists, too
		group.SetLimit(parallelKinds)
		for _, kind := range wave {
			if !kind.Namespaced && len(scope.Namespaces) > 0 {
				continue
			}
			group.Go(func() error {
				if kind.Name == kubeletKind.Name {
					n, gaps, err := l.kubelets(ctx, scope, emit)
					mu.Lock()
					defer mu.Unlock()
					if cov.Gaps = append(cov.Gaps, gaps...); n > 0 || len(gaps) == 0 {
						cov.Objects[kind.Name] = n
					}
					return err
				}
				for _, ns := range namespaces {
					n, err := l.list(ctx, kind, ns, scope, emit)
					if n == 0 && kind.Optional && apierrors.IsNotFound(err) {
						if _, unserved := l.served(ctx, kind); errors.Is(unserved, errNotServed) {
							err = unserved
						}
					}
					var failed emitError
					if errors.As(err, &failed) {
						return failed.error
					}
					mu.Lock()
					cov.add(ctx, kind, ns, n, err)
					hidden[ns] = hidden[ns] && n == 0
					mu.Unlock()
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return cov, err
		}
	}
	for _, ns := range scope.Namespaces {
		if hidden[ns] {
			cov.Gaps = append(cov.Gaps, snapshot.Gap{
				Kind: namespaceKind.Name, Namespace: ns, Reason: snapshot.Failed,
				Message: "nothing was found, and the identity may not see whether the namespace exists; check its name",
			})
		}
	}
	slices.Sort(cov.Absent)
	return cov, nil
}

var (
	namespaceKind, _ = snapshot.KindNamed("Namespace")
	namespaceVersion = schema.GroupVersion{Version: namespaceKind.Version}
)

// namespace makes sure that a namespace which was asked for is there: lists of one that is not are empty, and would look
// clean. An identity that may read this namespace's objects alone need not be allowed to see it.
func (l *Live) namespace(ctx context.Context, name string) error {
	client, err := l.client(namespaceVersion)
	if err != nil {
		return err
	}
	err = client.Get().Resource(namespaceKind.Resource).Name(name).Do(ctx).Error()
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("there is no namespace %s; check the name that --namespace gives", name)
	}
	return err
}

// add notes how the list of a kind in a namespace ended after n objects.
func (c *Coverage) add(ctx context.Context, kind snapshot.Kind, namespace string, n int, err error) {
	switch {
	case errors.Is(err, errNotServed):
		if !slices.Contains(c.Absent, kind.Name) {
			c.Absent = append(c.Absent, kind.Name)
		}
		return
	case err != nil:
		c.Gaps = append(c.Gaps, gap(ctx, kind, namespace, n, err))
		if n == 0 {
			return
		}
	}
	c.Objects[kind.Name] += n
}

// list reads one kind to the end and returns how many objects in scope came before it ended or broke off.
func (l *Live) list(ctx context.Context, kind snapshot.Kind, namespace string, scope Scope, emit func([]snapshot.Object) error) (n int, err error) {
	err = l.pages(ctx, kind, namespace, func(p page) error {
		return p.each(func(part []snapshot.Object) error {
			if part = filter(part, scope); len(part) == 0 {
				return nil
			}
			for i, o := range part {
				part[i] = snapshot.Classified(o)
			}
			n += len(part)
			if err := emit(part); err != nil {
				return emitError{err}
			}
			return nil
		})
	})
	return n, err
}

// pages gets the pages of a list. Each is taken while the next one is on its way.
func (l *Live) pages(ctx context.Context, kind snapshot.Kind, namespace string, take func(page) error) (err error) {
	client, err := l.client(schema.GroupVersion{Group: kind.Group, Version: kind.Version})
	if err != nil {
		return err
	}
	taken := make(chan error, 1) // what became of the page before
	taken <- nil
	defer func() {
		if failed := <-taken; failed != nil {
			err = failed
		}
	}()
	expired := false
	opts := metav1.ListOptions{Limit: l.pageSize}
	followed := tokens{}
	for range l.maxPages {
		p, err := l.page(ctx, client, kind, namespace, opts)
		if token := continueAfterExpiry(err); token != "" && !expired {
			// The list's revision is compacted away. The server's token goes on from the same key at a newer revision; starting
			// again would judge objects twice.
			if err := checkToken(token); err != nil {
				return err
			}
			opts.Continue, expired = token, true
			continue
		}
		if errors.Is(err, kube.ErrTooLarge) && opts.Limit > smallPage {
			opts.Limit = smallPage
			continue
		}
		if err != nil {
			return err
		}
		expired = false
		if failed := <-taken; failed != nil {
			taken <- failed
			return failed
		}
		go func() { taken <- take(p) }()
		if p.next == "" {
			return nil
		}
		if err := followed.add(p.next); err != nil {
			return err
		}
		opts.Continue = p.next
	}
	return fmt.Errorf("the list does not end: %d pages were read", l.maxPages)
}

// tokens are the continue tokens of a list that were followed, by their hashes: there may be as many as pages.
type tokens map[[sha256.Size]byte]bool

func checkToken(token string) error {
	if len(token) > maxToken {
		return fmt.Errorf("the server answers a continue token of %d bytes, which is none of an API server's", len(token))
	}
	return nil
}

// add returns why a page's token is not to be followed, and else takes note of it. That of a 410 may be one that was.
func (t tokens) add(token string) error {
	if err := checkToken(token); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(token))
	if t[sum] {
		return errors.New("the server answers the same page again and again")
	}
	t[sum] = true
	return nil
}

func (l *Live) page(ctx context.Context, client rest.Interface, kind snapshot.Kind, namespace string, opts metav1.ListOptions) (p page, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	err = kube.Retry(ctx, func() (err error) {
		p, err = get(ctx, kind, client.Get().NamespaceIfScoped(namespace, kind.Namespaced && namespace != "").Resource(kind.Resource).
			SpecificallyVersionedParams(&opts, snapshot.ParameterCodec, schema.GroupVersion{Version: "v1"})) // custom groups have no options of their own
		return err
	})
	return p, err
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

// strip takes away what repeats the object: the bookkeeping of server-side apply, and the copy that kubectl apply keeps.
func strip(v metav1.Object) {
	v.SetManagedFields(nil)
	if _, ok := v.(*metav1.PartialObjectMetadata); ok {
		stripSecret(v)
		return
	}
	if a := v.GetAnnotations(); a[corev1.LastAppliedConfigAnnotation] != "" {
		delete(a, corev1.LastAppliedConfigAnnotation)
		v.SetAnnotations(a)
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

func gap(ctx context.Context, kind snapshot.Kind, namespace string, read int, err error) snapshot.Gap {
	g := snapshot.Gap{
		Kind: kind.Name, Namespace: namespace, Read: read, Reason: snapshot.Failed,
		Message: fmt.Sprintf("listing %s failed: %s", resource(kind), kube.Message(err)),
	}
	switch {
	case apierrors.IsForbidden(err):
		g.Reason, g.Message = snapshot.Forbidden, fmt.Sprintf("the identity may not list %s; grant it the ClusterRole kubemuster-reader", resource(kind))
		if _, known := snapshot.KindNamed(kind.Name); !known {
			g.Message = fmt.Sprintf("the identity may not list %s; grant it the rules that kubemuster policy rbac prints", resource(kind))
		}
	case apierrors.IsUnauthorized(err):
		g.Message = fmt.Sprintf("the API server did not accept the credential any more when %s were listed", resource(kind))
	case errors.Is(ctx.Err(), context.Canceled):
		g.Reason, g.Message = snapshot.Interrupted, "the scan was interrupted"
	case ctx.Err() != nil:
		// The error of a request tells this in many ways, and the context knows who set its end.
		g.Reason, g.Message = snapshot.TimedOut, fmt.Sprintf("listing %s was not finished: %s", resource(kind), kube.Message(context.Cause(ctx)))
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		g.Reason, g.Message = snapshot.TimedOut, fmt.Sprintf("listing %s took too long", resource(kind))
	case apierrors.IsNotFound(err) && !kind.MayBeAbsent():
		g.Message = fmt.Sprintf("the server does not know %s, as every API server does; check the endpoint that the target names", resource(kind))
	}
	return g
}

func resource(k snapshot.Kind) string {
	if k.Group == "" {
		return k.Resource
	}
	return k.Resource + "." + k.Group
}
