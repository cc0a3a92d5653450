package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// maxPage bounds the weight of the objects that are taken from a snapshot at once, beside one more. Pages of ordinary pods are
// lighter.
const maxPage = 64 << 20

// Snapshot reads a recorded cluster.
type Snapshot struct {
	Path string
}

// Header reads who was recorded, and what of it.
func (s Snapshot) Header(ctx context.Context) (snapshot.Header, error) {
	f, r, err := s.open(ctx)
	if err != nil {
		return snapshot.Header{}, err
	}
	return r.Header(), f.Close()
}

// Verify reads the file to its end, without decoding its objects, and returns why it is not whole.
func (s Snapshot) Verify(ctx context.Context) error {
	f, r, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	r.Wanted = func(snapshot.Kind) bool { return false }
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (s Snapshot) open(ctx context.Context) (*os.File, *snapshot.Reader, error) {
	if info, err := os.Stat(s.Path); err != nil {
		return nil, nil, fmt.Errorf("reading the snapshot: %w", err)
	} else if !info.Mode().IsRegular() { // a pipe could be read only once
		return nil, nil, fmt.Errorf("%s is no file; name a snapshot that kubemuster collect has written", s.Path)
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the snapshot: %w", err)
	}
	r, err := snapshot.NewReader(reader{ctx, f}, s.Path)
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, r, nil
}

// reader reads until ctx ends.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// Collect implements Source. What could not be read when the cluster was recorded is a gap now, too, and so is a kind that
// was not recorded. A file that is damaged is an error.
func (s Snapshot) Collect(ctx context.Context, scope Scope, emit func([]snapshot.Object) error) (Coverage, error) {
	f, r, err := s.open(ctx)
	if err != nil {
		return Coverage{}, err
	}
	defer f.Close()
	scope.Kinds = slices.Clone(scope.Kinds)
	for i, k := range scope.Kinds { // as the server served them
		if j := slices.IndexFunc(r.Custom(), func(o snapshot.Kind) bool { return o.Name == k.Name && k.Is(o.APIVersion()) }); j >= 0 {
			scope.Kinds[i] = r.Custom()[j]
		}
	}
	limited := len(scope.Namespaces) > 0
	inScope := func(k snapshot.Kind) bool {
		return (k.Namespaced || !limited) && slices.ContainsFunc(scope.Kinds, func(o snapshot.Kind) bool { return o.Name == k.Name && o.Is(k.APIVersion()) })
	}
	r.Wanted = func(k snapshot.Kind) bool { return inScope(k) || limited && k.Name == namespaceKind.Name }
	read := map[string]int{}
	seen := map[string]bool{} // namespaces
	wave := 0
	var page []snapshot.Object
	weight := int64(0) // of the page
	for {
		o, err := r.Next()
		if done := errors.Is(err, io.EOF); done || len(page) == DefaultPageSize || weight > maxPage || err == nil && o.Kind.Wave != wave {
			if len(page) > 0 {
				if err := emit(page); err != nil {
					return Coverage{}, err
				}
				page, weight = nil, 0
			}
			if done {
				return s.coverage(r, scope, inScope, read, seen), nil
			}
		}
		if err != nil {
			return Coverage{}, err
		}
		if o.Kind.Wave < wave {
			return Coverage{}, fmt.Errorf("%s holds the %s %s behind what it may own; a snapshot holds owners first", s.Path, o.Kind.Name, o.Value.GetName())
		}
		wave = o.Kind.Wave
		seen[o.Value.GetNamespace()] = true
		if o.Kind.Name == namespaceKind.Name {
			seen[o.Value.GetName()] = true
		}
		if !inScope(o.Kind) || !scope.includes(o) {
			continue
		}
		// A file of others may hold what ours never do.
		strip(o.Value)
		page = append(page, snapshot.Classified(o))
		weight += r.Weight()
		read[o.Kind.Name]++
	}
}

// coverage is what the file says of the recording, as far as it is in scope.
func (s Snapshot) coverage(r *snapshot.Reader, scope Scope, inScope func(snapshot.Kind) bool, read map[string]int, seen map[string]bool) Coverage {
	header, end := r.Header(), r.Ending()
	anew := func(k snapshot.Kind) string {
		if k.OptIn != "" {
			return "record the cluster anew with --" + k.OptIn
		}
		if _, known := snapshot.KindNamed(k.Name); !known {
			return "record the cluster anew with the pack that asks for it, as --policy"
		}
		return "record the cluster anew"
	}
	cov := Coverage{Objects: map[string]int{}}
	gaps := map[string]bool{}
	for _, g := range end.Gaps {
		asked := g.Namespace == "" || len(scope.Namespaces) == 0 || slices.Contains(scope.Namespaces, g.Namespace)
		if !slices.Contains([]snapshot.GapReason{snapshot.Forbidden, snapshot.TimedOut, snapshot.Interrupted}, g.Reason) {
			g.Reason = snapshot.Failed
		}
		// A gap of a namespace that was asked for by name says that it is not there.
		missing := g.Kind == namespaceKind.Name && g.Namespace != ""
		if asked && (missing || slices.ContainsFunc(scope.Kinds, func(k snapshot.Kind) bool { return k.Name == g.Kind && inScope(k) })) {
			cov.Gaps = append(cov.Gaps, g)
		}
		gaps[g.Kind] = true
	}
	for _, k := range scope.Kinds {
		_, recorded := end.Objects[k.Name]
		recorded = recorded && !slices.ContainsFunc(r.Custom(), func(o snapshot.Kind) bool { return o.Name == k.Name && o.APIVersion() != k.APIVersion() })
		switch {
		case !inScope(k):
		case recorded:
			cov.Objects[k.Name] = read[k.Name]
		case slices.Contains(end.Absent, k.Name) && !k.MayBeAbsent():
			cov.Gaps = append(cov.Gaps, snapshot.Gap{
				Kind: k.Name, Reason: snapshot.Failed,
				Message: fmt.Sprintf("the snapshot says that the server did not know %s, as every API server does; record the cluster anew", resource(k)),
			})
		case slices.Contains(end.Absent, k.Name):
			cov.Absent = append(cov.Absent, k.Name)
		case !gaps[k.Name]:
			cov.Gaps = append(cov.Gaps, snapshot.Gap{
				Kind: k.Name, Reason: snapshot.Failed,
				Message: fmt.Sprintf("the snapshot, recorded by kubemuster %s, does not hold %s; %s", header.Kubemuster, resource(k), anew(k)),
			})
		}
	}
	slices.Sort(cov.Absent)
	if len(header.Namespaces) > 0 {
		return cov // recording has looked for them
	}
	for _, ns := range scope.Namespaces {
		if !seen[ns] {
			cov.Gaps = append(cov.Gaps, snapshot.Gap{
				Kind: namespaceKind.Name, Namespace: ns, Reason: snapshot.Failed, Message: "nothing is in this namespace; check the name that --namespace gives",
			})
		}
	}
	return cov
}
