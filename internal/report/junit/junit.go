// Package junit writes reports as JUnit XML, which CI systems show as test results: a suite for each cluster, a case for each
// check and object that fails, and one for each check that failed nowhere.
package junit

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
)

// Writer writes JUnit XML. A finding that gates nothing, since it is waived or the provider's, is skipped; what was not
// scanned or not evaluated is an error.
//
// Cases are written one by one into the rest of the document, so memory is bounded by the findings and not by the output.
type Writer struct{}

// Write implements report.Writer.
func (Writer) Write(out io.Writer, r *report.Report) error {
	b := bufio.NewWriter(out)
	if err := write(b, r); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	return nil
}

func write(b *bufio.Writer, r *report.Report) error {
	titles := map[string]string{}
	for _, c := range r.Checks {
		titles[c.ID] = c.Title
	}
	all := junit.Testsuites{Name: "Kubemuster", Time: seconds(r.Started, r.Ended)}
	suites := make([]suite, len(r.Clusters))
	for i := range r.Clusters {
		suites[i] = newSuite(&r.Clusters[i], titles)
		suites[i].head.ID = i
		all.AddSuite(suites[i].head)
	}
	all.Suites = nil
	return element(b, "testsuites", "", all, func() error {
		for _, s := range suites {
			err := element(b, "testsuite", "\t", s.head, func() error {
				for tc := range s.cases {
					if err := element(b, "testcase", "\t\t", tc, nil); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// element writes v on lines of its own, and in front of its end what inside writes.
func element(b *bufio.Writer, name, indent string, v any, inside func() error) error {
	var text bytes.Buffer
	encoder := xml.NewEncoder(&text)
	encoder.Indent(indent, "\t")
	if err := encoder.EncodeElement(v, xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
		return err
	}
	head, end := text.Bytes(), "</"+name+">"
	if inside != nil {
		head = bytes.TrimRight(bytes.TrimSuffix(head, []byte(end)), "\n\t")
	}
	b.Write(head)
	if inside != nil {
		b.WriteByte('\n')
		if err := inside(); err != nil {
			return err
		}
		b.WriteString(indent + end)
	}
	_, err := b.WriteString("\n") // bufio keeps the first error
	return err
}

// suite is a cluster: all but its cases, which are made twice, to be counted and to be written.
type suite struct {
	head  junit.Testsuite
	cases iter.Seq[junit.Testcase]
}

func newSuite(c *report.Cluster, titles map[string]string) suite {
	s := suite{junit.Testsuite{Name: c.Alias, Time: seconds(c.Started, c.Ended), Timestamp: c.Started.UTC().Format(time.RFC3339)}, cases(c, titles)}
	s.head.AddProperty("cluster", c.ID)
	s.head.AddProperty("status", string(c.Status))
	for tc := range s.cases {
		s.head.AddTestcase(tc)
		s.head.Testcases = nil
	}
	return s
}

// cases yields a case for each group of failures, and then one for each check that failed nowhere or was not evaluated.
func cases(c *report.Cluster, titles map[string]string) iter.Seq[junit.Testcase] {
	groups := failures(c.Findings)
	return func(yield func(junit.Testcase) bool) {
		if p := c.Problem; p != nil {
			yield(junit.Testcase{Name: "scan", Classname: c.Alias, Error: result(p.Stage, p.Message, p.Hint)})
			return
		}
		for _, group := range groups {
			if !yield(failed(c, group, titles)) {
				return
			}
		}
		for _, t := range c.Tallies {
			if tc, ok := summed(t, c.Alias, titles); ok && !yield(tc) {
				return
			}
		}
	}
}

// summed is what a check says beside its failures, if anything.
func summed(t finding.Tally, alias string, titles map[string]string) (junit.Testcase, bool) {
	tc := junit.Testcase{Name: title(t.Check, titles), Classname: alias}
	switch {
	case t.Counts[finding.NotEvaluated] > 0:
		tc.Error = result("not_evaluated", "not evaluated: "+t.Reason, "")
	case t.Counts[finding.Fail] > 0:
		return tc, false
	case t.Counts[finding.Pass] > 0:
	case t.Counts[finding.Manual] > 0:
		tc.Skipped = result("manual", "only a person can tell", "")
	default:
		return tc, false
	}
	return tc, true
}

// failures groups failures by check and object, in that order, those that gate apart from those that do not.
func failures(findings []finding.Finding) [][]*finding.Finding {
	var failed []*finding.Finding
	for i := range findings {
		if findings[i].Verdict == finding.Fail {
			failed = append(failed, &findings[i])
		}
	}
	compare := func(a, b *finding.Finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Object.Kind, b.Object.Kind), cmp.Compare(a.Object.Namespace, b.Object.Namespace),
			cmp.Compare(a.Object.Name, b.Object.Name), cmp.Compare(b2i(a.Gates()), b2i(b.Gates())))
	}
	slices.SortStableFunc(failed, func(a, b *finding.Finding) int {
		return cmp.Or(compare(a, b), cmp.Compare(a.Sub, b.Sub), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Message, b.Message))
	})
	var groups [][]*finding.Finding
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

func failed(c *report.Cluster, group []*finding.Finding, titles map[string]string) junit.Testcase {
	first := group[0]
	tc := junit.Testcase{Name: title(first.Check, titles) + " (" + first.Object.String() + ")", Classname: c.Alias}
	if first.Waiver != nil {
		tc.Skipped = result("waived", fmt.Sprintf("waived by %s until %s: %s", first.Waiver.Owner, first.Waiver.Expires, first.Waiver.Reason), "")
		return tc
	}
	if first.ManagedBy != "" {
		tc.Skipped = result("managed", "run by "+map[string]string{"provider": "the provider", "kubernetes": "Kubernetes itself"}[first.ManagedBy]+": "+first.Message, "")
		return tc
	}
	var lines []string
	for _, f := range group {
		lines = append(lines, f.Message)
	}
	if first.Owner != "" {
		lines = append(lines, "owner: "+first.Owner)
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
