// Package jsonreport writes reports as JSON, whole, and reads them again. docs/schemas/report-v1.json is its schema.
package jsonreport

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/kubemuster/kubemuster/internal/report"
)

// Format and Version stand at the head of every report. Version grows when a reader of the old one would go wrong; fields may
// be added without.
const (
	Format  = "kubemuster-report"
	Version = 1
)

// Writer writes JSON. Findings are written one by one, each on a line of its own.
type Writer struct{}

// Write implements report.Writer.
func (Writer) Write(out io.Writer, r *report.Report) error {
	b := bufio.NewWriterSize(out, 64<<10)
	err := write(b, r)
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

func write(b *bufio.Writer, r *report.Report) error {
	doc := document(r)
	doc.Clusters = []Cluster{}
	return list(b, doc, "\n", len(r.Clusters), func(i int) error {
		c := &r.Clusters[i]
		return list(b, cluster(c), "\n  ", len(c.Findings), func(i int) error {
			line, err := json.Marshal(fromFinding(&c.Findings[i], c.ID))
			if err == nil {
				_, err = b.Write(line)
			}
			return err
		})
	})
}

// list writes a struct whose last field is an empty list, and fills that list with n items.
func list(b *bufio.Writer, v any, indent string, n int, item func(int) error) error {
	head, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b.Write(head[:len(head)-len("]}")])
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if _, err := b.WriteString(indent); err != nil {
			return err
		}
		if err := item(i); err != nil {
			return err
		}
	}
	_, err = b.WriteString("]}")
	return err
}

// Read reads a report that Writer wrote. Errors say what is wrong with the document, and not where it came from.
func Read(in io.Reader) (*report.Report, error) {
	var d Report
	decoder := json.NewDecoder(bufio.NewReaderSize(in, 64<<10))
	switch err := decoder.Decode(&d); {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return nil, errors.New("the report is cut off")
	case err != nil:
		return nil, fmt.Errorf("it is no report: %w", err)
	case d.Format != Format:
		return nil, fmt.Errorf("it is no report of ours: its format is %q, not %q", d.Format, Format)
	case d.FormatVersion != Version:
		return nil, fmt.Errorf("its format has version %d, and this kubemuster reads version %d", d.FormatVersion, Version)
	case decoder.More():
		return nil, errors.New("something follows the report")
	}
	return d.report()
}
