package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// discover asks the server how it serves the kinds of custom resources. Those that it does not serve are absent; of others
// nothing but the kind itself is assumed.
func (l *Live) discover(ctx context.Context, kinds []snapshot.Kind, cov *Coverage) []snapshot.Kind {
	var out []snapshot.Kind
	for _, kind := range kinds {
		if !kind.Custom() {
			out = append(out, kind)
			continue
		}
		served, err := l.served(ctx, kind)
		if err != nil {
			cov.add(ctx, kind, "", 0, err)
			continue
		}
		out = append(out, served)
	}
	return out
}

func (l *Live) served(ctx context.Context, kind snapshot.Kind) (snapshot.Kind, error) {
	client, err := l.client(schema.GroupVersion{Group: kind.Group, Version: kind.Version})
	if err != nil {
		return kind, err
	}
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	data, err := raw(client.Get().AbsPath("/apis", kind.Group, kind.Version).SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx), typedWeight)
	if err != nil {
		return kind, err
	}
	var list metav1.APIResourceList
	if err := json.Unmarshal(data, &list); err != nil || list.Kind != "APIResourceList" {
		return kind, fmt.Errorf("the server's discovery of %s cannot be read", kind.APIVersion())
	}
	i := slices.IndexFunc(list.APIResources, func(r metav1.APIResource) bool {
		return r.Kind == kind.Kind() && !strings.Contains(r.Name, "/") && slices.Contains(r.Verbs, "list")
	})
	if i < 0 {
		return kind, apierrors.NewGenericServerResponse(http.StatusNotFound, "list", schema.GroupResource{Group: kind.Group, Resource: kind.Resource}, "", "", 0, false)
	}
	kind.Resource, kind.Namespaced = list.APIResources[i].Name, list.APIResources[i].Namespaced
	return kind, nil
}

// getCustom asks for a list of custom resources, as JSON: they have no other form that is sure.
func getCustom(ctx context.Context, request *rest.Request) (runtime.Object, error) {
	data, err := raw(request.SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx), untypedWeight)
	if err != nil {
		return nil, err
	}
	list := &unstructured.UnstructuredList{}
	return list, list.UnmarshalJSON(data)
}

// listOf reports whether a list of custom resources is that of the kind. Typed lists tell by their type.
func listOf(list runtime.Object, kind snapshot.Kind) bool {
	u, ok := list.(*unstructured.UnstructuredList)
	return !ok || u.GetKind() == kind.Kind()+"List" && u.GetAPIVersion() == kind.APIVersion()
}
