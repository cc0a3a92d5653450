package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

// Store writes objects where the API server keeps them, in the form in which it does: tens of thousands of copies of
// objects that went through the server once.
type Store struct {
	etcd    *clientv3.Client
	encoder runtime.Encoder
}

// maxOps is etcd's default bound on the operations of one transaction.
const maxOps = 128

// Store opens the cluster's storage. The caller closes it.
func (c *Cluster) Store() (*Store, error) {
	address, err := os.ReadFile(c.file("etcd.address"))
	if err != nil {
		return nil, err
	}
	etcd, err := clientv3.New(clientv3.Config{Endpoints: []string{"http://" + string(address)}})
	if err != nil {
		return nil, err
	}
	return &Store{etcd, protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)}, nil
}

// Close ends the connection.
func (s *Store) Close() error { return s.etcd.Close() }

// Put writes objects of one kind under keys below /registry, as in pods/default/web. Texts are replaced in keys and objects
// alike; what stands in for a text must be as long, as the form of storage tells lengths.
func (s *Store) Put(ctx context.Context, gv schema.GroupVersion, objects map[string]runtime.Object, texts *strings.Replacer) error {
	encoder := scheme.Codecs.EncoderForVersion(s.encoder, gv)
	var ops []clientv3.Op
	commit := func() error {
		if len(ops) == 0 {
			return nil
		}
		_, err := s.etcd.Txn(ctx).Then(ops...).Commit()
		ops = ops[:0]
		return err
	}
	for key, o := range objects {
		var b bytes.Buffer
		if err := encoder.Encode(o, &b); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if ops = append(ops, clientv3.OpPut(texts.Replace("/registry/"+key), texts.Replace(b.String()))); len(ops) == maxOps {
			if err := commit(); err != nil {
				return err
			}
		}
	}
	return commit()
}
