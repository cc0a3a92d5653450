package policy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/rbac"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// permissions are what a check looks for, by the names it gives them: the rule permissions of its package. Each is any of
// several.
type permissions map[string][]rbac.Permission

// grantInput is what a check of scope grant judges: a binding that gives some of what the check looks for.
type grantInput struct {
	Kind      string                    `json:"kind"`
	Namespace string                    `json:"namespace"`
	Name      string                    `json:"name"`
	Role      snapshot.InventoryRoleRef `json:"role"`
	Extent    rbac.Extent               `json:"extent"`
	Where     string                    `json:"where"` // the extent in words
	// Subjects are all but those to whom Kubernetes itself makes the grant.
	Subjects []snapshot.InventorySubject `json:"subjects"`
	// Holds is what of the check's permissions the grant gives.
	Holds []heldInput `json:"holds"`
	// Beside is what of them a subject holds that can be used together with Holds: that itself, and what other grants give for
	// the same namespace or for all of them.
	Beside []besideInput `json:"beside"`
}

type besideInput struct {
	Permission string   `json:"permission"`
	What       string   `json:"what"`  // in words, with the way if it is another
	Names      []string `json:"names"` // as in Holds
	Way        []string `json:"way"`   // from the subject to the role; absent for the grant itself
}

// heldInput is a permission that is held: how far, and by which way.
type heldInput struct {
	Permission string      `json:"permission"`
	What       string      `json:"what"` // in words: verbs, resources and names
	Verbs      []string    `json:"verbs"`
	Resources  []string    `json:"resources"`
	Names      []string    `json:"names"`
	Extent     rbac.Extent `json:"extent"`
	Namespace  string      `json:"namespace"` // the grant's own; empty with the extent cluster
	Way        []string    `json:"way"`       // the binding and its role
}

// holderInput is a service account that holds some of what the check looks for.
type holderInput struct {
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	Holds     []heldInput `json:"holds"`
	// Tokens are the names of Secrets that are known to hold a token of it.
	Tokens []string `json:"tokens"`
	// Workloads are those that run with its token.
	Workloads []holderWorkload `json:"workloads"`
}

type holderWorkload struct {
	Kind      string   `json:"kind"`
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Nodes     []string `json:"nodes"`
}

// readPermissions reads the rule permissions of the checks that have one.
func (e *Engine) readPermissions(ctx context.Context) error {
	for _, c := range e.checks {
		rule := c.rule[:len(c.rule)-1].Append(ast.StringTerm("permissions"))
		if len(e.compiler.GetRulesExact(rule)) == 0 {
			continue
		}
		if c.Scope == finding.ObjectScope {
			return fmt.Errorf("%s: check %s has permissions, and judges single objects; give it the scope grant or cluster", c.at, c.ID)
		}
		rs, err := limited(ctx, e.limit(), rego.New(rego.Compiler(e.compiler), rego.Query(rule.String())).Eval)
		if err != nil {
			return fmt.Errorf("%s: permissions of check %s: %w", c.at, c.ID, err)
		}
		if len(rs) != 1 {
			return fmt.Errorf("%s: permissions of check %s may not depend on the input", c.at, c.ID)
		}
		data, err := json.Marshal(rs[0].Expressions[0].Value)
		if err != nil {
			return err
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&c.permissions); err != nil {
			return fmt.Errorf("%s: permissions of check %s: %s", c.at, c.ID, strings.TrimPrefix(err.Error(), "json: "))
		}
		for _, name := range slices.Sorted(maps.Keys(c.permissions)) {
			for _, p := range c.permissions[name] {
				if err := p.Check(); err != nil {
					return fmt.Errorf("%s: permissions of check %s: %s: %w", c.at, c.ID, name, err)
				}
			}
		}
	}
	return nil
}

