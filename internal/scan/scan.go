// Package scan is the pipeline: from targets to a report. Each cluster is scanned with clients and state of its own;
// only the compiled checks and the plugins' processes are shared.
package scan

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// Scanner scans targets.
type Scanner struct {
	Engine *policy.Engine // it may still be compiled
	Host   *plugin.Host
	Opts   Options
	Log    *slog.Logger
	// Progress is told what happens, from several goroutines; it may be nil.
	Progress func(Event)
}

// Options are a run's settings.
type Options struct {
	Version           string        // of the scanner
	Concurrency       int           // clusters at once; zero means 4
	Timeout           time.Duration // of one target; zero means 15 minutes
	QPS               float32       // requests a second to one API server; zero means kube's default
	PageSize          int64         // objects a request; zero means collect's default
	Namespaces        []string
	ExcludeNamespaces []string
	OptIn             []string // flags of snapshot.OptIn that were set
	// Kinds are those that Record reads beside what every scan may: the custom resources of packs.
	Kinds       []snapshot.Kind
	OwnerLabels []string  // which name an object's owner, the first that it has
	Stdin       io.Reader // of manifests://-
}

// Event is a step of one cluster's scan.
type Event struct {
	Index   int // of the target, in the order given
	Target  string
	Kind    EventKind
	Objects int // read so far
	Kinds   int // read so far, of which there are objects
	Checks  int // that judge the whole cluster
	Status  report.Status
}

// EventKind says what happened.
type EventKind int

// The kinds of event.
const (
	Started EventKind = iota
	Connected
	Reading
	Judging // all has been read
	Finished
)

// Run scans every target and reports on each, in the order given. It returns once all have ended, also when ctx does:
// what was finished by then is reported.
func (s *Scanner) Run(ctx context.Context, targets []Target) *report.Report {
	r := &report.Report{Version: s.Opts.Version, Started: time.Now(), Checks: s.Engine.Checks(), Frameworks: s.Engine.Frameworks(), Clusters: make([]report.Cluster, len(targets))}
	var group errgroup.Group
	group.SetLimit(cmp.Or(s.Opts.Concurrency, 4))
	for i, t := range targets {
		group.Go(func() error {
			r.Clusters[i] = s.cluster(ctx, i, t)
			return nil
		})
	}
	_ = group.Wait()
	report.DistinctAliases(r.Clusters)
	r.Components = s.components(r.Clusters)
	r.Ended = time.Now()
	return r
}

func (s *Scanner) cluster(ctx context.Context, index int, t Target) (c report.Cluster) {
	name, _, _ := strings.Cut(t.Raw, "?")
	c = report.Cluster{
		Target: name, Alias: t.Alias, ID: t.ID, Started: time.Now(), Status: report.Complete,
		Namespaces: s.Opts.Namespaces, ExcludeNamespaces: s.Opts.ExcludeNamespaces, Selection: s.Engine.Limits(),
	}
	s.event(Event{Index: index, Target: name, Kind: Started})
	ctx, cancel := context.WithTimeoutCause(ctx, cmp.Or(s.Opts.Timeout, 15*time.Minute), errTimeout)
	defer cancel()
	if err := s.scan(ctx, index, t, &c); err != nil {
		s.log().Debug("not scanned", "target", name, "errors", Chain(err))
		c.Status, c.Problem, c.Findings = report.NotScanned, problem(ctx, err), nil
	}
	c.Alias = report.Alias(c)
	c.ID = cmp.Or(c.ID, c.Target)
	c.Ended = time.Now()
	s.event(Event{Index: index, Target: name, Kind: Finished, Status: c.Status})
	return c
}

var errTimeout = sdk.Errorf(sdk.ErrUnavailable, "give it longer with --timeout", "the target's time ran out")

