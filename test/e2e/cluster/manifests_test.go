package cluster_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/restmapper"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
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
	resources, err := restmapper.GetAPIGroupResources(groups)
	if err != nil {
		t.Fatal(err)
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
