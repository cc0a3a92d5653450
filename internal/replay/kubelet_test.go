package replay_test

import (
	"context"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/replay"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// What a kubelet told is under its node's proxy, and nothing else is.
func TestKubelet(t *testing.T) {
	r := record(t, func(write func(string, metav1.Object)) {
		write("Node", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}})
		write("Node", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "unread"}})
		write("KubeletConfiguration", &snapshot.KubeletConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "n1"}, Authorization: snapshot.KubeletAuthorization{Mode: "Webhook"}, ReadOnlyPort: 10255})
	}, snapshot.Ending{Gaps: []snapshot.Gap{{Kind: "KubeletConfiguration", Name: "unread", Reason: snapshot.TimedOut, Message: "it was late"}}})
	s, err := replay.New(r, replay.Options{
		Authenticate: func(_ context.Context, token string) (string, []string, error) { return token, nil, nil },
		Authorize: func(user string, _ []string, verb string, kind snapshot.Kind, _ string) bool {
			return user == "dora" && verb == "get" && kind.Name == "KubeletConfiguration"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ca := cloudfake.NewCA("replay")
	server := ca.Serve(s)
	t.Cleanup(server.Close)
	const configz = `{"kubeletconfig":{"metadata":{"name":"n1"},"authentication":{"anonymous":{},"x509":{}},"authorization":{"mode":"Webhook"},"readOnlyPort":10255,"featureGates":{}}}` + "\n"
	tests := []struct {
		user, node, path string
		code             int
		want             string // the answer, or the failure
	}{
		{"dora", "n1", "configz", http.StatusOK, configz},
		{"dora", "n1", "pods", http.StatusNotFound, "the server could not find the requested resource (get nodes n1)"},
		{"dora", "unread", "configz", http.StatusForbidden, `nodes/proxy "unread" is forbidden: the snapshot does not hold all of them: it was late`},
		{"dora", "other", "configz", http.StatusNotFound, `nodes "other" not found`},
		{"eve", "n1", "configz", http.StatusForbidden, `nodes/proxy "n1" is forbidden: User "eve" cannot get resource "nodes/proxy" in API group "" at the cluster scope`},
	}
	for _, tt := range tests {
		t.Run(tt.user+" "+tt.node+" "+tt.path, func(t *testing.T) {
			client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, BearerToken: tt.user, TLSClientConfig: rest.TLSClientConfig{CAData: ca.PEM()}})
			if err != nil {
				t.Fatal(err)
			}
			result := client.CoreV1().RESTClient().Get().Resource("nodes").Name(tt.node).SubResource("proxy").Suffix(tt.path).Do(t.Context())
			body, _ := result.Raw()
			got, code := string(body), http.StatusOK
			if err := result.Error(); err != nil {
				got, code = err.Error(), int(err.(apierrors.APIStatus).Status().Code)
			}
			if got != tt.want || code != tt.code {
				t.Errorf("%d %s\nwant %d %s", code, got, tt.code, tt.want)
			}
		})
	}
}