func (s *Scanner) scan(ctx context.Context, index int, t Target, c *report.Cluster) error {
	kinds := slices.DeleteFunc(s.Engine.Kinds(), s.leavesOut)
	scope := collect.Scope{Kinds: kinds, Namespaces: s.Opts.Namespaces, ExcludeNamespaces: s.Opts.ExcludeNamespaces}
	source, about, err := s.open(ctx, t, c, &scope)
	if err != nil {
		return err
	}
	c.Namespaces, c.ExcludeNamespaces = scope.Namespaces, scope.ExcludeNamespaces
	s.event(Event{Index: index, Target: c.Target, Kind: Connected})
	if err := s.Engine.Err(); err != nil { // the checks were compiled meanwhile
		return &StageError{"judge", err}
	}
	run := newRun(s, c)
	about.Time = c.Started
	run.about, run.number = about, index
	run.about.Timeouts = &policy.Timeouts{}
	for _, c := range s.Engine.Checks() {
		if run.untold(c) {
			run.needy[c.ID] = true
		}
	}
	run.index.Exclude(scope.ExcludeNamespaces)
	judging, stop := outlive(ctx, grace)
	defer stop()
	coverage, err := run.objects(ctx, judging, source, scope)
	if err != nil {
		return &StageError{"read", err}
	}
	for _, g := range coverage.Gaps {
		s.log().Info("could not read", "target", c.Target, "kind", g.Kind, "namespace", g.Namespace, "reason", g.Reason, "message", g.Message)
	}
	s.log().Debug("read", "target", c.Target, "objects", coverage.Objects, "absent", coverage.Absent)
	c.Objects, c.Gaps, run.absent = coverage.Objects, coverage.Gaps, coverage.Absent
	slices.SortFunc(c.Gaps, func(a, b snapshot.Gap) int { return strings.Compare(a.String(), b.String()) })
	if len(c.Objects) == 0 && len(c.Gaps) > 0 {
		return &StageError{"read", fmt.Errorf("nothing could be read: %s", c.Gaps[0].Message)}
	}
	run.tellTemplates(coverage.Templates)
	run.wholeCluster(judging, scope)
	run.tally(scope)
	run.notify()
	run.forget()
	if run.kept.n > many {
		debug.FreeOSMemory() // what judging took, before the list of findings takes as much
	}
	c.Findings = run.kept.take()
	run.ownership.tell(c.Findings)
	sortFindings(c.Findings)
	if len(c.Gaps) > 0 || len(run.failures) > 0 {
		c.Status = report.Partial
	}
	return nil
}

// many findings take more memory than what else a scan holds.
const many = 50_000

// leavesOut reports whether a kind is read only on request, and nobody asked for it.
func (s *Scanner) leavesOut(k snapshot.Kind) bool {
	return k.OptIn != "" && !slices.Contains(s.Opts.OptIn, k.OptIn)
}

// open finds the target's source of objects: manifests, a snapshot, or an API server behind a plugin. A snapshot that holds
// some namespaces limits the scope to them.
func (s *Scanner) open(ctx context.Context, t Target, c *report.Cluster, scope *collect.Scope) (collect.Source, policy.Cluster, error) {
	if path, ok := strings.CutPrefix(t.Raw, manifests+"://"); ok {
		if path != "-" {
			path = filepath.ToSlash(filepath.Clean(path))
		}
		c.Provider, c.Name, c.ID = manifests, path, cmp.Or(c.ID, manifests+"://"+path) // ./deploy and deploy are one place
		return collect.Manifests{Path: path, Stdin: s.Opts.Stdin}, policy.Cluster{Provider: manifests}, nil
	}
	if path, ok := strings.CutPrefix(t.Raw, snapshots+"://"); ok {
		return openSnapshot(ctx, path, c, scope)
	}
	s.log().Debug("connecting", "target", c.Target)
	conn, err := Connect(ctx, s.Host, t, kube.Options{QPS: s.Opts.QPS, UserAgent: "kubemuster/" + s.Opts.Version})
	c.Provider = conn.Info.Name
	if conn.Access != nil { // a cluster that does not answer is still the same one
		cl := conn.Access.Cluster
		c.Account, c.Region, c.Name, c.ID = cl.Account, cl.Region, cl.Name, cmp.Or(c.ID, cl.ID)
	}
	if err != nil {
		return nil, policy.Cluster{}, err
	}
	context.AfterFunc(ctx, conn.Close) // which ends with the target
	s.log().Debug("connected", "target", c.Target, "server", conn.Access.Server, "version", conn.Version, "identity", conn.Who.User)
	c.ServerVersion = conn.Version
	about := policy.Cluster{Provider: c.Provider, Version: conn.Version}
	if server, err := url.Parse(conn.Access.Server); err == nil {
		about.Host = server.Hostname()
	}
	return collect.NewLive(conn.Config, s.Opts.PageSize), about, nil
}

