package snapshot

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// A snapshot file is NDJSON: the header first, then one object a line, in any order, each with apiVersion and kind.
const (
	fileFormat  = "kubemuster-snapshot"
	fileVersion = 1
	// maxLine bounds one object, in bytes. etcd takes objects of 1.5 MiB by default; JSON is larger than protobuf.
	maxLine = 16 << 20
)

// Header is a snapshot file's first line.
type Header struct {
	Format  string `json:"format"`  // kubemuster-snapshot
	Version int    `json:"version"` // 1
	// ServerVersion is what the API server called itself, as in v1.37.2.
	ServerVersion string `json:"serverVersion"`
}

// Reader reads a snapshot file object by object.
type Reader struct {
	header  Header
	name    string
	line    int
	scanner *bufio.Scanner
}

// NewReader reads the header. name is what errors call the file.
func NewReader(r io.Reader, name string) (*Reader, error) {
	f := &Reader{name: name, scanner: bufio.NewScanner(r)}
	f.scanner.Buffer(nil, maxLine)
	line, err := f.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if json.Unmarshal(line, &f.header) != nil || f.header.Format != fileFormat {
		return nil, fmt.Errorf("%s is not a snapshot of kubemuster", name)
	}
	if f.header.Version != fileVersion {
		return nil, fmt.Errorf("%s is a snapshot of version %d, and this kubemuster reads version %d; read it with the kubemuster that wrote it, or record it anew",
			name, f.header.Version, fileVersion)
	}
	return f, nil
}

// ServerVersion returns the version of the API server that was recorded.
func (f *Reader) ServerVersion() string { return f.header.ServerVersion }

// Next returns the next object, and io.EOF after the last. Kinds that no scan reads are passed over.
func (f *Reader) Next() (Object, error) {
	for {
		line, err := f.next()
		if err != nil {
			return Object{}, err
		}
		o, known, err := decode(line)
		if err != nil {
			return Object{}, fmt.Errorf("%s:%d: %w", f.name, f.line, err)
		}
		if known {
			return o, nil
		}
	}
}

// next returns the next line that is not empty.
func (f *Reader) next() ([]byte, error) {
	for f.scanner.Scan() {
		f.line++
		if line := bytes.TrimSpace(f.scanner.Bytes()); len(line) > 0 {
			return line, nil
		}
	}
	switch err := f.scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("%s:%d: the line is longer than %d MiB", f.name, f.line+1, maxLine>>20)
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", f.name, err)
	}
	return nil, io.EOF
}

func decode(line []byte) (Object, bool, error) {
	var head metav1.TypeMeta
	if err := json.Unmarshal(line, &head); err != nil {
		return Object{}, false, fmt.Errorf("this is no JSON object: %s", redact.Quoted(err.Error()))
	}
	if head.Kind == "" || head.APIVersion == "" {
		return Object{}, false, errors.New("the object lacks its apiVersion or kind")
	}
	kind, ok := KindNamed(head.Kind)
	if !ok || kind.APIVersion() != head.APIVersion {
		return Object{}, false, nil
	}
	v := reflect.New(kind.Type).Interface().(interface {
		runtime.Object
		metav1.Object
	})
	if err := json.Unmarshal(line, v); err != nil {
		return Object{}, false, fmt.Errorf("this is no valid %s: %s", kind.Name, redact.Quoted(err.Error()))
	}
	if v.GetName() == "" {
		return Object{}, false, fmt.Errorf("the %s has no name", kind.Name)
	}
	v.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{}) // as in an API server's list
	return Object{Kind: kind, Value: v}, true, nil
}

// Writer writes a snapshot file.
type Writer struct {
	w io.Writer
}

// NewWriter writes the header.
func NewWriter(w io.Writer, serverVersion string) (*Writer, error) {
	f := &Writer{w}
	return f, f.write(Header{fileFormat, fileVersion, serverVersion})
}

// Write adds an object.
func (f *Writer) Write(o Object) error {
	// A copy of the struct: the object itself may be in use elsewhere.
	v := reflect.New(o.Kind.Type)
	v.Elem().Set(reflect.ValueOf(o.Value).Elem())
	gvk := schema.GroupVersionKind{Group: o.Kind.Group, Version: o.Kind.Version, Kind: o.Kind.Name}
	v.Interface().(runtime.Object).GetObjectKind().SetGroupVersionKind(gvk)
	return f.write(v.Interface())
}

func (f *Writer) write(v any) error {
	var line bytes.Buffer
	encoder := stdjson.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	if line.Len() > maxLine {
		return fmt.Errorf("writing the snapshot: an object is larger than %d MiB", maxLine>>20)
	}
	if _, err := f.w.Write(line.Bytes()); err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	return nil
}