// grants judges every grant with the checks of that scope.
func (r *router) grants(ctx context.Context, w *world, cluster Cluster, managedBy func(*rbac.Grant) string) Judgement {
	var all Judgement
	for _, n := range w.graph.Grants() {
		kind, _ := snapshot.KindNamed(n.Kind)
		// Of an unread role no more is known than what Kubernetes itself gives one of its name: that says what it allows, and
		// never that it allows nothing else.
		unread := w.namespaced && n.Role.Kind == "ClusterRole"
		if unread {
			all.Unjudged = append(all.Unjudged, identity(kind, n.Namespace, n.Name))
		}
		ways, text := w.ways(n)
		if n.Added {
			text += " (beside what Kubernetes itself gives this role)"
		}
		var j Judgement
		for i, c := range r.checks {
			if unread && n.Rules == nil && c.permissions != nil { // the others ask who is bound, not to what
				continue
			}
			held := c.permissions.heldBy(n)
			if n.Own || len(n.Subjects) == 0 || c.permissions != nil && held == nil {
				j.Verdicts = append(j.Verdicts, Verdict{Check: c.ID, Verdict: finding.Pass})
				continue
			}
			one := r.only(i).judged(ctx, r.form.ofGrant(w.input(c.permissions, n, held), cluster), cluster, func(c *check, v violation) finding.Finding {
				return finding.Finding{
					Check: c.ID, Severity: c.severity(v), Verdict: finding.Fail, Object: identity(kind, n.Namespace, n.Name),
					Key: v.Key, Path: cmp.Or(v.Path, "roleRef"), Message: v.Message + ": " + text, Ways: append(slices.Clone(ways), v.Ways...),
					ManagedBy: managedBy(n),
				}
			})
			j.Findings, j.Verdicts = append(j.Findings, one.Findings...), append(j.Verdicts, one.Verdicts...)
		}
		if unread {
			j.Verdicts = slices.DeleteFunc(j.Verdicts, func(v Verdict) bool { return v.Verdict == finding.Pass })
		}
		all.Findings = append(all.Findings, r.fold(j.Findings, func(wider, narrower *check) bool {
			rest, all := wider.permissions.beyond(n)
			held := narrower.permissions.heldBy(rest)
			if all || held == nil && narrower.permissions != nil {
				return true
			}
			i := slices.Index(r.checks, narrower)
			left := r.only(i).judged(ctx, r.form.ofGrant(w.input(narrower.permissions, n, held), cluster), cluster, func(c *check, v violation) finding.Finding { return finding.Finding{Severity: c.severity(v)} })
			return !slices.ContainsFunc(left.Findings, func(f finding.Finding) bool { return f.Severity >= finding.High })
		})...)
		all.Verdicts = append(all.Verdicts, j.Verdicts...)
	}
	return all
}

// input is what a check sees of a grant that gives it so much.
func (w *world) input(p permissions, n *rbac.Grant, held []heldInput) *grantInput {
	return &grantInput{
		Kind: n.Kind, Namespace: n.Namespace, Name: n.Name, Role: n.Role, Extent: n.Extent(), Where: where(n), Subjects: n.Subjects, Holds: held, Beside: w.beside(p, n, held),
	}
}

// fold takes the findings of one grant, and leaves out those that a wider one among them stands for: where it covers them, but for
// what weighs little beside it.
func (r *router) fold(list []finding.Finding, covers func(wider, narrower *check) bool) []finding.Finding {
	checks := map[string]*check{}
	for _, c := range r.checks {
		checks[c.ID] = c
	}
	wider := func(f finding.Finding) int {
		return slices.IndexFunc(list, func(w finding.Finding) bool {
			return slices.Contains(checks[f.Check].foldedUnder, w.Check) && covers(checks[w.Check], checks[f.Check])
		})
	}
	var kept []finding.Finding
	folded := map[string][]string{} // by the check that stands for them
	for _, f := range list {
		at := wider(f)
		if at < 0 {
			kept = append(kept, f)
			continue
		}
		for up := at; up >= 0; up = wider(list[up]) { // ends: no check is folded under itself, by whatever way
			at = up
		}
		folded[list[at].Check] = append(folded[list[at].Check], f.Check)
	}
	for i := range kept {
		f := &kept[i]
		if f.Folded = folded[f.Check]; f.Folded == nil {
			continue
		}
		slices.Sort(f.Folded)
		f.Folded = slices.Compact(f.Folded)
		f.Message += "; this stands for the narrower " + strings.Join(f.Folded, ", ")
	}
	return kept
}

// beyond is the grant without the API groups of what it gives of the permissions; all is set where that is every group.
func (p permissions) beyond(n *rbac.Grant) (rest *rbac.Grant, all bool) {
	var groups []string
	for _, named := range p {
		for _, one := range named {
			if _, ok := n.Gives(one); ok {
				groups = append(groups, one.APIGroups...)
			}
		}
	}
	if len(groups) == 0 || slices.Contains(groups, "*") {
		return n, true
	}
	left := *n
	left.Rules = nil
	for _, rule := range n.Rules {
		rule.APIGroups = slices.DeleteFunc(slices.Clone(rule.APIGroups), func(g string) bool { return slices.Contains(groups, g) })
		if len(rule.APIGroups) > 0 || len(rule.NonResourceURLs) > 0 {
			left.Rules = append(left.Rules, rule)
		}
	}
	return &left, false
}

// holders judges the cluster with a check that looks for service accounts with permissions.
func (r *router) holders(ctx context.Context, w *world, inv *snapshot.Inventory, cluster Cluster, find func(*check, violation) finding.Finding) Judgement {
	var all Judgement
	for i, c := range r.checks {
		j := r.only(i).judged(ctx, r.form.ofHolders(inv, w.holding(c.permissions), cluster), cluster, find)
		all.Findings, all.Verdicts = append(all.Findings, j.Findings...), append(all.Verdicts, j.Verdicts...)
	}
	return all
}

// only is the router of a single check.
func (r *router) only(i int) *router {
	return &router{form: r.form, limit: r.limit, checks: r.checks[i : i+1], single: r.single[i : i+1]}
}

func (r *router) judged(ctx context.Context, input *ast.Term, cluster Cluster, find func(*check, violation) finding.Finding) Judgement {
	var j Judgement
	r.judgement(&j, r.judge(ctx, input, cluster.Timeouts), cluster, find)
	return j
}