// run is the state of one cluster's scan.
type run struct {
	scanner *Scanner
	cluster *report.Cluster
	number  int // of the target
	about   policy.Cluster
	judges  *policy.Judge
	index   snapshot.Index
	// ownership is guarded by mu while objects are read.
	ownership ownership

	mu           sync.Mutex
	owners       map[types.UID]*owner
	unreadOwners map[unread]*owner
	verdicts     map[string]map[finding.Verdict]int
	failures     map[string]failure // of evaluation, by check
	unjudged     bool               // bindings to roles that were not read
	needy        map[string]bool    // checks that are untold, by ID: what they say of single objects is no verdict
	kept         kept
	read         int
	kinds        map[string]bool                    // of which objects were read
	absent       []string                           // kinds that the server does not serve
	managed      map[finding.Object]string          // what the provider itself runs, and Kubernetes: by which of the two
	files        map[finding.Object]snapshot.Object // manifests: the objects that findings of the whole cluster may stand at
}

func newRun(s *Scanner, c *report.Cluster) *run {
	return &run{scanner: s, cluster: c, ownership: ownership{s.Opts.OwnerLabels, map[finding.Object]string{}}, owners: map[types.UID]*owner{}, unreadOwners: map[unread]*owner{}, kinds: map[string]bool{}, files: map[finding.Object]snapshot.Object{}, managed: map[finding.Object]string{}, verdicts: map[string]map[finding.Verdict]int{}, failures: map[string]failure{}, needy: map[string]bool{}}
}

// forget lets go of what only judging needs: the findings take its place in memory.
func (r *run) forget() {
	r.judges, r.index, r.owners, r.unreadOwners, r.managed, r.files = nil, snapshot.Index{}, nil, nil, nil, nil
}

// failure is a check's failure to judge: how often, and where and why for one of the objects.
type failure struct {
	times         int
	about, reason string
}

// grace is how long judging may outlive reading: what was read before the time ran out is judged still.
const grace = 10 * time.Second

// outlive returns a context that ends later than ctx does.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(by):
			cancel()
		case <-out.Done():
		}
	})
	return out, func() { stop(); cancel() }
}

// atOnce is how many objects a judge takes: few enough that all judges have something to do when a wave ends.
const atOnce = 100

// objects reads and judges at the same time: pages go in parts to as many judges as there are processors.
func (r *run) objects(ctx, judging context.Context, source collect.Source, scope collect.Scope) (collect.Coverage, error) {
	r.judges = r.scanner.Engine.For(r.about)
	pages := make(chan []snapshot.Object) // what has been read and waits takes memory
	var judges sync.WaitGroup
	var wave waves
	for range runtime.GOMAXPROCS(0) {
		judges.Go(func() {
			for page := range pages {
				r.judge(judging, page)
				wave.judged()
			}
		})
	}
	coverage, err := source.Collect(ctx, scope, func(page []snapshot.Object) error {
		if len(page) == 0 {
			return nil
		}
		r.see(page)
		for part := range slices.Chunk(page, atOnce) {
			wave.enter(part[0].Kind.Wave)
			pages <- part // the judges take every part, also when ctx has ended
		}
		return nil
	})
	close(pages)
	judges.Wait()
	r.tellUnread()
	return coverage, err
}

// waves holds back the pages of a wave until those of earlier ones have been judged: a pod's verdict needs its owner's.
type waves struct {
	mu      sync.Mutex
	current int
	pending sync.WaitGroup
}

// enter counts a page of the wave in. Sources give no page of a wave before all pages of earlier ones.
func (w *waves) enter(wave int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wave > w.current {
		w.pending.Wait()
		w.current = wave
	}
	w.pending.Add(1)
}

func (w *waves) judged() { w.pending.Done() }

// see takes from a page what later ones and the whole cluster's checks need, before it is judged.
func (r *run) see(page []snapshot.Object) {
	r.mu.Lock()
	for _, o := range page {
		r.index.Add(o)
		r.own(o)
		r.ownership.see(o)
		if o.Line != nil {
			r.files[identity(o)] = o
		}
	}
	r.read += len(page)
	r.kinds[page[0].Kind.Name] = true
	read := Event{Index: r.number, Target: r.cluster.Target, Kind: Reading, Objects: r.read, Kinds: len(r.kinds)}
	r.mu.Unlock()
	r.scanner.event(read)
}

