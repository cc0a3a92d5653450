// Package waiver takes findings out of the gate that somebody answers for, for a reason and for a time. A waived finding
// stays in every report, with who waived it, why and until when.
package waiver

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/strictyaml"
)

// Waiver is an entry of a waivers file. Check, Cluster, Namespace, Kind and Name are globs as in path.Match; what is not
// given matches all.
type Waiver struct {
	Check     string `yaml:"check"`     // the ID
	Cluster   string `yaml:"cluster"`   // the alias
	Namespace string `yaml:"namespace"` // no object of the whole cluster is in one
	Kind      string `yaml:"kind"`
	Name      string `yaml:"name"`
	Owner     string `yaml:"owner"` // who answers for it
	Reason    string `yaml:"reason"`
	Ticket    string `yaml:"ticket"`
	Expires   string `yaml:"expires"` // the last day, as in 2027-01-31, in UTC

	source string // file:line, or the object that asks for it
	line   int
	ends   time.Time // the first moment after it
}

// UnmarshalYAML keeps the line.
func (w *Waiver) UnmarshalYAML(node *yaml.Node) error {
	type plain Waiver
	w.line = node.Line
	return node.Decode((*plain)(w))
}

// Options are the rules of a run.
type Options struct {
	// MaxDays is how far ahead, in days from now, a waiver may end; zero means no limit.
	MaxDays int
	// Annotations honours what objects ask for in their own annotations.
	Annotations bool
	Now         time.Time
}

// Set is what is waived in a run.
type Set struct {
	waivers []*Waiver
	opts    Options
}

// Load reads waivers files. Errors name file and line; every faulty entry is named.
func Load(paths []string, opts Options) (*Set, error) {
	s := &Set{opts: opts}
	var problems []error
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("reading the waivers: %w", err)
		}
		all, err := parse(p, data)
		if err != nil {
			return nil, err
		}
		for _, w := range all {
			if err := w.check(opts); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", w.source, err))
			}
		}
		s.waivers = append(s.waivers, all...)
	}
	return s, errors.Join(problems...)
}

func parse(file string, data []byte) ([]*Waiver, error) {
	var f struct {
		Waivers []*Waiver `yaml:"waivers"`
	}
	if err := strictyaml.Decode(file, data, &f); err != nil {
		return nil, err
	}
	for i, w := range f.Waivers {
		if w == nil {
			return nil, fmt.Errorf("%s: waivers[%d] is empty", file, i)
		}
		w.source = fmt.Sprintf("%s:%d", file, w.line)
	}
	return f.Waivers, nil
}

const day = 24 * time.Hour

// check makes sure that the waiver is whole, and sets when it ends.
func (w *Waiver) check(opts Options) error {
	for _, required := range []struct{ key, value, why string }{
		{"check", w.Check, "name a check's ID, as in KM1005"},
		{"reason", w.Reason, "say why the finding is accepted"},
		{"owner", w.Owner, "say who answers for it"},
		{"expires", w.Expires, "give the last day, as in 2027-01-31"},
	} {
		if strings.TrimSpace(required.value) == "" {
			return fmt.Errorf("%s is missing: %s", required.key, required.why)
		}
	}
	for _, glob := range []struct{ key, pattern string }{
		{"check", w.Check}, {"cluster", w.Cluster}, {"namespace", w.Namespace}, {"kind", w.Kind}, {"name", w.Name},
	} {
		if _, err := path.Match(glob.pattern, ""); err != nil {
			return fmt.Errorf("%s: %q is no pattern; close every [ and end no pattern with \\", glob.key, glob.pattern)
		}
	}
	last, err := time.Parse(time.DateOnly, w.Expires)
	if err != nil {
		return fmt.Errorf("expires: %q is no date; write it as in 2027-01-31", w.Expires)
	}
	w.ends = last.Add(day)
	if latest := opts.Now.AddDate(0, 0, opts.MaxDays); opts.MaxDays > 0 && last.After(latest) {
		return fmt.Errorf("expires %s is further ahead than %d days (waivers.maxDays), the latest is %s", w.Expires, opts.MaxDays, latest.Format(time.DateOnly))
	}
	return nil
}

