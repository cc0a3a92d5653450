package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Served asks the server how it serves the kinds of custom resources, and returns them so, behind those that need no asking. It
// asks for nothing that is not installed: the server would refuse that to who may not read it, as if it were there. A kind whose
// discovery fails is a gap, one that is not served is absent.
func (l *Live) Served(ctx context.Context, kinds []snapshot.Kind) ([]snapshot.Kind, Coverage) {
	cov := Coverage{Objects: map[string]int{}}
	var out []snapshot.Kind
	for _, kind := range kinds {
		if !kind.Custom() {
			out = append(out, kind)
		} else if served, err := l.served(ctx, kind); err != nil {
			cov.add(ctx, kind, "", 0, err)
		} else {
			out = append(out, served)
		}
	}
	return out, cov
}

// discovered is what the server told of what it serves: a list of groups, or one of resources.
type discovered struct {
	metav1.TypeMeta `json:",inline"`
	Groups          []metav1.APIGroup    `json:"groups"`
	Resources       []metav1.APIResource `json:"resources"`

	err error
}

// errNotServed says that the server's discovery was read and does not list a kind. An answer of 404 alone, which a proxy or an
// API server that is not whole may give, tells nothing.
var errNotServed = errors.New("the server does not serve it")

// served returns the kind in the first of its API versions that is served. Of others' kinds nothing but their names is assumed.
func (l *Live) served(ctx context.Context, kind snapshot.Kind) (snapshot.Kind, error) {
	for _, version := range []string{kind.APIVersion(), kind.Also} {
		groups := l.discover(ctx, "/apis", "APIGroupList")
		if groups.err != nil {
			return kind, groups.err
		}
		if !slices.ContainsFunc(groups.Groups, func(g metav1.APIGroup) bool {
			return slices.ContainsFunc(g.Versions, func(v metav1.GroupVersionForDiscovery) bool { return v.GroupVersion == version })
		}) {
			continue
		}
		list := l.discover(ctx, "/apis/"+version, "APIResourceList")
		if list.err != nil {
			return kind, list.err
		}
		i := slices.IndexFunc(list.Resources, func(r metav1.APIResource) bool {
			return r.Kind == kind.Kind() && !strings.Contains(r.Name, "/") && slices.Contains(r.Verbs, "list")
		})
		if i >= 0 {
			kind = kind.In(version)
			kind.Resource, kind.Namespaced = list.Resources[i].Name, list.Resources[i].Namespaced
			return kind, nil
		}
	}
	return kind, errNotServed
}

// discover asks once, whatever the answer.
func (l *Live) discover(ctx context.Context, path, kind string) discovered {
	l.mu.Lock()
	told, asked := l.discovered[path]
	l.mu.Unlock()
	if asked {
		return told
	}
	err := kube.Retry(ctx, func() (err error) {
		told, err = l.ask(ctx, path, kind)
		return err
	})
	told.err = err
	l.mu.Lock()
	defer l.mu.Unlock()
	l.discovered[path] = told
	return told
}

func (l *Live) ask(ctx context.Context, path, kind string) (told discovered, err error) {
	client, err := l.client(namespaceVersion)
	if err != nil {
		return told, err
	}
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	data, err := raw(client.Get().AbsPath(path).SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx), typedWeight)
	if err != nil {
		return told, err
	}
	if json.Unmarshal(data, &told) != nil || told.Kind != kind {
		return told, fmt.Errorf("the server's discovery at %s cannot be read", path)
	}
	return told, nil
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