func (r *run) judge(ctx context.Context, page []snapshot.Object) {
	for _, o := range page {
		j, owned := r.judgeOwned(ctx, o)
		if !owned {
			j = r.judges.Object(ctx, o)
			r.remember(o, j.Findings)
		}
		r.attribute(o, j.Findings)
		r.take(j, identity(o).String())
	}
}

// attribute marks the findings on what the provider itself runs, and what the object asks to have waived of its own, and takes
// note of the object for checks of the whole cluster.
func (r *run) attribute(o snapshot.Object, findings []finding.Finding) {
	engine, id := r.scanner.Engine, identity(o)
	if by := engine.ManagedBy(r.about, id, o); by != "" {
		r.mu.Lock()
		r.managed[id] = by
		r.mu.Unlock()
	}
	for i := range findings { // those on a pod may stand at its owner
		findings[i].ManagedBy = engine.ManagedBy(r.about, findings[i].Object, o)
		if findings[i].Object == id { // a pod speaks for itself, not for its owner
			findings[i].Owner = r.ownership.label(o)
			findings[i].Request = finding.RequestOf(o.Value.GetAnnotations())
		}
	}
}

func (r *run) take(j policy.Judgement, about string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.add(j.Findings)
	for _, v := range j.Verdicts {
		if r.needy[v.Check] {
			continue
		}
		r.count(v.Check, v.Verdict)
		if v.Verdict == finding.NotEvaluated {
			f := r.failures[v.Check]
			if f.times == 0 || about < f.about { // always the same one, whatever the order
				f.about, f.reason = about, v.Reason
			}
			f.times++
			r.failures[v.Check] = f
		}
	}
}

func (r *run) count(check string, v finding.Verdict) {
	if r.verdicts[check] == nil {
		r.verdicts[check] = map[finding.Verdict]int{}
	}
	r.verdicts[check][v]++
}

// notify reports each check that failed to judge, once however often it failed.
func (r *run) notify() {
	for _, check := range slices.Sorted(maps.Keys(r.failures)) {
		f := r.failures[check]
		what := f.about
		if f.times > 1 {
			what = fmt.Sprintf("%s and %d more", f.about, f.times-1)
		}
		r.cluster.Notifications = append(r.cluster.Notifications, report.Notification{
			ID: report.EvaluationError, Level: "error", Check: check, Message: fmt.Sprintf("check %s could not judge %s: %s", check, what, f.reason),
		})
	}
}

// toldSingly are as many gaps of single objects as a check's reason names.
const toldSingly = 3

// unread names the kinds that the check requires and that have a gap.
func (r *run) unread(c finding.Check) string {
	var reasons []string
	single := 0
	for _, g := range r.cluster.Gaps {
		if !slices.Contains(c.Requires, g.Kind) && g.Kind != snapshot.Manifest {
			continue
		}
		if g.Name != "" {
			single++
		}
		if g.Name == "" || single <= toldSingly {
			reasons = append(reasons, g.String())
		}
	}
	if more := single - toldSingly; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(reasons, "; ")
}

// unreadObjects counts the objects that the check requires and that have a gap of their own.
func (r *run) unreadObjects(c finding.Check) (n int) {
	for _, g := range r.cluster.Gaps {
		if g.Name != "" && slices.Contains(c.Requires, g.Kind) {
			n++
		}
	}
	return n
}

// notServed names the kinds that a check of the whole cluster requires, if the server serves none of them.
func (r *run) notServed(c finding.Check) string {
	if c.Scope == finding.ObjectScope || slices.ContainsFunc(c.Requires, func(k string) bool { return !slices.Contains(r.absent, k) }) {
		return ""
	}
	return strings.Join(c.Requires, ", ")
}

// optIn names the flag that a check needs and that is not set.
func (r *run) optIn(c finding.Check) string {
	for _, name := range c.Requires {
		if k, _ := snapshot.KindNamed(name); r.scanner.leavesOut(k) {
			return k.OptIn
		}
	}
	return ""
}

// untold reports whether a check needs a cluster that runs, and manifests are scanned.
func (r *run) untold(c finding.Check) bool {
	return len(c.Needs) > 0 && r.about.Version == "" && (c.Scope == finding.ClusterScope || r.about.Provider == manifests)
}