// Problems names what is legal and yet wrong: waivers that have expired, that switch a check off for everything, or whose
// check does not exist.
func (s *Set) Problems(checks []finding.Check) []string {
	var out []string
	for _, w := range s.waivers {
		if !slices.ContainsFunc(checks, func(c finding.Check) bool { return match(w.Check, c.ID) }) {
			out = append(out, fmt.Sprintf("%s: there is no check %q; kubemuster checks list shows all", w.source, w.Check))
		}
		if w.expired(s.opts.Now) {
			out = append(out, fmt.Sprintf("%s: expired on %s; renew it or take it out", w.source, w.Expires))
		}
		if why := w.broad(); why != "" {
			out = append(out, fmt.Sprintf("%s: %s", w.source, why))
		}
	}
	return out
}

func (w *Waiver) expired(now time.Time) bool { return !now.Before(w.ends) }

// broad says why a waiver takes in more than anybody can answer for: checks of several domains, several checks on whatever
// object, or one check in whatever cluster. A kind narrows nothing: all Deployments are most of what there is.
func (w *Waiver) broad() string {
	head, wild := literal(w.Check)
	object := narrows(w.Namespace) || narrows(w.Name)
	switch {
	case wild && !strings.ContainsAny(head, "0123456789"): // the first digit of an ID is its domain
		return "it waives checks of every domain; name a check, or those of one domain, as in KM10*"
	case wild && !object:
		return "it waives several checks on every object; name a namespace or a name, or one check"
	case !object && !narrows(w.Cluster):
		return "it waives the check in all clusters; name a cluster, a namespace or a name, or skip the check"
	}
	return ""
}

// narrows reports whether a pattern leaves out most of what there is: it has no wildcard, or says at least two characters of
// what it wants.
func narrows(pattern string) bool {
	said, wild := 0, false
	for more := true; more; {
		var head string
		head, more = literal(pattern)
		said += len(strings.Trim(head, "-.:_"))
		pattern = pattern[len(head):]
		switch {
		case !more:
		case pattern[0] == '\\':
			said++
			pattern = pattern[2:]
		case pattern[0] == '[':
			end := strings.IndexByte(pattern, ']') + 1
			if end == len("[x]") { // as the HTML page writes what means something in patterns
				said++
			} else {
				wild = true
			}
			pattern = pattern[end:]
		default:
			wild = true
			pattern = pattern[1:]
		}
	}
	return said >= 2 || said > 0 && !wild
}

// literal is what a pattern begins with, and whether more than that follows.
func literal(pattern string) (head string, more bool) {
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		return pattern[:i], true
	}
	return pattern, false
}

func match(pattern, value string) bool {
	ok, _ := path.Match(pattern, value)
	return ok || pattern == ""
}

func (w *Waiver) matches(alias string, f finding.Finding) bool {
	return match(w.Check, f.Check) && match(w.Cluster, alias) && match(w.Namespace, f.Object.Namespace) && match(w.Kind, f.Object.Kind) &&
		match(w.Name, f.Object.Name)
}

// Apply marks the findings that are waived, and notes on each cluster which of its waivers have expired, match nothing or
// match too much. Findings that are carried from a baseline lose the waivers of its run: only those of this one count.
func (s *Set) Apply(r *report.Report) {
	used := map[*Waiver]bool{}
	for i := range r.Clusters {
		c := &r.Clusters[i]
		late := map[*Waiver]int{}
		for j := range c.Findings {
			s.waive(c, &c.Findings[j], used, late)
		}
		for j := range c.Carried {
			f := &c.Carried[j]
			f.Request = asksStill(*f)
			f.Waiver = nil
			s.waive(c, f, used, late)
		}
		for _, w := range s.waivers {
			if !match(w.Cluster, c.Alias) {
				continue
			}
			if w.expired(s.opts.Now) {
				note(c, "waiver/expired", "the waiver at %s (%s, %s) expired on %s: %d findings count again", w.source, w.Check, w.Owner, w.Expires, late[w])
			}
			if why := w.broad(); why != "" {
				note(c, "waiver/over-broad", "the waiver at %s (%s, %s) is too broad: %s", w.source, w.Check, w.Owner, why)
			}
		}
	}
	for _, w := range s.waivers {
		s.unused(r, w, used[w])
	}
}