// world is who may do what in one cluster, and what runs there.
type world struct {
	namespaced bool // cluster roles were not read
	graph      *rbac.Graph
	running    map[rbac.Account][]snapshot.InventoryWorkload
	tokens     map[rbac.Account][]string // of every account that exists or runs something
}

func newWorld(inv snapshot.Inventory) *world {
	w := &world{namespaced: inv.Namespaced, graph: rbac.New(inv), running: map[rbac.Account][]snapshot.InventoryWorkload{}, tokens: map[rbac.Account][]string{}}
	for _, a := range inv.Accounts {
		w.tokens[rbac.Account{Namespace: a.Namespace, Name: a.Name}] = a.Tokens
	}
	for _, r := range inv.Workloads {
		if r.Token {
			account := rbac.Account{Namespace: r.Namespace, Name: r.ServiceAccount}
			w.running[account] = append(w.running[account], r)
			if _, known := w.tokens[account]; !known { // it exists, though manifests may not hold it
				w.tokens[account] = nil
			}
		}
	}
	return w
}

// heldBy returns what the grant gives of the permissions, by their names.
func (p permissions) heldBy(n *rbac.Grant) []heldInput {
	var out []heldInput
	for _, name := range slices.Sorted(maps.Keys(p)) {
		for _, one := range p[name] {
			if h, ok := n.Gives(one); ok {
				out = append(out, heldInput{name, what(h), h.Verbs, h.Resources, h.Names, n.Extent(), n.Namespace, way(n)})
			}
		}
	}
	return out
}

// beside returns what the grant's subjects hold of the permissions, there and elsewhere.
func (w *world) beside(p permissions, n *rbac.Grant, held []heldInput) []besideInput {
	var out []besideInput
	if len(p) < 2 {
		return nil // there is nothing to combine
	}
	for _, h := range held {
		out = append(out, besideInput{Permission: h.Permission, What: h.What, Names: h.Names})
	}
	for _, s := range n.Subjects {
		for _, other := range w.graph.Of(rbac.IdentityOf(s)) {
			if other == n || !n.ClusterWide() && !other.ClusterWide() && n.Namespace != other.Namespace {
				continue
			}
			for _, h := range p.heldBy(other) {
				out = append(out, besideInput{
					h.Permission, h.What + " by " + strings.Join(h.Way, " → "), h.Names, append([]string{place(s.Kind, s.Namespace, s.Name)}, h.Way...),
				})
			}
		}
	}
	return out
}

func (w *world) holding(p permissions) []holderInput {
	out := []holderInput{}
	for account, tokens := range w.tokens {
		h := holderInput{Namespace: account.Namespace, Name: account.Name, Tokens: tokens}
		for _, n := range w.graph.Of(rbac.ServiceAccount(account.Namespace, account.Name)) {
			h.Holds = append(h.Holds, p.heldBy(n)...)
		}
		if h.Holds == nil {
			continue
		}
		for _, r := range w.running[account] {
			h.Workloads = append(h.Workloads, holderWorkload{r.Kind, r.Namespace, r.Name, r.Nodes})
		}
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b holderInput) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// shown bounds how many subjects, and workloads of each, a finding names.
const shown = 5

// ways are the steps that lead to a grant's role, from the workloads where they are known; text is the same in one line.
func (w *world) ways(n *rbac.Grant) (ways [][]string, text string) {
	var names []string
	for _, s := range n.Subjects {
		name := place(s.Kind, s.Namespace, s.Name)
		running := w.running[rbac.Account{Namespace: s.Namespace, Name: s.Name}]
		if s.Kind != "ServiceAccount" {
			running = nil
		}
		to := append([]string{name}, way(n)...)
		if len(running) == 0 {
			ways = append(ways, to)
		}
		for _, r := range running[:min(len(running), shown)] {
			ways = append(ways, append([]string{place(r.Kind, r.Namespace, r.Name)}, to...))
		}
		if len(running) > 0 {
			name = place(running[0].Kind, running[0].Namespace, running[0].Name) + more(len(running)-1) + " → " + name
		}
		names = append(names, name)
	}
	slices.Sort(names)
	first := names[:min(len(names), shown)]
	return ways[:min(len(ways), shown)], strings.Join(first, ", ") + more(len(names)-len(first)) + " → " + strings.Join(way(n), " → ")
}

func where(n *rbac.Grant) string {
	if n.ClusterWide() {
		return "in the whole cluster"
	}
	return "in namespace " + n.Namespace
}

// what is "get and list on secrets", with the names that it is limited to.
func what(h rbac.Held) string {
	text := listed(h.Verbs) + " on " + listed(h.Resources)
	if len(h.Names) > 0 {
		text += " named " + listed(h.Names)
	}
	return text
}

func listed(words []string) string {
	if n := len(words); n > shown {
		return strings.Join(words[:shown-1], ", ") + more(n-shown+1)
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

func way(n *rbac.Grant) []string {
	return []string{place(n.Kind, n.Namespace, n.Name), place(n.Role.Kind, n.Role.Namespace, n.Role.Name)}
}

func place(kind, namespace, name string) string {
	return finding.Object{Kind: kind, Namespace: namespace, Name: name}.String()
}
