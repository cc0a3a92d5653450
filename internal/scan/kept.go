package scan

import (
	"encoding/binary"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// kept are the findings of a cluster until all has been judged. A fleet's are many: what those of one object share is kept once, and
// what each says as text behind text, a quarter of what they take as they are given.
type kept struct {
	subjects []subject
	whole    []finding.Finding // with more to them than text
	n        int
}

// subject is an object, and what its findings say.
type subject struct {
	about
	findings int
	text     string
}

// about is what findings of one object share.
type about struct {
	object    finding.Object
	verdict   finding.Verdict
	managedBy string
	owner     string
	file      string
	request   *finding.Request
}

// add keeps findings. Those of one object stand together.
func (k *kept) add(findings []finding.Finding) {
	k.n += len(findings)
	var s subject
	var text []byte
	flush := func() {
		if s.findings > 0 {
			s.text = string(text)
			k.subjects = append(k.subjects, s)
		}
		s, text = subject{}, text[:0]
	}
	for _, f := range findings {
		if f.Ways != nil || f.Folded != nil || f.Waiver != nil || f.Baseline != "" {
			k.whole = append(k.whole, f)
			continue
		}
		if a := (about{f.Object, f.Verdict, f.ManagedBy, f.Owner, f.File, f.Request}); a != s.about {
			flush()
			s.about = a
		}
		s.findings++
		for _, part := range [...]string{f.Check, f.Sub, f.Key, f.Path, f.Message} {
			text = append(binary.AppendUvarint(text, uint64(len(part))), part...)
		}
		text = binary.AppendVarint(binary.AppendVarint(text, int64(f.Severity)), int64(f.Line))
	}
	flush()
}

// take returns the findings, and keeps them no longer.
func (k *kept) take() []finding.Finding {
	out := make([]finding.Finding, 0, k.n)
	for _, s := range k.subjects {
		rest := reader(s.text)
		for range s.findings {
			out = append(out, finding.Finding{
				Object: s.object, Verdict: s.verdict, ManagedBy: s.managedBy, Owner: s.owner, File: s.file, Request: s.request,
				Check: rest.text(), Sub: rest.text(), Key: rest.text(), Path: rest.text(), Message: rest.text(),
				Severity: finding.Severity(rest.number()), Line: rest.number(),
			})
		}
	}
	out = append(out, k.whole...)
	*k = kept{}
	return out
}

// reader reads what add wrote. The texts are parts of it.
type reader string

func (r *reader) text() string {
	n, size := binary.Uvarint(r.head())
	out := string(*r)[size : size+int(n)]
	*r = (*r)[size+int(n):]
	return out
}

func (r *reader) number() int {
	n, size := binary.Varint(r.head())
	*r = (*r)[size:]
	return int(n)
}

// head is as much as a number may take.
func (r *reader) head() []byte { return []byte((*r)[:min(len(*r), binary.MaxVarintLen64)]) }
