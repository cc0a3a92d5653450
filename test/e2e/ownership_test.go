package e2e

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// Pods are judged where they come from, however they are owned; and their findings are the same ones when they, or the
// ReplicaSet between, are made anew.
func TestOwnership(t *testing.T) {
	t.Parallel()
	s, err := newServer(t.Context(), "testdata/ownership.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	client, err := kubernetes.NewForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	debug(t, client, "debug", "db-1")

	before := judged(t, s)
	want := map[string][]string{
		"static": {
			"KM1005 pods/proxy/containers/proxy",
			"KM1007 pods/proxy/volumes/certs",
		},
		"rollout": {"KM1005 rollouts.argoproj.io/web/containers/web"},
		"podset": {
			"KM1005 pods/liar/containers/c",
			"KM1005 strimzipodsets.core.strimzi.io/kafka/containers/kafka",
			"KM1007 strimzipodsets.core.strimzi.io/kafka/volumes/root", // the intruder's
		},
		"cron":    {"KM1005 cronjobs.batch/nightly/containers/dump"},
		"rolling": {"KM1005 deployments.apps/api/containers/api"},
		"sidecar": {
			"KM1005 deployments.apps/shop/containers/mesh",
			"KM1007 deployments.apps/shop/volumes/mesh",
		},
		"debug": {"KM1005 statefulsets.apps/db/ephemeralContainers/debugger"},
	}
	checkJudged(t, before, want)

	roll(t, client, "rollout", "web-6d4c", "web-77f9", "")
	roll(t, client, "sidecar", "shop-5b9", "shop-6c8", "shop")
	for _, name := range []string{"kafka-a1", "kafka-b2"} {
		remake(t, client, "podset", name, strings.Replace(name, "kafka", "kafka-new", 1), nil)
	}
	remake(t, client, "cron", "nightly-29000000-7hq", "nightly-29000000-zzz", nil)
	after := judged(t, s)
	checkJudged(t, after, want)
	if !maps.Equal(before, after) {
		t.Errorf("the fingerprints are no longer the same:\n%v\n%v", before, after)
	}
}

// judged scans a server for what this test is about, and returns the fingerprints of what was found, by namespace and place.
func judged(t *testing.T, s *server) map[[2]string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	writeKubeconfig(t, path, map[string]any{"server": s.URL(), "certificate-authority": world.caFile}, map[string]any{"token": rogueToken})
	done := scan(t, nil, "kubeconfig://dev?kubeconfig="+path, "--check", "KM1005", "--check", "KM1007")
	done.checkComplete(t)
	r := done.only(t)
	found := map[[2]string]string{}
	alias := strings.TrimSuffix(strings.TrimPrefix(r.AutomationDetails.ID, "kubemuster/"), "/")
	for _, result := range r.Results {
		object := strings.TrimPrefix(result.Locations[0].PhysicalLocation.ArtifactLocation.URI, "clusters/"+alias+"/")
		namespace, rest, _ := strings.Cut(strings.TrimSuffix(object, ".yaml"), "/")
		found[[2]string{namespace, result.RuleID + " " + rest}] = result.Fingerprints["kubemuster/v1"]
	}
	return found
}

func checkJudged(t *testing.T, found map[[2]string]string, want map[string][]string) {
	t.Helper()
	got := map[string][]string{}
	for at := range found {
		got[at[0]] = append(got[at[0]], at[1])
	}
	for namespace := range maps.Keys(got) {
		slices.Sort(got[namespace])
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("found %v\nwant  %v", got, want)
	}
}

// debug puts a privileged container into a pod that runs, as kubectl debug does.
func debug(t *testing.T, client kubernetes.Interface, namespace, name string) {
	t.Helper()
	pods, yes := client.CoreV1().Pods(namespace), true
	pod, err := pods.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: "debugger", Image: "registry.example/debugger:1", SecurityContext: &corev1.SecurityContext{Privileged: &yes},
	}}}
	if _, err := pods.UpdateEphemeralContainers(t.Context(), name, pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// roll makes a ReplicaSet and its pods anew under other names and with another image, as a controller does for a new
// revision. The Deployment, if there is one, gets the image, too.
func roll(t *testing.T, client kubernetes.Interface, namespace, from, to, deployment string) {
	t.Helper()
	const image = "registry.example/next:2"
	if deployment != "" {
		d, err := client.AppsV1().Deployments(namespace).Get(t.Context(), deployment, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d.Spec.Template.Spec.Containers[0].Image = image
		if _, err := client.AppsV1().Deployments(namespace).Update(t.Context(), d, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	sets := client.AppsV1().ReplicaSets(namespace)
	set, err := sets.Get(t.Context(), from, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fresh(set, to)
	set.Spec.Template.Spec.Containers[0].Image = image
	if set, err = sets.Create(t.Context(), set, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	pods, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods.Items {
		remake(t, client, namespace, p.Name, strings.Replace(p.Name, from, to, 1), func(p *corev1.Pod) {
			p.Spec.Containers[0].Image = image
			p.OwnerReferences[0].Name, p.OwnerReferences[0].UID = set.Name, set.UID
		})
	}
	if err := sets.Delete(t.Context(), from, metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}); err != nil {
		t.Fatal(err)
	}
}

// remake makes a pod anew under another name.
func remake(t *testing.T, client kubernetes.Interface, namespace, from, to string, change func(*corev1.Pod)) {
	t.Helper()
	pods := client.CoreV1().Pods(namespace)
	pod, err := pods.Get(t.Context(), from, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fresh(pod, to)
	if change != nil {
		change(pod)
	}
	if _, err := pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := pods.Delete(t.Context(), from, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		t.Fatal(err)
	}
}

func fresh(o metav1.Object, name string) {
	o.SetName(name)
	o.SetUID(types.UID(""))
	o.SetResourceVersion("")
	o.SetManagedFields(nil)
}