// waive marks a finding with the first waiver that matches and has not expired.
func (s *Set) waive(c *report.Cluster, f *finding.Finding, used map[*Waiver]bool, late map[*Waiver]int) {
	if f.Verdict != finding.Fail {
		return
	}
	for _, w := range s.waivers {
		switch {
		case !w.matches(c.Alias, *f):
		case w.expired(s.opts.Now):
			used[w] = true // it is not idle, it is late
			late[w]++
		default:
			used[w] = true
			f.Waiver = w.leave()
			return
		}
	}
	if !s.opts.Annotations {
		return
	}
	w, err := asked(*f, s.opts)
	switch {
	case err != nil:
		note(c, "waiver/invalid-annotation", "%s asks by annotation to waive %s, and is not heard: %v", f.Object, f.Check, err)
	case w != nil:
		f.Waiver = w.leave()
	}
}

func (w *Waiver) leave() *finding.Waiver {
	return &finding.Waiver{Owner: w.Owner, Reason: w.Reason, Ticket: w.Ticket, Expires: w.Expires, Source: w.source}
}

// asksStill is what the object of a carried finding asked for when it was read, as far as that was heard.
func asksStill(f finding.Finding) *finding.Request {
	w := f.Waiver
	if w == nil || w.Source != f.Object.String() {
		return nil
	}
	return &finding.Request{Checks: f.Check, Owner: w.Owner, Reason: w.Reason, Ticket: w.Ticket, Expires: w.Expires}
}

// asked returns the waiver that the finding's object asks for, if it does.
func asked(f finding.Finding, opts Options) (*Waiver, error) {
	r := f.Request
	if r == nil {
		return nil, nil
	}
	ids := strings.FieldsFunc(r.Checks, func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(ids, f.Check) { // the ID itself: a pattern here would be too easily too broad
		return nil, nil
	}
	w := &Waiver{Check: f.Check, Owner: cmp.Or(r.Owner, "the object's annotations"), Reason: r.Reason, Ticket: r.Ticket, Expires: r.Expires, source: f.Object.String()}
	if err := w.check(opts); err != nil {
		return nil, err
	}
	if w.expired(opts.Now) {
		return nil, fmt.Errorf("it expired on %s", w.Expires)
	}
	return w, nil
}

// unused notes a waiver that matched nothing, on the clusters that it names. Where one of them was not wholly read, or its
// check did not run, nobody can tell.
func (s *Set) unused(r *report.Report, w *Waiver, used bool) {
	if used || w.expired(s.opts.Now) || !slices.ContainsFunc(r.Checks, func(c finding.Check) bool { return match(w.Check, c.ID) }) {
		return
	}
	var named []*report.Cluster
	for i := range r.Clusters {
		if c := &r.Clusters[i]; match(w.Cluster, c.Alias) {
			if c.Status != report.Complete || len(c.Namespaces)+len(c.ExcludeNamespaces) > 0 || skips(c, w) {
				return
			}
			named = append(named, c)
		}
	}
	for _, c := range named {
		note(c, "waiver/unused", "the waiver at %s (%s, %s) matches no finding; take it out", w.source, w.Check, w.Owner)
	}
}

// skips reports whether no check that the waiver names looked at the cluster, or one of them not at all of it.
func skips(c *report.Cluster, w *Waiver) bool {
	looked := false
	for _, t := range c.Tallies {
		if match(w.Check, t.Check) {
			if t.Skipped || t.Counts[finding.NotEvaluated] > 0 {
				return true
			}
			looked = true
		}
	}
	return !looked
}

// note adds a notification, once.
func note(c *report.Cluster, id, format string, args ...any) {
	n := report.Notification{ID: id, Level: "warning", Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(c.Notifications, n) {
		c.Notifications = append(c.Notifications, n)
	}
}
