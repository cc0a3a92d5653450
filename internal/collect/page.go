package collect

import (
	"bytes"
	"errors"
	"reflect"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// atOnce is how many objects of a page are decoded at a time: decoded, they take several times the memory of the answer.
const atOnce = 100

// page is one answer to a list. An answer in protobuf is decoded while the next one is on its way.
type page struct {
	kind  snapshot.Kind
	next  string            // the token that goes on with the list; empty at its end
	items [][]byte          // of protobuf
	done  []snapshot.Object // of anything else
}

// each hands on the objects, some at a time.
func (p page) each(take func([]snapshot.Object) error) error {
	for part := range slices.Chunk(p.done, atOnce) {
		if err := take(part); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(p.items, atOnce) {
		objects, err := decode(p.kind, part)
		if err != nil {
			return err
		}
		if err := take(objects); err != nil {
			return err
		}
	}
	return nil
}

type unmarshaler interface{ Unmarshal([]byte) error }

func decode(kind snapshot.Kind, items [][]byte) ([]snapshot.Object, error) {
	values := reflect.MakeSlice(reflect.SliceOf(kind.Type), len(items), len(items))
	out := make([]snapshot.Object, len(items))
	for i, data := range items {
		hideManagedFields(data)
		v := values.Index(i).Addr().Interface()
		if err := v.(unmarshaler).Unmarshal(data); err != nil {
			return nil, err
		}
		out[i] = snapshot.Object{Kind: kind, Value: v.(metav1.Object)}
		strip(out[i].Value)
	}
	return out, nil
}

// hideManagedFields has decoding pass over the bookkeeping of server-side apply, which is a good part of an object: it gives
// them the number of a field that metadata does not have.
func hideManagedFields(item []byte) {
	const managedFields, unknown, tagSize = 17, 31, 2
	eachField(item, func(number protowire.Number, metadata []byte) bool {
		if number != 1 { // as in every object of Kubernetes
			return true
		}
		for len(metadata) > 0 {
			number, of, n := protowire.ConsumeTag(metadata)
			if n < 0 {
				return false
			}
			size := protowire.ConsumeFieldValue(number, of, metadata[n:])
			if size < 0 {
				return false
			}
			if number == managedFields && of == protowire.BytesType && n == tagSize {
				protowire.AppendTag(metadata[:0], unknown, of)
			}
			metadata = metadata[n+size:]
		}
		return false
	})
}

// newPage takes the items out of a typed list.
func newPage(kind snapshot.Kind, list runtime.Object) (page, error) {
	if itemType(list) != kind.Type || !listOf(list, kind) {
		return page{}, errors.New("the server answers a list of another kind")
	}
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	m, err := meta.ListAccessor(list)
	if err != nil {
		return page{}, err
	}
	p := page{kind: kind, next: m.GetContinue(), done: make([]snapshot.Object, items.Len())}
	for i := range p.done {
		p.done[i] = snapshot.Object{Kind: kind, Value: items.Index(i).Addr().Interface().(metav1.Object)}
		strip(p.done[i].Value)
	}
	return p, nil
}

// itemType is the type of a list's items, or nil.
func itemType(list runtime.Object) reflect.Type {
	if f, ok := reflect.TypeOf(list).Elem().FieldByName("Items"); ok && f.Type.Kind() == reflect.Slice {
		return f.Type.Elem()
	}
	return nil
}

// protobufPage parts an answer in protobuf into its items. It reports false where the answer is not plainly a list of the kind:
// the decoder of apimachinery has the last word then.
func protobufPage(kind snapshot.Kind, data []byte) (page, bool) {
	body, ok := bytes.CutPrefix(data, protobufMagic)
	if !ok {
		return page{}, false
	}
	gvk, message, whole := unwrap(body)
	list, err := snapshot.Scheme.New(gvk)
	if !whole || err != nil || itemType(list) != kind.Type {
		return page{}, false
	}
	p, metas := page{kind: kind}, 0
	var m metav1.ListMeta
	whole = eachField(message, func(number protowire.Number, value []byte) bool {
		switch number { // as in every list of Kubernetes
		case 1:
			metas++
			return m.Unmarshal(value) == nil
		case 2:
			p.items = append(p.items, value)
		}
		return true
	})
	p.next = m.Continue
	return p, whole && metas == 1
}
