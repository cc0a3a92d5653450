package collect

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// metadataList is the only form of a list that is asked for and taken, so that no data of a Secret is sent.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches
const metadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

// get asks for a page of a list.
func get(ctx context.Context, kind snapshot.Kind, request *rest.Request) (page, error) {
	var list runtime.Object
	var err error
	switch {
	case kind.Custom():
		list, err = getCustom(ctx, request)
	case kind.MetadataOnly():
		list, err = getMetadata(ctx, request)
	default:
		result := request.Do(ctx)
		data, err := raw(result, typedWeight)
		if err != nil {
			return page{}, err
		}
		if p, ok := protobufPage(kind, data); ok {
			return p, nil
		}
		// Get decodes what the answer says it is. Into would take an answer of another kind for an empty list.
		if list, err = result.Get(); err != nil {
			return page{}, err
		}
	}
	if err != nil {
		return page{}, err
	}
	return newPage(kind, list)
}

func getMetadata(ctx context.Context, request *rest.Request) (*metav1.PartialObjectMetadataList, error) {
	data, err := raw(request.SetHeader("Accept", metadataList).Do(ctx), typedWeight)
	if err != nil {
		return nil, err
	}
	list := &metav1.PartialObjectMetadataList{}
	if err := json.Unmarshal(data, list); err != nil || list.Kind != "PartialObjectMetadataList" {
		return nil, errors.New("the server does not answer with metadata alone")
	}
	return list, nil
}

// stripSecret leaves of a Secret's annotations only whose token it holds: people put all sorts of things there.
func stripSecret(v metav1.Object) {
	annotations := v.GetAnnotations()
	maps.DeleteFunc(annotations, func(key, _ string) bool { return key != corev1.ServiceAccountNameKey })
	v.SetAnnotations(annotations)
}
