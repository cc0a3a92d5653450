package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// Record reads every kind of a cluster that may be read without asking or was asked for, whatever this run's checks need, and has
// save write it as a snapshot. What could not be read is in the cluster's gaps and in the snapshot. After an error, and when ctx
// is cancelled, write has failed and save must leave no file.
func (s *Scanner) Record(ctx context.Context, t Target, save func(write func(io.Writer) error) error) (c report.Cluster, err error) {
	name, _, _ := strings.Cut(t.Raw, "?")
	c = report.Cluster{Target: name, Alias: t.Alias, ID: t.ID, Started: time.Now(), Status: report.NotScanned}
	s.event(Event{Target: name, Kind: Started})
	defer func() { s.event(Event{Target: name, Kind: Finished, Status: c.Status}) }()
	ctx, cancel := context.WithTimeoutCause(ctx, cmp.Or(s.Opts.Timeout, 15*time.Minute), errTimeout)
	defer cancel()
	kinds := slices.Concat(snapshot.Kinds, slices.DeleteFunc(slices.Clone(snapshot.OptIn), s.leavesOut))
	for _, k := range s.Opts.Kinds {
		if _, known := snapshot.KindNamed(k.Name); !known {
			kinds = append(kinds, k)
		}
	}
	scope := collect.Scope{Kinds: kinds, Namespaces: s.Opts.Namespaces, ExcludeNamespaces: s.Opts.ExcludeNamespaces}
	source, about, err := s.open(ctx, t, &c, &scope)
	if err != nil {
		return c, cause(ctx, err)
	}
	s.event(Event{Target: name, Kind: Connected})
	header := snapshot.Header{
		Kubemuster: s.Opts.Version, Recorded: c.Started.UTC().Truncate(time.Second), Target: name, ID: cmp.Or(c.ID, name), Alias: report.Alias(c),
		Provider: c.Provider, Account: c.Account, Region: c.Region, Name: c.Name, ServerVersion: c.ServerVersion, ServerHost: about.Host,
		Namespaces: scope.Namespaces, ExcludeNamespaces: scope.ExcludeNamespaces,
	}
	if live, ok := source.(*collect.Live); ok {
		served, _ := live.Served(ctx, scope.Kinds) // what fails here fails again below, as it does not ask twice
		header.Custom = snapshot.ServedCustom(served)
	}
	c.ID, c.Alias = header.ID, header.Alias
	var coverage collect.Coverage
	err = save(func(w io.Writer) (err error) {
		coverage, err = s.write(ctx, w, header, source, scope)
		return err
	})
	if err != nil {
		return c, err
	}
	c.Objects, c.Gaps, c.Status, c.Ended = coverage.Objects, coverage.Gaps, report.Complete, time.Now()
	if len(c.Gaps) > 0 {
		c.Status = report.Partial
	}
	return c, nil
}

// write records the source to w, compressed, while it is read.
func (s *Scanner) write(ctx context.Context, w io.Writer, h snapshot.Header, source collect.Source, scope collect.Scope) (collect.Coverage, error) {
	packed, err := snapshot.Compress(w)
	if err != nil {
		return collect.Coverage{}, err
	}
	defer packed.Close()
	file, err := snapshot.NewWriter(packed, h)
	if err != nil {
		return collect.Coverage{}, err
	}
	var read atomic.Int64
	coverage, err := source.Collect(ctx, scope, func(page []snapshot.Object) error {
		for _, o := range page {
			if err := file.Write(o); err != nil {
				return err
			}
		}
		s.event(Event{Target: h.Target, Kind: Reading, Objects: int(read.Add(int64(len(page))))})
		return nil
	})
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return coverage, ctx.Err()
	case err != nil:
		return coverage, err
	case len(coverage.Objects) == 0 && len(coverage.Gaps) > 0:
		return coverage, &StageError{"read", fmt.Errorf("nothing could be read: %s", coverage.Gaps[0].Message)}
	}
	slices.SortFunc(coverage.Gaps, func(a, b snapshot.Gap) int { return strings.Compare(a.String(), b.String()) })
	if err := file.End(snapshot.Ending{Objects: coverage.Objects, Absent: coverage.Absent, Gaps: coverage.Gaps}); err != nil {
		return coverage, err
	}
	return coverage, packed.Close()
}

// openSnapshot makes the recorded cluster's identity that of the scanned one, so that findings and baselines are the same.
func openSnapshot(ctx context.Context, path string, c *report.Cluster, scope *collect.Scope) (collect.Source, policy.Cluster, error) {
	source := collect.Snapshot{Path: path}
	h, err := source.Header(ctx)
	if err != nil {
		return nil, policy.Cluster{}, &StageError{"target", err}
	}
	for _, ns := range scope.Namespaces {
		if len(h.Namespaces) > 0 && !slices.Contains(h.Namespaces, ns) {
			return nil, policy.Cluster{}, &StageError{"target", sdk.Errorf(sdk.ErrInvalidTarget, "leave --namespace "+ns+" away, or record the cluster anew",
				"%s was recorded with the namespaces %s only", path, strings.Join(h.Namespaces, ", "))}
		}
	}
	if len(scope.Namespaces) == 0 {
		scope.Namespaces = h.Namespaces
	}
	scope.ExcludeNamespaces = append(slices.Clone(scope.ExcludeNamespaces), h.ExcludeNamespaces...)
	c.ID, c.Alias = cmp.Or(c.ID, h.ID), cmp.Or(c.Alias, h.Alias)
	c.Provider, c.Account, c.Region, c.Name, c.ServerVersion = h.Provider, h.Account, h.Region, h.Name, h.ServerVersion
	c.Notifications = append(c.Notifications, report.Notification{
		ID: "scan/snapshot", Level: "note", Message: fmt.Sprintf("judged from a snapshot that kubemuster %s recorded at %s", h.Kubemuster, h.Recorded.Format(time.RFC3339)),
	})
	return source, policy.Cluster{Provider: h.Provider, Version: h.ServerVersion, Host: h.ServerHost}, nil
}

// checkSnapshot reads a snapshot to its end: one that is cut off or damaged costs no scan.
func checkSnapshot(ctx context.Context, path string) error {
	err := collect.Snapshot{Path: path}.Verify(ctx)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return sdk.Errorf(sdk.ErrInvalidTarget, "", "%v", err)
}
