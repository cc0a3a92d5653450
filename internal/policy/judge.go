package policy

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Judge judges the objects of one cluster. Objects, and containers where a check asks of each by itself, in which a check reads
// the same are judged once. It is safe for concurrent use.
type Judge struct {
	engine *Engine
	about  Cluster

	mu   sync.Mutex
	said map[*router]map[Sum]outcome // by router: what is new to one must not push out what another knows
}

// remembered bounds what a judge keeps in mind for each check. Objects that are alike mostly come one behind the other.
const remembered = 256

// For returns a judge of a cluster's objects.
func (e *Engine) For(cluster Cluster) *Judge {
	return &Judge{engine: e, about: e.whose(cluster), said: map[*router]map[Sum]outcome{}}
}

// Object judges one object with the checks of its kind.
func (j *Judge) Object(ctx context.Context, o snapshot.Object) Judgement {
	return j.object(ctx, j.engine.objects[o.Kind.Name], o, identity(o.Kind, o.Value.GetNamespace(), o.Value.GetName()))
}

// Owned judges a pod in the place of its owner, whose kind and name checks see. One that is known, by a Sum that its template or
// another of its pods has, is judged with the checks alone for which these cannot speak.
func (j *Judge) Owned(ctx context.Context, o snapshot.Object, owner finding.Object, known bool) Judgement {
	routers := j.engine.objects
	if known {
		routers = j.engine.apart
	}
	return j.object(ctx, routers[o.Kind.Name], o, owner)
}

func (j *Judge) object(ctx context.Context, routers []*router, o snapshot.Object, as finding.Object) Judgement {
	var spec *corev1.PodSpec
	if o.Kind.PodSpec != "" {
		spec = o.PodSpec()
	}
	if len(routers) == 0 || spec == nil && o.Kind.PodSpec != "" { // a ReplicationController may have no template
		return Judgement{}
	}
	var w *workload
	if spec != nil {
		w = &workload{
			kind: as.Kind, namespace: o.Value.GetNamespace(), name: as.Name, path: o.Kind.PodSpec,
			staticPod: o.StaticPod(), spec: spec, metadata: o.PodMeta(),
		}
	}
	find := func(c *check, v violation) finding.Finding {
		kind, prefix := o.Subject()
		f := finding.Finding{
			Check: c.ID, Severity: c.severity(v), Verdict: finding.Fail,
			Object: identity(kind, o.Value.GetNamespace(), o.Value.GetName()),
			Key:    v.Key, Path: prefix + v.Path, Message: v.Message, Sub: sub(spec, o.Kind.PodSpec, v.Path),
		}
		if o.Line != nil {
			f.File, f.Line = o.File, o.Line(v.Path)
		}
		return f
	}
	all := Judgement{Verdicts: make([]Verdict, 0, len(routers))}
	for _, r := range routers {
		r.judgement(&all, []outcome{j.outcome(ctx, r, o, w)}, j.about, find)
	}
	return all
}

// writers are kept. Most of what they write is never read: the same was judged before.
var writers = sync.Pool{New: func() any { return new(writer) }}

// Sum is the same for objects in which the checks of whatever runs pods read the same, and whose containers and volumes have
// the same names. The object is taken as if spec were that of its pods; its kind and name, and where the spec stands, do
// not count.
func (j *Judge) Sum(o snapshot.Object, spec *corev1.PodSpec) Sum {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	w.b, w.told = w.b[:0], w.told[:0]
	run := &workload{namespace: o.Value.GetNamespace(), staticPod: o.StaticPod(), spec: spec, metadata: o.PodMeta()}
	j.engine.shared.ofObject(w, o, run, allContainers, j.about)
	for _, l := range namedLists { // findings tell places by them
		for i := range l.count(spec) {
			w.string(l.name(spec, i))
		}
		w.tag(tagEnd)
	}
	return sha256.Sum256(w.b)
}

// outcome is what the router's check says of an object.
func (j *Judge) outcome(ctx context.Context, r *router, o snapshot.Object, run *workload) outcome {
	if ctx.Err() != nil {
		return outcome{failure: endedFirst}
	}
	if r.concerns != nil && !r.concerns(o, run) {
		return outcome{}
	}
	w := writers.Get().(*writer)
	defer writers.Put(w)
	first, last := allContainers, allContainers
	if r.severally && run != nil {
		first, last = 0, max(0, run.containers()-1)
	}
	var all []violation
	for container := first; container <= last; container++ {
		w.b, w.told = w.b[:0], w.told[:0]
		r.form.ofObject(w, o, run, container, j.about)
		said := j.ask(ctx, r, w.b)
		if said.failure != "" {
			return said
		}
		for _, v := range said.violations {
			all = append(all, v.tell(w.told))
		}
	}
	if len(all) > 1 { // in order, and each once: as a set has them
		slices.SortFunc(all, byPlace)
		all = slices.CompactFunc(all, func(a, b violation) bool { return byPlace(a, b) == 0 })
	}
	return outcome{violations: all}
}

// ask asks the router's check, unless it was asked the same before.
func (j *Judge) ask(ctx context.Context, r *router, input []byte) outcome {
	sum := Sum(sha256.Sum256(input))
	j.mu.Lock()
	known, ok := j.said[r][sum]
	j.mu.Unlock()
	if ok {
		return known
	}
	o := r.judge(ctx, r.form.input(input), j.about.Timeouts)[0]
	if o.failure != "" {
		return o // the next time it may not fail: time ran out, for one
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.said[r]); n == 0 || n >= remembered {
		j.said[r] = map[Sum]outcome{}
	}
	j.said[r][sum] = o
	return o
}
