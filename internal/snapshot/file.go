package snapshot

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// A snapshot file is NDJSON: the header first, then one object a line, each with apiVersion and kind, and the end record
// last, without which the file is cut off. It may be compressed with zstd. docs/snapshots.md describes it for others.
const (
	fileFormat  = "kubemuster-snapshot"
	fileVersion = 1
	// maxLine bounds one object, in bytes. etcd takes objects of 1.5 MiB by default; JSON is larger than protobuf.
	maxLine = 16 << 20
	// maxFile bounds a file, in bytes once it is unpacked: some million pods. What unpacks to more was not recorded.
	maxFile = 16 << 30
	// maxWindow bounds what unpacking keeps in memory, in bytes. zstd's levels up to 19 stay within it.
	maxWindow = 8 << 20
)

// Header is a snapshot file's first line: what was recorded, when and by what.
type Header struct {
	Format     string    `json:"format"`     // kubemuster-snapshot
	Version    int       `json:"version"`    // 1
	Kubemuster string    `json:"kubemuster"` // version of the scanner
	Recorded   time.Time `json:"recorded"`   // when reading began
	Target     string    `json:"target"`     // as given, without parameters
	// The cluster's identity, as a report of it has it. Provider, account, region and name are what its plugin told.
	ID            string `json:"id"`
	Alias         string `json:"alias"`
	Provider      string `json:"provider,omitempty"`
	Account       string `json:"account,omitempty"`
	Region        string `json:"region,omitempty"`
	Name          string `json:"name,omitempty"`
	ServerVersion string `json:"serverVersion"` // what the API server called itself, as in v1.37.2
	// ServerHost is where it was reached: some providers' clusters are known by nothing else.
	ServerHost string `json:"serverHost,omitempty"`
	// Namespaces are the only ones that were read; empty means all. Cluster-scoped kinds were then left out.
	Namespaces        []string `json:"namespaces,omitempty"`
	ExcludeNamespaces []string `json:"excludeNamespaces,omitempty"`
	// Custom are the kinds of custom resources that the server served and that were asked for, as it serves them.
	Custom []Served `json:"custom,omitempty"`
}

// Served is how a server serves a kind.
type Served struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Resource   string `json:"resource"` // plural, lower case
	Namespaced bool   `json:"namespaced,omitempty"`
}

// ServedCustom returns how the kinds of custom resources among kinds are served.
func ServedCustom(kinds []Kind) (list []Served) {
	for _, k := range kinds {
		if k.Custom() {
			list = append(list, Served{k.APIVersion(), k.Kind(), k.Resource, k.Namespaced})
		}
	}
	return list
}

// kind is the kind of which a server serves that.
func (s Served) kind() (Kind, error) {
	gv, err := schema.ParseGroupVersion(s.APIVersion)
	if err != nil || len(validation.IsDNS1123Subdomain(gv.Group))+len(validation.IsDNS1035Label(gv.Version))+len(validation.IsDNS1035Label(s.Resource))+len(validation.IsDNS1035Label(strings.ToLower(s.Kind))) > 0 {
		return Kind{}, errors.New("the header names a kind of custom resources that none can be; record the cluster anew")
	}
	k, known := KindOf(s.APIVersion, s.Kind)
	if !known {
		k = Custom(gv.Group, gv.Version, s.Kind)
	}
	if k.Custom() {
		k.Resource, k.Namespaced = s.Resource, s.Namespaced
	}
	return k, nil
}

// Ending is what a snapshot file says at its end of the whole recording.
type Ending struct {
	// Objects counts the objects by the name of their kind. A kind that was read and has none stands there with 0; one that
	// was not read does not.
	Objects map[string]int `json:"objects"`
	Absent  []string       `json:"absent,omitempty"` // kinds that the server did not serve
	Gaps    []Gap          `json:"gaps,omitempty"`
}

// Reader reads a snapshot file object by object.
type Reader struct {
	// Wanted says which kinds Next returns; the objects of others are passed over without being decoded. nil means all.
	Wanted func(Kind) bool

	header  Header
	name    string
	line    int
	size    int64 // bytes read, unpacked
	limit   int64 // of size
	weight  int64 // of the last line
	scanner *bufio.Scanner
	counts  map[string]int
	unknown map[schema.GroupKind]int
	custom  []Kind
	end     *Ending
}

