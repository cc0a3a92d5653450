// Package junit writes reports as JUnit XML, which CI systems show as test results: a suite for each cluster, a case for each
// check and object that fails, and one for each check that failed nowhere.
package junit

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// Writer writes JUnit XML. A finding that gates nothing, since it is waived or the provider's, is skipped; what was not
// scanned or not evaluated is an error.
type Writer struct{}

// Write implements report.Writer.
func (Writer) Write(out io.Writer, r *report.Report) error {
	all := &junit.Testsuites{Name: "Kubemuster", Time: seconds(r.Started, r.Ended)}
	titles := map[string]string{}
	for _, c := range r.Checks {
		titles[c.ID] = c.Title
	}
	for i := range r.Clusters {
		s := suite(&r.Clusters[i], titles)
		s.ID = i
		all.AddSuite(s)
	}
	b := bufio.NewWriter(out)
	if err := all.WriteXML(b); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	return nil
}

func suite(c *report.Cluster, titles map[string]string) junit.Testsuite {
	s := junit.Testsuite{Name: c.Alias, Time: seconds(c.Started, c.Ended), Timestamp: c.Started.UTC().Format(time.RFC3339)}
	s.AddProperty("cluster", c.ID)
	s.AddProperty("status", string(c.Status))
	if p := c.Problem; p != nil {
		s.AddTestcase(junit.Testcase{Name: "scan", Classname: c.Alias, Error: result(p.Stage, p.Message, p.Hint)})
		return s
	}
	for _, group := range cases(c.Findings) {
		s.AddTestcase(failed(c, group, titles))
	}
	for _, t := range c.Tallies {
		name := title(t.Check, titles)
		switch {
		case t.Counts[finding.NotEvaluated] > 0:
			s.AddTestcase(junit.Testcase{Name: name, Classname: c.Alias, Error: result("not_evaluated", "not evaluated: "+t.Reason, "")})
		case t.Counts[finding.Fail] > 0:
		case t.Counts[finding.Pass] > 0:
			s.AddTestcase(junit.Testcase{Name: name, Classname: c.Alias})
		case t.Counts[finding.Manual] > 0:
			s.AddTestcase(junit.Testcase{Name: name, Classname: c.Alias, Skipped: result("manual", "only a person can tell", "")})
		}
	}
	return s
}

// cases groups failures by check and object, in that order, those that gate apart from those that do not.
func cases(findings []finding.Finding) [][]finding.Finding {
	var failed []finding.Finding
	for _, f := range findings {
		if f.Verdict == finding.Fail {
			failed = append(failed, f)
		}
	}
	compare := func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Object.String(), b.Object.String()), cmp.Compare(b2i(a.Gates()), b2i(b.Gates())))
	}
	slices.SortStableFunc(failed, func(a, b finding.Finding) int {
		return cmp.Or(compare(a, b), cmp.Compare(a.Sub, b.Sub), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Message, b.Message))
	})
	var groups [][]finding.Finding
	for len(failed) > 0 {
		n := 1
		for n < len(failed) && compare(failed[0], failed[n]) == 0 {
			n++
		}
		groups, failed = append(groups, failed[:n]), failed[n:]
	}
	return groups
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func failed(c *report.Cluster, group []finding.Finding, titles map[string]string) junit.Testcase {
	first := group[0]
	tc := junit.Testcase{Name: title(first.Check, titles) + " (" + first.Object.String() + ")", Classname: c.Alias}
	if first.Waiver != nil {
		tc.Skipped = result("waived", fmt.Sprintf("waived by %s until %s: %s", first.Waiver.Owner, first.Waiver.Expires, first.Waiver.Reason), "")
		return tc
	}
	if first.ManagedBy != "" {
		tc.Skipped = result("managed", "run by the "+first.ManagedBy+": "+first.Message, "")
		return tc
	}
	var lines []string
	for _, f := range group {
		lines = append(lines, f.Message)
	}
	tc.Failure = result(first.Severity.String(), first.Message, strings.Join(lines, "\n"))
	return tc
}

func title(check string, titles map[string]string) string {
	return strings.TrimSpace(check + " " + titles[check])
}

func result(kind, message, data string) *junit.Result {
	return &junit.Result{Type: kind, Message: legal(message), Data: legal(data)}
}

// legal leaves out what XML has no way to write.
func legal(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func seconds(from, to time.Time) string { return fmt.Sprintf("%.3f", to.Sub(from).Seconds()) }
