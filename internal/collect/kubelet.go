package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const (
	// parallelKubelets are asked at once.
	parallelKubelets = 8
	// kubeletTimeout bounds one kubelet's answer. The API server itself waits longer for a node that is out of reach.
	kubeletTimeout = 10 * time.Second
	// maxKubelet bounds one kubelet's answer, in bytes. It has some 5 KiB.
	maxKubelet = 1 << 20
	// hopeless is as many kubelets as may fail before any has answered: then the way to all of them seems shut.
	hopeless = 16
)

var (
	nodeKind, _    = snapshot.KindNamed("Node")
	kubeletKind, _ = snapshot.KindNamed("KubeletConfiguration")
)

// kubelets asks the kubelet of each node for its configuration, by way of the API server, and returns how many told it. A
// kubelet that does not is a gap of its node alone; if none does, one gap stands for all.
func (l *Live) kubelets(ctx context.Context, scope Scope, emit func([]snapshot.Object) error) (int, []snapshot.Gap, error) {
	var nodes []string
	_, err := l.list(ctx, nodeKind, "", Scope{}, func(page []snapshot.Object) error {
		for _, o := range page {
			nodes = append(nodes, o.Value.GetName())
		}
		return nil
	})
	if err != nil {
		g := gap(ctx, nodeKind, "", 0, err)
		g.Kind = kubeletKind.Name
		return 0, []snapshot.Gap{g}, nil
	}
	client, err := l.client(schema.GroupVersion{Version: nodeKind.Version})
	if err != nil {
		return 0, []snapshot.Gap{gap(ctx, kubeletKind, "", 0, err)}, nil
	}
	var (
		mu         sync.Mutex
		page       []snapshot.Object
		gaps       []snapshot.Gap
		passedOver []string
	)
	ask := func(node string) {
		mu.Lock()
		shut := len(page) == 0 && len(gaps) >= hopeless
		if shut {
			passedOver = append(passedOver, node)
		}
		mu.Unlock()
		if shut || ctx.Err() != nil {
			return
		}
		c, err := l.kubelet(ctx, client, node)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			page = append(page, snapshot.Classified(snapshot.Object{Kind: kubeletKind, Value: c}))
		case !gone(err, node):
			gaps = append(gaps, kubeletGap(node, err))
		}
	}
	eachOf(nodes, ask)
	if len(page) > 0 { // one that was still asked has answered: the way is not shut
		eachOf(passedOver, ask)
	}
	if err := ctx.Err(); err != nil {
		gaps = []snapshot.Gap{gap(ctx, kubeletKind, "", len(page), err)}
	} else if len(page) == 0 && len(gaps) > 1 {
		gaps = []snapshot.Gap{ofAll(gaps)}
	}
	if page = filter(page, scope); len(page) > 0 {
		if err := emit(page); err != nil {
			return 0, gaps, err
		}
	}
	return len(page), gaps, nil
}

// eachOf asks the kubelets of nodes, some at once.
func eachOf(nodes []string, ask func(node string)) {
	var group errgroup.Group
	group.SetLimit(parallelKubelets)
	for _, node := range nodes {
		group.Go(func() error { ask(node); return nil })
	}
	_ = group.Wait()
}

// kubelet reads the configuration of a node's kubelet, as that has completed it with defaults.
func (l *Live) kubelet(ctx context.Context, client rest.Interface, node string) (*snapshot.KubeletConfiguration, error) {
	if err := l.config.RateLimiter.Wait(ctx); err != nil { // the queue is no fault of the kubelet
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	body, err := client.Get().Resource(nodeKind.Resource).Name(node).SubResource("proxy").Suffix("configz").
		SetHeader("Accept", "application/json").Throttle(flowcontrol.NewFakeAlwaysRateLimiter()).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxKubelet+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxKubelet {
		return nil, errors.New("its answer is larger than 1 MiB")
	}
	var answer struct {
		Config *snapshot.KubeletConfiguration `json:"kubeletconfig"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, errors.New("its answer is no configuration")
	}
	c := answer.Config
	// Two that every kubelet fills in: without them, what is not there would pass for a default.
	if c == nil || c.Authentication.Anonymous.Enabled == nil || c.Authorization.Mode == "" {
		return nil, errors.New("its answer is not its whole configuration")
	}
	c.TypeMeta, c.ObjectMeta = metav1.TypeMeta{}, metav1.ObjectMeta{Name: node}
	return c, nil
}

// gone reports whether the API server says that there is no such node any more.
func gone(err error, node string) bool {
	var st apierrors.APIStatus
	if !errors.As(err, &st) || !apierrors.IsNotFound(err) || byKubelet(err) {
		return false
	}
	d := st.Status().Details
	return d != nil && d.Kind == nodeKind.Resource && d.Name == node
}

// byKubelet reports whether a failure is not in the API server's words: then a kubelet has said it.
func byKubelet(err error) bool {
	return apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

func kubeletGap(node string, err error) snapshot.Gap {
	g := snapshot.Gap{
		Kind: kubeletKind.Name, Name: node, Reason: snapshot.Failed,
		Message: fmt.Sprintf("the kubelet of node %s did not tell its configuration: %s", node, kube.Message(err)),
	}
	switch {
	case apierrors.IsForbidden(err) && !byKubelet(err):
		g.Reason, g.Message = snapshot.Forbidden, fmt.Sprintf("the identity may not get nodes/proxy of node %s; grant it the ClusterRole kubemuster-kubelet-config, or leave --kubelet-config away", node)
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err):
		g.Reason, g.Message = snapshot.TimedOut, fmt.Sprintf("the kubelet of node %s did not answer in time", node)
	}
	return g
}

// ofAll makes one gap, the first node's, of those of all nodes.
func ofAll(gaps []snapshot.Gap) snapshot.Gap {
	g := slices.MinFunc(gaps, func(a, b snapshot.Gap) int { return cmp.Compare(a.Name, b.Name) })
	g.Name = ""
	g.Message += fmt.Sprintf("; none of the %d kubelets that were asked told it", len(gaps))
	return g
}