// zstdMagic begins each zstd frame. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// NewReader reads the header of a file, compressed or not. name is what errors call the file.
func NewReader(r io.Reader, name string) (*Reader, error) {
	buffered := bufio.NewReader(r)
	r = buffered
	if magic, _ := buffered.Peek(len(zstdMagic)); bytes.Equal(magic, zstdMagic) {
		// One goroutine, which is the caller's: nothing has to be closed.
		unpacked, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		r = unpacked
	}
	f := &Reader{name: name, limit: maxFile, scanner: bufio.NewScanner(r), counts: map[string]int{}, unknown: map[schema.GroupKind]int{}}
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
	for _, served := range f.header.Custom {
		kind, err := served.kind()
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, f.line, err)
		}
		f.custom = append(f.custom, kind)
	}
	return f, nil
}

// Custom returns the kinds of custom resources that the header names.
func (f *Reader) Custom() []Kind { return f.custom }

// kindOf returns the kind of an object: as the header tells it, or as every scan knows it.
func (f *Reader) kindOf(apiVersion, kind string) (Kind, bool) {
	if i := slices.IndexFunc(f.custom, func(k Kind) bool { return k.Kind() == kind && k.APIVersion() == apiVersion }); i >= 0 {
		return f.custom[i], true
	}
	return KindOf(apiVersion, kind)
}

// Header returns the file's first line.
func (f *Reader) Header() Header { return f.header }

// Ending returns the file's last line, once Next has returned io.EOF.
func (f *Reader) Ending() Ending {
	if f.end == nil {
		return Ending{}
	}
	return *f.end
}

// Next returns the next object, and io.EOF after the last one of a file that is whole. Kinds that no scan reads are passed
// over.
func (f *Reader) Next() (Object, error) {
	if f.end != nil {
		return Object{}, io.EOF
	}
	for {
		line, err := f.next()
		if errors.Is(err, io.EOF) {
			return Object{}, f.cutOff()
		}
		if err != nil {
			return Object{}, err
		}
		o, ok, err := f.decode(line)
		if err != nil {
			return Object{}, fmt.Errorf("%s:%d: %w", f.name, f.line, err)
		}
		if f.end != nil {
			return Object{}, f.finish()
		}
		if ok {
			return o, nil
		}
	}
}

// Weight is about as much memory as the object takes that Next returned last, in bytes.
func (f *Reader) Weight() int64 { return f.weight }

// next returns the next line that is not empty, if memory is bounded when it is decoded.
func (f *Reader) next() ([]byte, error) {
	for f.scanner.Scan() {
		f.line++
		if f.size += int64(len(f.scanner.Bytes())) + 1; f.size > f.limit {
			return nil, fmt.Errorf("%s:%d: the file unpacks to more than %d GiB, which no recording does", f.name, f.line, f.limit>>30)
		}
		line := bytes.TrimSpace(f.scanner.Bytes())
		if len(line) == 0 {
			continue
		}
		if f.weight = WeightOfJSON(line, TypedWeight); f.weight > MaxWeight {
			return nil, fmt.Errorf("%s:%d: the line is too large to be read: it would take more than %d MiB, which no object of a cluster does", f.name, f.line, MaxWeight>>20)
		}
		return line, nil
	}
	switch err := f.scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("%s:%d: the line is longer than %d MiB", f.name, f.line+1, maxLine>>20)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, f.cutOff()
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", f.name, err)
	}
	return nil, io.EOF
}

func (f *Reader) cutOff() error {
	return fmt.Errorf("%s is cut off after line %d; copy it again, or record it anew", f.name, f.line)
}

// finish holds the end record against what was read, and makes sure that nothing follows.
func (f *Reader) finish() error {
	at := f.line
	switch _, err := f.next(); {
	case err == nil:
		return fmt.Errorf("%s:%d: the file goes on after its end record", f.name, f.line)
	case !errors.Is(err, io.EOF):
		return err
	}
	for of, n := range f.unknown { // who wrote it knew whether its kind is a custom one
		name := of.Kind
		if _, ok := f.end.Objects[of.String()]; ok {
			name = of.String()
		}
		f.counts[name] += n
	}
	for _, kind := range slices.Sorted(maps.Keys(f.end.Objects)) {
		if got, want := f.counts[kind], f.end.Objects[kind]; got != want {
			return fmt.Errorf("%s:%d: the file should hold %d objects of kind %s and holds %d; copy it again, or record it anew", f.name, at, want, kind, got)
		}
		delete(f.counts, kind)
	}
	for kind := range f.counts {
		return fmt.Errorf("%s:%d: the end record does not count objects of kind %s", f.name, at, kind)
	}
	return io.EOF
}

