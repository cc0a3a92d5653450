package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/restmapper"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

// The pack's own manifests are what a real API server takes, with no field that it does not know.
func TestServerTakesThePacksManifests(t *testing.T) {
	c := cluster.Start(t, cluster.Options{CA: cloudfake.NewCA("cluster")})
	client, err := dynamic.NewForConfig(c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := discovery.NewDiscoveryClientForConfig(c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	var addOns []snapshot.Kind
	for _, k := range snapshot.Kinds {
		if k.Custom() {
			addOns = append(addOns, k)
		}
	}
	if err := c.Apply(t.Context(), cluster.Definitions(addOns...)); err != nil {
		t.Fatal(err)
	}
	var resources []*restmapper.APIGroupResources
	err = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		resources, err = restmapper.GetAPIGroupResources(groups)
		mapper := restmapper.NewDiscoveryRESTMapper(resources)
		return err == nil && !slices.ContainsFunc(addOns, func(k snapshot.Kind) bool {
			_, err := mapper.RESTMapping(schema.GroupKind{Group: k.Group, Kind: k.Kind()}, k.Version)
			return err != nil
		}), nil
	})
	if err != nil {
		t.Fatal("the add-ons are not served: ", err)
	}
	core, err := kubernetes.NewForConfig(c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	mapper := restmapper.NewDiscoveryRESTMapper(resources)
	files, err := filepath.Glob("../../../testdata/manifests/*/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("there are %d manifests (%v)", len(files), err)
	}
	for _, file := range files {
		for _, o := range objects(t, file) {
			if o.GroupVersionKind().Group == "kubelet.config.k8s.io" {
				continue // a file of the node, and no object of the API
			}
			if o.GetNamespace() != "" {
				namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: o.GetNamespace()}}
				if _, err := core.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
					t.Fatal(err)
				}
			}
			ephemeral, _, _ := unstructured.NestedSlice(o.Object, "spec", "ephemeralContainers")
			if len(ephemeral) > 0 {
				if err := debug(t, core, o); err != nil {
					t.Errorf("%s: %v", file, err)
				}
				continue
			}
			mapping, err := mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			opts := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict}
			_, err = client.Resource(mapping.Resource).Namespace(o.GetNamespace()).Create(t.Context(), o, opts)
			if err != nil && !apierrors.IsAlreadyExists(err) {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

func objects(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := decoder.Decode(o); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(o.Object) > 0 {
			list = append(list, o)
		}
	}
}

// debug makes the pod as kubectl debug would: ephemeral containers come into a pod that is there.
func debug(t *testing.T, core kubernetes.Interface, o *unstructured.Unstructured) error {
	t.Helper()
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, &pod, true); err != nil {
		return err
	}
	pods := core.CoreV1().Pods(pod.Namespace)
	bare := pod.DeepCopy()
	bare.Spec.EphemeralContainers = nil
	made, err := pods.Create(t.Context(), bare, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	made.Spec.EphemeralContainers = pod.Spec.EphemeralContainers
	_, err = pods.UpdateEphemeralContainers(t.Context(), made.Name, made, metav1.UpdateOptions{})
	zero := int64(0)
	return errors.Join(err, pods.Delete(t.Context(), made.Name, metav1.DeleteOptions{GracePeriodSeconds: &zero}))
}
