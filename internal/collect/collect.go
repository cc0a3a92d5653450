// Package collect reads objects: from a live cluster, or from manifests. Objects stream on in pages and are not kept.
package collect

import (
	"context"
	"slices"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Source is where objects come from.
type Source interface {
	// Collect reads everything in scope and calls emit with one page of objects at a time, possibly from several goroutines,
	// but never with a page of one wave while pages of an earlier one are to come. What could not be read is in the
	// coverage. An error means that nothing could.
	Collect(ctx context.Context, scope Scope, emit func([]snapshot.Object) error) (Coverage, error)
}

// Scope limits what is read.
type Scope struct {
	Kinds []snapshot.Kind
	// Namespaces are the only ones to read; empty means all. Cluster-scoped kinds are then left out.
	Namespaces []string
	// ExcludeNamespaces are read with the others and left out.
	ExcludeNamespaces []string
}

// Coverage says what was read.
type Coverage struct {
	Objects map[string]int // objects read, by the name of the kind; a kind that was not read is not there
	Absent  []string       // kinds that the server does not serve
	Gaps    []snapshot.Gap
	// Templates are the objects of manifests with pod templates that no check of workloads looks into, by the name of the kind.
	// In a cluster their pods are there to be judged.
	Templates map[string]int
}

// includes reports whether the object is wanted.
func (s Scope) includes(o snapshot.Object) bool {
	ns := o.Value.GetNamespace()
	if len(s.Namespaces) > 0 && (!o.Kind.Namespaced || !slices.Contains(s.Namespaces, ns)) {
		return false
	}
	if o.Kind.Name == "Namespace" {
		ns = o.Value.GetName()
	}
	return !slices.Contains(s.ExcludeNamespaces, ns)
}
