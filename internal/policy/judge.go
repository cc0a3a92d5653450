package policy

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"unique"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Judge judges the objects of one cluster. Objects in which the checks read the same are judged once. It is safe for
// concurrent use.
type Judge struct {
	engine *Engine
	about  Cluster

	mu   sync.Mutex
	said map[unique.Handle[string]]map[Sum][]outcome // by the router's id: what is new to one must not push out what another knows
}

// remembered bounds what a judge keeps in mind for each router. Objects that are alike mostly come one behind the other.
const remembered = 256

// For returns a judge of a cluster's objects.
func (e *Engine) For(cluster Cluster) *Judge {
	return &Judge{engine: e, about: e.whose(cluster), said: map[unique.Handle[string]]map[Sum][]outcome{}}
}

// Object judges one object with the checks of its kind.
func (j *Judge) Object(ctx context.Context, o snapshot.Object) Judgement {
	return j.object(ctx, j.engine.objects[o.Kind.Name], o)
}

// Apart judges a pod whose Sum is that of its template: with the checks for which the template cannot speak.
func (j *Judge) Apart(ctx context.Context, o snapshot.Object) Judgement {
	return j.object(ctx, j.engine.apart[o.Kind.Name], o)
}

func (j *Judge) object(ctx context.Context, routers []*router, o snapshot.Object) Judgement {
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
			kind: o.Kind.Name, namespace: o.Value.GetNamespace(), name: o.Value.GetName(), path: o.Kind.PodSpec,
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
	checks := 0
	for _, r := range routers {
		checks += len(r.checks)
	}
	all := Judgement{Verdicts: make([]Verdict, 0, checks)}
	input := inputs.Get().(*[]byte)
	defer inputs.Put(input)
	for _, r := range routers {
		*input = r.form.ofObject((*input)[:0], o, w, j.about)
		r.judgement(&all, j.outcomes(ctx, r, *input), j.about, find)
	}
	return all
}

// inputs are buffers that inputs are written into. Most are never read: the same was judged before.
var inputs = sync.Pool{New: func() any { return new([]byte) }}

// Sum is the same for objects in which the checks of whatever runs pods read the same, and whose containers and volumes have
// the same names. The object is taken as if spec were that of its pods; its kind and name, and where the spec stands, do
// not count.
func (j *Judge) Sum(o snapshot.Object, spec *corev1.PodSpec) Sum {
	input := inputs.Get().(*[]byte)
	defer inputs.Put(input)
	b := j.engine.shared.form.ofObject((*input)[:0], o, &workload{namespace: o.Value.GetNamespace(), staticPod: o.StaticPod(), spec: spec, metadata: o.PodMeta()}, j.about)
	for _, l := range namedLists { // findings tell places by them
		for i := range l.count(spec) {
			b = appendString(b, l.name(spec, i))
		}
		b = append(b, tagEnd)
	}
	*input = b
	return sha256.Sum256(b)
}

func (j *Judge) outcomes(ctx context.Context, r *router, input []byte) []outcome {
	sum := Sum(sha256.Sum256(input))
	j.mu.Lock()
	outcomes, ok := j.said[r.id][sum]
	j.mu.Unlock()
	if ok {
		return outcomes
	}
	outcomes = r.judge(ctx, r.form.input(input), j.about.Timeouts)
	if slices.ContainsFunc(outcomes, func(o outcome) bool { return o.failure != "" }) {
		return outcomes // the next time it may not fail: time ran out, for one
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.said[r.id]); n == 0 || n >= remembered {
		j.said[r.id] = map[Sum][]outcome{}
	}
	j.said[r.id][sum] = outcomes
	return outcomes
}