func (r *run) wholeCluster(ctx context.Context, scope collect.Scope) {
	inv := r.index.Inventory()
	inv.Namespaced = len(scope.Namespaces) > 0
	skip := func(c finding.Check) bool {
		return len(scope.Namespaces) > 0 && (!InNamespaces(c) || r.beyond(c) != "") || r.untold(c) || r.optIn(c) != "" || r.unread(c) != "" && !r.scanner.Engine.Stands(c.ID) || r.notServed(c) != ""
	}
	checks, grants, unread, rights := 0, map[string]bool{}, map[string]bool{}, []string(nil)
	for _, c := range r.scanner.Engine.Checks() {
		if c.Scope != finding.ObjectScope && !skip(c) {
			checks++
			if r.scanner.Engine.Stands(c.ID) {
				rights = append(rights, c.ID)
			}
		}
		grants[c.ID] = c.Scope == finding.GrantScope
		unread[c.ID] = r.unread(c) != ""
	}
	r.scanner.event(Event{Index: r.number, Target: r.cluster.Target, Kind: Judging, Objects: r.read, Kinds: len(r.kinds), Checks: checks})
	j := r.scanner.Engine.Cluster(ctx, inv, r.about, skip)
	r.note("scan/unclear-policy", "it cannot be told whether these network policies select some of the pods, and they are taken to", inv.Unclear)
	if beside := r.scanner.Engine.Beside(r.about); beside != "" {
		r.note("scan/rbac-only", "these checks see what RBAC allows; what "+beside+" allow beside it is not read", rights)
	}
	var unjudged []string
	for _, o := range j.Unjudged {
		unjudged = append(unjudged, o.String())
	}
	r.unjudged = len(unjudged) > 0
	r.note("scan/unread-role", "these bindings refer to cluster roles, which a scan of single namespaces does not read: only who is bound was judged, and what Kubernetes gives a role so named", unjudged)
	for i, f := range j.Findings {
		if o, ok := r.files[f.Object]; ok {
			j.Findings[i].File, j.Findings[i].Line = o.File, o.Line(f.Path)
		} else if o, ok := r.declared(f.Ways); ok { // every cluster has the binding, and a file the role
			j.Findings[i].File, j.Findings[i].Line = o.File, o.Line("rules")
		}
		if by := r.managed[f.Object]; by != "" && !grants[f.Check] { // whose grant it is, its role's rules tell, too
			j.Findings[i].ManagedBy = by
		}
	}
	j.Verdicts = slices.DeleteFunc(j.Verdicts, func(v policy.Verdict) bool { return v.Verdict == finding.Pass && unread[v.Check] })
	r.take(j, "the cluster")
}

// declared is the object of a manifest that ways end at.
func (r *run) declared(ways [][]string) (snapshot.Object, bool) {
	if len(ways) == 0 || len(r.files) == 0 {
		return snapshot.Object{}, false
	}
	end := ways[0][len(ways[0])-1]
	for id, o := range r.files {
		if id.String() == end {
			return o, true
		}
	}
	return snapshot.Object{}, false
}

const outOfScope = "it looks at the whole cluster, and the scan is limited to namespaces"

// note tells something of objects by their names, if there are any.
func (r *run) note(id, message string, names []string) {
	if len(names) == 0 {
		return
	}
	more := ""
	if n := len(names) - toldSingly; n > 0 {
		names, more = names[:toldSingly], fmt.Sprintf(" and %d more", n)
	}
	r.cluster.Notifications = append(r.cluster.Notifications, report.Notification{ID: id, Level: "note", Message: message + ": " + strings.Join(names, ", ") + more})
}

// tellTemplates names the kinds that run containers and that checks of workloads do not know.
func (r *run) tellTemplates(objects map[string]int) {
	if len(objects) == 0 {
		return
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(objects)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", objects[kind], kind))
	}
	r.note("scan/unread-template", "no check of workloads looks into the pod templates of these objects; scan the cluster where they run, in which their pods are judged", []string{strings.Join(kinds, ", ")})
}

