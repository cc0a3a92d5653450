package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/html"
	"github.com/kubemuster/kubemuster/internal/report/jsonreport"
	"github.com/kubemuster/kubemuster/internal/report/junit"
	"github.com/kubemuster/kubemuster/internal/report/markdown"
	"github.com/kubemuster/kubemuster/internal/report/prometheus"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
	"github.com/kubemuster/kubemuster/internal/report/table"
)

// output is one report to write.
type output struct {
	writer report.Writer
	path   string // empty: standard output
	out    io.Writer
}

// parted is a writer that spreads a large report over several files.
type parted interface {
	Parts(*report.Report) []*report.Report
	Part(i int) report.Writer
}

func (o output) write(r *report.Report) error {
	w, ok := o.writer.(parted)
	if !ok {
		if o.path == "" {
			return o.writer.Write(o.out, r)
		}
		return report.WriteFile(o.path, o.writer, r)
	}
	parts := w.Parts(r)
	if o.path == "" {
		if len(parts) > 1 {
			return fmt.Errorf("the report takes %d files, and standard output is one; give -o FORMAT=PATH a path", len(parts))
		}
		return o.writer.Write(o.out, parts[0])
	}
	var unwritten error
	for i, part := range parts {
		path := numbered(o.path, i)
		if _, missing := os.Lstat(path); i > 0 && missing == nil && !isPart(path, i) {
			unwritten = errors.Join(unwritten, fmt.Errorf("%s is where part %d of the report would go, and holds something else; move it away, or give the report another path", path, i+1))
			continue
		}
		unwritten = errors.Join(unwritten, report.WriteFile(path, w.Part(i), part))
	}
	if unwritten == nil {
		unwritten = removeParts(o.path, len(parts))
	}
	return unwritten
}

// removeParts removes what an earlier, larger report left from the part at index i on, whatever is missing between.
func removeParts(path string, i int) error {
	for ; i < maxParts; i++ {
		part := numbered(path, i)
		if !isPart(part, i) {
			continue
		}
		if err := os.Remove(part); err != nil {
			return fmt.Errorf("%s is a part of an earlier report, and cannot be removed: %w", part, err)
		}
	}
	return nil
}

// isPart reports whether a file says that it is the part at index i of a report.
func isPart(path string, i int) bool {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false // to open a pipe would wait for its writer
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 1024)
	n, _ := io.ReadFull(f, head)
	return bytes.Contains(head[:n], []byte(sarif.Mark(i)))
}

// numbered is the path of the part at index i: report.sarif, report-2.sarif, report-3.sarif.
func numbered(path string, i int) string {
	if i == 0 {
		return path
	}
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), i+1, ext)
}

// formats are the report formats, in the order in which help and errors name them.
var formats = []struct {
	name   string
	writer func(ios *IOStreams, file, passes bool) report.Writer
}{
	{"table", func(ios *IOStreams, file, _ bool) report.Writer {
		if file {
			return table.Writer{}
		}
		return table.Writer{Width: ios.OutWidth, Color: ios.Color}
	}},
	{"sarif", func(_ *IOStreams, _, passes bool) report.Writer { return sarif.Writer{Passes: passes} }},
	{"sarif-github", func(*IOStreams, bool, bool) report.Writer { return sarif.Writer{Profile: sarif.GitHub} }},
	{"sarif-gitlab", func(*IOStreams, bool, bool) report.Writer { return sarif.Writer{Profile: sarif.GitLab} }},
	{"json", func(*IOStreams, bool, bool) report.Writer { return jsonreport.Writer{} }},
	{"html", func(*IOStreams, bool, bool) report.Writer { return html.Writer{} }},
	{"junit", func(*IOStreams, bool, bool) report.Writer { return junit.Writer{} }},
	{"markdown", func(*IOStreams, bool, bool) report.Writer { return markdown.Writer{} }},
	{"prometheus", func(*IOStreams, bool, bool) report.Writer { return prometheus.Writer{} }},
}

func formatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// parseOutputs reads FORMAT[=PATH] and makes sure that every file can be written before a scan is spent on it.
func parseOutputs(ios *IOStreams, list []string, passes bool) ([]output, error) {
	var outputs []output
	used := map[string]string{}
	for i, spec := range list {
		format, path, named := strings.Cut(spec, "=")
		if path == "-" {
			path, named = "", false
		}
		o := output{path: path, out: ios.Out}
		for _, f := range formats {
			if strings.EqualFold(f.name, format) {
				o.writer = f.writer(ios, path != "", passes)
			}
		}
		if o.writer == nil {
			hint := ""
			if i > 0 && strings.Contains(list[i-1], "=") {
				hint = fmt.Sprintf("; a comma begins another report, so if it belongs to the path, write -o '\"%s,%s\"' in both sorts of quotes", list[i-1], spec)
			}
			return nil, fmt.Errorf("unknown report format %q in -o %s%s; the formats are %s", format, spec, hint, formatNames())
		}
		place := ""
		if named {
			var err error
			if place, err = report.CheckWritable(path); err != nil {
				return nil, fmt.Errorf("-o %s: %w", spec, err)
			}
		}
		places := []string{place}
		if _, ok := o.writer.(parted); ok && named {
			more, err := partPlaces(path)
			if err != nil {
				return nil, err
			}
			places = append(places, more...)
		}
		for _, place := range places {
			if other, ok := used[place]; ok {
				return nil, fmt.Errorf("-o %s and -o %s write to the same place; give one of them a path of its own", other, spec)
			}
			used[place] = spec
		}
		outputs = append(outputs, o)
	}
	return outputs, nil
}

// maxParts are as many of a report as are kept free for it: 20 clusters each, mostly.
const maxParts = 100

// partPlaces are where the report's further parts would go.
func partPlaces(path string) (places []string, err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, nil // a device or a pipe has none
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err == nil {
		folder, err = filepath.EvalSymlinks(folder)
	}
	for i := 1; i < maxParts && err == nil; i++ {
		part := filepath.Join(folder, filepath.Base(numbered(path, i)))
		if _, missing := os.Lstat(part); missing == nil {
			part, err = report.CheckWritable(part)
		}
		places = append(places, part)
	}
	return places, err
}
