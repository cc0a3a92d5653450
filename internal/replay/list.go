package replay

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sort"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func (s *Server) list(w http.ResponseWriter, r *http.Request, kind snapshot.Kind, namespace string) {
	var opts metav1.ListOptions
	if err := snapshot.ParameterCodec.DecodeParameters(r.URL.Query(), schema.GroupVersion{Version: "v1"}, &opts); err != nil {
		writeError(w, r, apierrors.NewBadRequest(err.Error()))
		return
	}
	selected, err := selector(kind, namespace, opts)
	if err != nil {
		writeError(w, r, err)
		return
	}
	objects := s.objects[kind.Name]
	if opts.Continue != "" {
		last, err := lastKey(kind, opts.Continue)
		if err != nil {
			writeError(w, r, apierrors.NewBadRequest("continue key is not valid: "+err.Error()))
			return
		}
		objects = objects[sort.Search(len(objects), func(i int) bool { return key(objects[i]) > last }):]
	}
	objects = slices.DeleteFunc(slices.Clone(objects), func(o snapshot.Object) bool { return !selected(o) })
	left := 0
	if opts.Limit > 0 && int64(len(objects)) > opts.Limit {
		left = len(objects) - int(opts.Limit)
		objects = objects[:opts.Limit]
	}
	list, err := s.newList(kind, objects, left)
	if err != nil {
		writeError(w, r, apierrors.NewInternalError(err))
		return
	}
	write(w, r, http.StatusOK, schema.GroupVersion{Group: kind.Group, Version: kind.Version}, list)
}

// newList makes the kind's own list type; left is how many objects follow.
func (s *Server) newList(kind snapshot.Kind, objects []snapshot.Object, left int) (runtime.Object, error) {
	list, err := emptyList(kind)
	if err != nil {
		return nil, err
	}
	// Empty lists have items too: [] in JSON, and not null.
	items := reflect.MakeSlice(reflect.SliceOf(kind.Type), len(objects), len(objects))
	for i, o := range objects {
		items.Index(i).Set(reflect.ValueOf(o.Value).Elem())
	}
	reflect.ValueOf(list).Elem().FieldByName("Items").Set(items)
	m, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	m.SetResourceVersion(s.revision)
	if left > 0 {
		m.SetContinue(continueToken(kind, key(objects[len(objects)-1])))
		remaining := int64(left)
		m.SetRemainingItemCount(&remaining)
	}
	return list, nil
}

func emptyList(kind snapshot.Kind) (runtime.Object, error) {
	gvk := schema.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind() + "List"}
	if kind.Custom() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk)
		return list, nil
	}
	return snapshot.Scheme.New(gvk)
}

// position is what a continue token holds: nothing for clients to look into.
type position struct {
	Kind string `json:"kind"`
	Last string `json:"last"`
}

func continueToken(kind snapshot.Kind, last string) string {
	data, _ := json.Marshal(position{kind.Name, last}) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}

func lastKey(kind snapshot.Kind, token string) (string, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", err
	}
	var p position
	if err := json.Unmarshal(data, &p); err != nil {
		return "", err
	}
	if p.Kind != kind.Name {
		return "", fmt.Errorf("it is from a list of another kind")
	}
	return p.Last, nil
}

// selector returns a function that reports whether a list with these options holds an object.
func selector(kind snapshot.Kind, namespace string, opts metav1.ListOptions) (func(snapshot.Object) bool, error) {
	byLabel, err := labels.Parse(opts.LabelSelector)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	byField, err := fields.ParseSelector(opts.FieldSelector)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	known := selectable(reflect.New(kind.Type).Interface().(metav1.Object))
	for _, f := range byField.Requirements() {
		if !known.Has(f.Field) || f.Field == "metadata.namespace" && !kind.Namespaced {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("field label not supported: %s", f.Field))
		}
	}
	return func(o snapshot.Object) bool {
		v := o.Value
		return (namespace == "" || v.GetNamespace() == namespace) && byLabel.Matches(labels.Set(v.GetLabels())) && byField.Matches(selectable(v))
	}, nil
}

// selectable are the fields that selectors may name; of those that the API server knows, the ones that kubectl uses.
func selectable(v metav1.Object) fields.Set {
	set := fields.Set{"metadata.name": v.GetName(), "metadata.namespace": v.GetNamespace()}
	if pod, ok := v.(*corev1.Pod); ok {
		set["spec.nodeName"], set["status.phase"] = pod.Spec.NodeName, string(pod.Status.Phase)
	}
	return set
}