// tally sums each check's verdicts, and says which checks lacked data or objects. What could not be read counts as one
// more object without a verdict.
func (r *run) tally(scope collect.Scope) {
	for _, c := range r.scanner.Engine.Checks() {
		reason := r.failures[c.ID].reason
		lacks := func(v finding.Verdict, why string) {
			r.count(c.ID, v)
			reason = why
		}
		unread, notServed := r.unread(c), r.notServed(c)
		missing, skipped := r.scanner.Engine.Lacks(c.ID), false
		skip := func(why string) {
			skipped = true
			lacks(finding.NotApplicable, why)
		}
		switch {
		case missing != "":
			skip(missing)
		case len(scope.Namespaces) > 0 && !InNamespaces(c):
			skip(outOfScope)
		case r.untold(c):
			skip("only a cluster shows it, and manifests do not")
		case r.optIn(c) != "":
			skip("it is opt-in: --" + r.optIn(c) + " lets the scan read what it looks at")
		case unread != "":
			lacks(finding.NotEvaluated, unread)
			for range r.unreadObjects(c) - 1 {
				r.count(c.ID, finding.NotEvaluated)
			}
		case len(scope.Namespaces) > 0 && r.beyond(c) != "":
			skip("it looks at " + r.beyond(c) + ", too, and the scan is limited to namespaces")
		case notServed != "":
			lacks(finding.NotApplicable, "the server does not serve "+notServed)
		case r.verdicts[c.ID] == nil && c.Scope == finding.GrantScope && r.unjudged:
			lacks(finding.NotApplicable, "the bindings refer to cluster roles, and the scan is limited to namespaces")
		case r.verdicts[c.ID] == nil:
			lacks(finding.NotApplicable, "the cluster has no "+strings.Join(c.Kinds, ", "))
		}
		r.cluster.Tallies = append(r.cluster.Tallies, finding.Tally{Check: c.ID, Counts: r.verdicts[c.ID], Skipped: skipped, Reason: reason})
	}
}

// InNamespaces reports whether a check says something of single namespaces: others are out of scope where a scan is limited
// to some. A check of the whole cluster does where all that it requires is in namespaces, but for namespaces that it does not
// judge and for add-ons, which a cluster need not have.
func InNamespaces(c finding.Check) bool {
	namespaced := func(name string) bool {
		k, known := snapshot.KindNamed(name)
		return k.Namespaced || !known // a custom resource's kind: the server tells
	}
	if c.Scope == finding.ClusterScope {
		return !slices.ContainsFunc(c.Requires, func(name string) bool {
			k, _ := snapshot.KindNamed(name)
			return !namespaced(name) && !k.Custom() && (name != "Namespace" || slices.Contains(c.Kinds, name))
		})
	}
	return slices.ContainsFunc(c.Kinds, namespaced)
}

// beyond names an add-on's kind that a check of the whole cluster requires and that has objects outside of namespaces, which a
// scan of some namespaces does not read.
func (r *run) beyond(c finding.Check) string {
	for _, name := range c.Requires {
		k, _ := snapshot.KindNamed(name)
		if _, read := r.cluster.Objects[name]; c.Scope == finding.ClusterScope && k.Custom() && !k.Namespaced && !read && !slices.Contains(r.absent, name) {
			return name
		}
	}
	return ""
}

func sortFindings(list []finding.Finding) {
	slices.SortFunc(list, func(a, b finding.Finding) int {
		return cmp.Or(int(b.Severity)-int(a.Severity), strings.Compare(a.Check, b.Check), strings.Compare(a.Object.Namespace, b.Object.Namespace),
			strings.Compare(a.Object.Kind, b.Object.Kind), strings.Compare(a.Object.Name, b.Object.Name), strings.Compare(a.Sub, b.Sub),
			strings.Compare(a.Path, b.Path), strings.Compare(a.Key, b.Key), strings.Compare(a.File, b.File), a.Line-b.Line,
			strings.Compare(a.Message, b.Message))
	})
}

func (s *Scanner) components(clusters []report.Cluster) []report.Component {
	found := map[string]report.Component{}
	for _, c := range clusters {
		if info, path, ok := s.Host.Running(c.Provider); ok {
			found[c.Provider] = component(info, path)
		}
	}
	out := slices.SortedFunc(maps.Values(found), func(a, b report.Component) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range s.Engine.Packs() {
		out = append(out, report.Component{Kind: "pack", Name: p.Name, Version: p.Version, SHA256: p.SHA256})
	}
	return out
}

func component(info sdk.Info, path string) report.Component {
	c := report.Component{Kind: "plugin", Name: info.Name, Version: info.Version}
	if sum, err := plugin.Hash(path); err == nil {
		c.SHA256 = fmt.Sprintf("%x", sum)
	}
	return c
}

func (s *Scanner) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

func (s *Scanner) event(e Event) {
	if s.Progress != nil {
		s.Progress(e)
	}
}
