package collect

import (
	"bytes"
	"mime"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// What is read in JSON and what is recorded have the same bounds.
const (
	maxWeight     = snapshot.MaxWeight
	typedWeight   = snapshot.TypedWeight
	untypedWeight = snapshot.UntypedWeight
	valueWeight   = snapshot.ValueWeight
)

// raw is the body of an answer in JSON or protobuf, if memory is bounded when it is decoded. An object in a list of JSON takes up
// to so many bytes then.
func raw(result rest.Result, element int64) ([]byte, error) {
	if err := result.Error(); err != nil {
		return nil, err
	}
	data, err := result.Raw()
	if err != nil {
		return nil, err
	}
	var contentType string
	result.ContentType(&contentType)
	if t, _, _ := mime.ParseMediaType(contentType); t == runtime.ContentTypeYAML {
		return nil, sdk.Errorf(sdk.ErrUnsupported, "", "the server answers YAML, which was not asked for")
	}
	if weight(data, element) > maxWeight {
		return nil, sdk.Errorf(kube.ErrTooLarge, "", "an answer of the API server is too large to be read: it would take more than %d MiB", maxWeight>>20)
	}
	return data, nil
}

// weight is about as much memory as decoding takes, in bytes. It stops where that is more than maxWeight.
func weight(data []byte, element int64) int64 {
	if body, ok := bytes.CutPrefix(data, protobufMagic); ok {
		return weightOfProtobuf(body)
	}
	return snapshot.WeightOfJSON(data, element)
}

func weightOfProtobuf(data []byte) int64 {
	gvk, message, _ := unwrap(data)
	object, err := snapshot.Scheme.New(gvk)
	if err != nil {
		return int64(len(data)) // it is not decoded either
	}
	return int64(len(data)) + shapeOf(reflect.TypeOf(object).Elem()).weight(message, maxWeight)
}

// protobufMagic begins every answer in protobuf.
var protobufMagic = []byte("k8s\x00")

// unwrap opens what Kubernetes puts around a message, which names its type.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
func unwrap(data []byte) (gvk schema.GroupVersionKind, message []byte, whole bool) {
	whole = eachField(data, func(n protowire.Number, value []byte) bool {
		switch n {
		case 1:
			eachField(value, func(n protowire.Number, value []byte) bool {
				if n == 1 {
					gv, _ := schema.ParseGroupVersion(string(value))
					gvk = gv.WithKind(gvk.Kind)
				} else if n == 2 {
					gvk.Kind = string(value)
				}
				return true
			})
		case 2:
			message = value
		}
		return true
	})
	return gvk, message, whole
}

// eachField visits the fields of a message that have a length: texts and messages. It reports whether it came to the end: it ends
// where visit says so, or where the message is malformed.
func eachField(data []byte, visit func(protowire.Number, []byte) bool) bool {
	for len(data) > 0 {
		number, of, n := protowire.ConsumeTag(data)
		if n < 0 {
			return false
		}
		data = data[n:]
		if n = protowire.ConsumeFieldValue(number, of, data); n < 0 {
			return false
		}
		if of == protowire.BytesType {
			if value, _ := protowire.ConsumeBytes(data); !visit(number, value) {
				return false
			}
		}
		data = data[n:]
	}
	return true
}

// shape is what decoding a message makes: what each of its fields takes, and the messages within.
type shape map[protowire.Number]part

type part struct {
	weight  int64 // of one occurrence
	perByte int64 // of numbers in a row, beside it
	shape   shape
}

// weight is the memory that a message takes beside the struct that it is, up to about a bound.
func (s shape) weight(message []byte, bound int64) (total int64) {
	eachField(message, func(number protowire.Number, value []byte) bool {
		p, ok := s[number]
		if !ok {
			return true
		}
		if total += p.weight + p.perByte*int64(len(value)); p.shape != nil {
			total += p.shape.weight(value, bound-total)
		}
		return total <= bound
	})
	return total
}

var shapes = struct {
	sync.Mutex
	of map[reflect.Type]shape
}{of: map[reflect.Type]shape{}}

func shapeOf(t reflect.Type) shape {
	shapes.Lock()
	defer shapes.Unlock()
	return newShape(t)
}

func newShape(t reflect.Type) shape {
	if t.Kind() != reflect.Struct {
		return nil
	}
	if s, ok := shapes.of[t]; ok {
		return s
	}
	s := shape{}
	shapes.of[t] = s
	for f := range t.Fields() {
		tag := strings.Split(f.Tag.Get("protobuf"), ",")
		if len(tag) < 2 {
			continue
		}
		number, err := strconv.Atoi(tag[1])
		if err != nil {
			continue
		}
		var p part
		switch of := f.Type; of.Kind() {
		case reflect.Struct: // it is a part of the struct that holds it
			p.shape = newShape(of)
		case reflect.Pointer:
			p.weight, p.shape = int64(of.Elem().Size()), newShape(of.Elem())
		case reflect.Map: // its entries are messages of a key and a value
			p.weight, p.shape = valueWeight+2*int64(of.Key().Size()+of.Elem().Size()), shape{2: {shape: newShape(of.Elem())}}
		case reflect.Slice:
			// A slice that grows is copied, and is up to twice as long as need be.
			size := 2 * int64(of.Elem().Size())
			switch of.Elem().Kind() {
			case reflect.Uint8:
			case reflect.Struct, reflect.String:
				p.weight, p.shape = size, newShape(of.Elem())
			case reflect.Pointer:
				p.weight, p.shape = size+int64(of.Elem().Elem().Size()), newShape(of.Elem().Elem())
			default:
				p.perByte = size
			}
		}
		if p.weight+p.perByte > 0 || p.shape != nil {
			s[protowire.Number(number)] = p
		}
	}
	return s
}
