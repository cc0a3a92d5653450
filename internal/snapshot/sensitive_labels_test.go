package snapshot_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Values of labels that have a credential's own shape; made up, and put together so that no scanner takes this file for a leak.
var (
	tokenA = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
	tokenB = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
	randoA = "Zm9vYmFyQmF6UXV4" + "MTIzNDU2Nzg5MEFiQ2RFZg"
	randoB = "MTIzNDU2Nzg5MEFi" + "Q2RFZgZm9vYmFyQmF6UXV4"
)

// Whatever the value of a label is, it selects what it selects in Kubernetes: with what may not be seen replaced, once or
// twice, each workload is isolated and each Service leads where they do and did without.
func TestSelectorsSelectTheSame(t *testing.T) {
	for _, values := range [][2]string{{"web", "db"}, {tokenA, tokenB}, {randoA, randoB}, {"app-" + tokenA, "app-" + tokenB}} {
		for _, key := range []string{"app.kubernetes.io/part-of", "token", "example.com/db-password", "secret-store"} {
			a, b := values[0], values[1]
			for _, tt := range []struct {
				selector, calico string
				one, two         bool // the pods with the first value, and with the second
			}{
				{fmt.Sprintf(`{matchLabels: {%s: %s}}`, key, a), fmt.Sprintf(`%s == '%s'`, key, a), true, false},
				{fmt.Sprintf(`{matchExpressions: [{key: %s, operator: In, values: [%s]}]}`, key, a), fmt.Sprintf(`%s in {"x", "%s"}`, key, a), true, false},
				{fmt.Sprintf(`{matchExpressions: [{key: %s, operator: In, values: [%s, %s]}]}`, key, a, b), fmt.Sprintf(`%s in {"%s","%s"}`, key, b, a), true, true},
				{fmt.Sprintf(`{matchExpressions: [{key: %s, operator: NotIn, values: [%s]}]}`, key, a), fmt.Sprintf(`%s not in {'%s'}`, key, a), false, true},
				{fmt.Sprintf(`{matchExpressions: [{key: %s, operator: Exists}]}`, key), fmt.Sprintf(`has(%s)`, key), true, true},
				{fmt.Sprintf(`{matchExpressions: [{key: %s, operator: DoesNotExist}]}`, key), fmt.Sprintf(`!has(%s)`, key), false, false},
			} {
				objects := func(policy snapshot.Object) []snapshot.Object {
					of := func(kind string, v metav1.Object) snapshot.Object {
						k, _ := snapshot.KindNamed(kind)
						return snapshot.Object{Kind: k, Value: v}
					}
					pod := func(name, value string) snapshot.Object {
						return of("Pod", &corev1.Pod{
							ObjectMeta: metav1.ObjectMeta{Namespace: "n1", Name: name, Labels: map[string]string{key: value}},
							Spec:       corev1.PodSpec{Containers: []corev1.Container{{Image: "x"}}},
						})
					}
					namespace := func(name, value string) snapshot.Object {
						return of("Namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{key: value}}})
					}
					other := pod("two", b)
					other.Value.SetNamespace("n2")
					alone := pod("three", b)
					return []snapshot.Object{
						namespace("n1", a), namespace("n2", b), pod("one", a), other, alone, policy,
						of("Service", &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "n1", Name: "s"}, Spec: corev1.ServiceSpec{
							Type: corev1.ServiceTypeNodePort, Selector: map[string]string{key: a}, Ports: []corev1.ServicePort{{Port: 80}},
						}}),
					}
				}
				networkPolicy := func() snapshot.Object {
					v := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "n1", Name: "p"}}
					if err := yaml.Unmarshal([]byte(tt.selector), &v.Spec.PodSelector); err != nil {
						t.Fatal(err)
					}
					k, _ := snapshot.KindNamed("NetworkPolicy")
					return snapshot.Object{Kind: k, Value: v}
				}
				custom := func(apiVersion, kind, spec string) func() snapshot.Object {
					return func() snapshot.Object { return policy(t, apiVersion, kind, "", "spec: "+spec) }
				}
				quoted, _ := json.Marshal(tt.calico)
				for name, tp := range map[string]struct {
					policy func() snapshot.Object
					want   map[string]bool
				}{
					"NetworkPolicy":   {networkPolicy, map[string]bool{"one": tt.one, "two": false, "three": tt.two}},
					"Cilium":          {custom("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "{endpointSelector: "+tt.selector+", ingress: [{}]}"), map[string]bool{"one": tt.one, "two": tt.two, "three": tt.two}},
					"Calico":          {custom("projectcalico.org/v3", "GlobalNetworkPolicy", "{selector: "+string(quoted)+"}"), map[string]bool{"one": tt.one, "two": tt.two, "three": tt.two}},
					"Calico's spaces": {custom("projectcalico.org/v3", "GlobalNetworkPolicy", "{namespaceSelector: "+string(quoted)+"}"), map[string]bool{"one": tt.one, "two": tt.two, "three": tt.one}},
					"an admin": {custom("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy",
						"{priority: 1, subject: {namespaces: "+tt.selector+"}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}"), map[string]bool{"one": tt.one, "two": tt.two, "three": tt.one}},
				} {
					for times := range 3 {
						var x snapshot.Index
						for _, o := range objects(tp.policy()) {
							for range times {
								o = snapshot.Classified(o)
							}
							if text, _ := json.Marshal(o.Value); times > 0 && (strings.Contains(string(text), "ghp_") || strings.Contains(string(text), randoA)) {
								t.Errorf("a credential is left in %s", text)
							}
							x.Add(o)
						}
						inv := x.Inventory()
						got := map[string]bool{}
						for _, w := range inv.Workloads {
							got[w.Name] = w.IngressPolicy
						}
						if !reflect.DeepEqual(got, tp.want) {
							t.Errorf("%s of %s, replaced %d times: %v are isolated, want %v", name, tt.selector, times, got, tp.want)
						}
						if backends := inv.Services[0].Backends; len(backends) != 1 || backends[0].Name != "one" {
							t.Errorf("the Service that selects %s: %s, replaced %d times, leads to %v", key, a, times, backends)
						}
					}
				}
			}
		}
	}
}