// decode returns the object of a line, if its kind is read and wanted, or takes in the end record.
func (f *Reader) decode(line []byte) (Object, bool, error) {
	var head struct {
		APIVersion string  `json:"apiVersion"`
		Kind       string  `json:"kind"`
		End        *Ending `json:"end"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return Object{}, false, fmt.Errorf("this is no JSON object: %s", redact.Quoted(err.Error()))
	}
	if head.End != nil && head.Kind == "" {
		f.end = head.End
		return Object{}, false, nil
	}
	if head.Kind == "" || head.APIVersion == "" {
		return Object{}, false, errors.New("the object lacks its apiVersion or kind")
	}
	kind, ok := f.kindOf(head.APIVersion, head.Kind)
	if !ok {
		of := schema.FromAPIVersionAndKind(head.APIVersion, head.Kind).GroupKind()
		for _, name := range []string{head.Kind, of.String()} {
			if other, known := KindNamed(name); known {
				return Object{}, false, fmt.Errorf("the %s is of %s, and this kubemuster reads %s; record the cluster anew", head.Kind, head.APIVersion, other.APIVersion())
			}
		}
		f.unknown[of]++
		return Object{}, false, nil
	}
	f.counts[kind.Name]++
	if f.Wanted != nil && !f.Wanted(kind) {
		return Object{}, false, nil
	}
	v := reflect.New(kind.Type).Interface().(interface {
		runtime.Object
		metav1.Object
	})
	var into any = v
	u, custom := v.(*unstructured.Unstructured)
	if custom {
		into = &u.Object
	}
	if err := json.Unmarshal(line, into); err != nil {
		return Object{}, false, fmt.Errorf("this is no valid %s: %s", kind.Name, redact.Quoted(err.Error()))
	}
	if v.GetName() == "" {
		return Object{}, false, fmt.Errorf("the %s has no name", kind.Name)
	}
	if !custom {
		v.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{}) // as in an API server's list
	}
	return Object{Kind: kind, Value: v}, true, nil
}

// Writer writes a snapshot file. It is safe for concurrent use.
type Writer struct {
	mu     sync.Mutex
	w      io.Writer
	counts map[string]int
}

// NewWriter writes the header; format and version are filled in. Compress makes a w that compresses.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	h.Format, h.Version = fileFormat, fileVersion
	f := &Writer{w: w, counts: map[string]int{}}
	return f, f.write(h, "")
}

// Compress returns a writer that packs what it is given into w with zstd. Closing it ends the packing, not w.
func Compress(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxWindow))
}

// Write adds an object.
func (f *Writer) Write(o Object) error {
	// A copy of the struct: the object itself may be in use elsewhere.
	if u, ok := o.Value.(*unstructured.Unstructured); ok {
		fields := maps.Clone(u.Object)
		fields["apiVersion"], fields["kind"] = o.Kind.APIVersion(), o.Kind.Kind()
		return f.write(fields, o.Kind.Name)
	}
	v := reflect.New(o.Kind.Type)
	v.Elem().Set(reflect.ValueOf(o.Value).Elem())
	gvk := schema.GroupVersionKind{Group: o.Kind.Group, Version: o.Kind.Version, Kind: o.Kind.Name}
	v.Interface().(runtime.Object).GetObjectKind().SetGroupVersionKind(gvk)
	return f.write(v.Interface(), o.Kind.Name)
}

// End writes the end record. The objects that were written are counted already; e.Objects names the kinds that were read.
func (f *Writer) End(e Ending) error {
	objects := maps.Clone(f.counts)
	for kind := range e.Objects {
		objects[kind] = f.counts[kind]
	}
	e.Objects = objects
	return f.write(struct {
		End Ending `json:"end"`
	}{e}, "")
}

// write adds a line, an object of the kind if that is not empty.
func (f *Writer) write(v any, kind string) error {
	var line bytes.Buffer
	encoder := stdjson.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	if line.Len() > maxLine {
		return fmt.Errorf("writing the snapshot: an object is larger than %d MiB", maxLine>>20)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.w.Write(line.Bytes()); err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	if kind != "" {
		f.counts[kind]++
	}
	return nil
}
