package collect

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// wholeConfig is a kubelet's answer, cut down to some settings that are kept and some that never are.
const wholeConfig = `{"kubeletconfig":{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","metadata":{"name":"other"},
	"staticPodURL":"https://pods.example/","staticPodURLHeader":{"Authorization":["` + canary + `"]},
	"authentication":{"anonymous":{"enabled":false},"webhook":{"enabled":true},"x509":{"clientCAFile":"/ca.crt"}},"authorization":{"mode":"Webhook"},
	"streamingConnectionIdleTimeout":"4h0m0s","makeIPTablesUtilChains":true,"eventRecordQPS":50,"rotateCertificates":true,
	"featureGates":{"RotateKubeletServerCertificate":false,"Other":true}}}`

func keptConfig(node string) *snapshot.KubeletConfiguration {
	c := &snapshot.KubeletConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: node}, Authorization: snapshot.KubeletAuthorization{Mode: "Webhook"},
		StreamingConnectionIdleTimeout: &metav1.Duration{Duration: 4 * time.Hour}, MakeIPTablesUtilChains: new(true), EventRecordQPS: new(int32(50)),
		RotateCertificates: true, FeatureGates: snapshot.KubeletFeatureGates{RotateKubeletServerCertificate: new(false)},
	}
	c.Authentication.Anonymous.Enabled = new(false)
	c.Authentication.X509.ClientCAFile = "/ca.crt"
	return c
}

// nodes are n1, n2 and so on, each with the settings of keptConfig.
func nodes(n int) (objects []metav1.Object) {
	for i := range n {
		name := fmt.Sprintf("n%d", i+1)
		objects = append(objects, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, keptConfig(name))
	}
	return objects
}

// onNode is a fault of one node's kubelet.
func onNode(node string, broken fault) fault {
	return func(r request) bool {
		return strings.HasSuffix(r.URL.Path, "/nodes/"+node+"/proxy/configz") && broken(r)
	}
}

func onKubelets(broken fault) fault {
	return func(r request) bool { return r.resource == "configz" && broken(r) }
}

// says answers in the kubelet's own words, not in the API server's.
func says(code int, body string) fault {
	return func(r request) bool {
		r.w.WriteHeader(code)
		fmt.Fprint(r.w, body)
		return true
	}
}

func TestKubelets(t *testing.T) {
	forbidden := func(r request) bool { return r.status(http.StatusForbidden, "Forbidden", "no", "") }
	of := func(node string, reason snapshot.GapReason, message string) []snapshot.Gap {
		return []snapshot.Gap{{Kind: "KubeletConfiguration", Name: node, Reason: reason, Message: message}}
	}
	failed := func(why string) []snapshot.Gap {
		return of("n2", snapshot.Failed, "the kubelet of node n2 did not tell its configuration: "+why)
	}
	const grant = "; grant it the ClusterRole kubemuster-kubelet-config, or leave --kubelet-config away"
	tests := []struct {
		name   string
		broken fault
		nodes  []string
		gaps   []snapshot.Gap
	}{
		{"all of them", nil, []string{"n1", "n2", "n3"}, nil},
		{"a whole answer", onKubelets(says(http.StatusOK, wholeConfig)), []string{"n1", "n2", "n3"}, nil},
		{
			"one out of reach", onNode("n2", func(r request) bool {
				return r.status(http.StatusServiceUnavailable, "ServiceUnavailable", "dial tcp: no route", "")
			}),
			[]string{"n1", "n3"},
			failed("dial tcp: no route"),
		},
		{"one forbidden", onNode("n2", forbidden), []string{"n1", "n3"}, of("n2", snapshot.Forbidden, "the identity may not get nodes/proxy of node n2"+grant)},
		{
			"all forbidden", onKubelets(forbidden), nil,
			of("", snapshot.Forbidden, "the identity may not get nodes/proxy of node n1"+grant+"; none of the 3 kubelets that were asked told it"),
		},
		{
			"no nodes", func(r request) bool { return r.resource == "nodes" && forbidden(r) }, nil,
			of("", snapshot.Forbidden, "the identity may not list nodes; grant it the ClusterRole kubemuster-reader"),
		},
		{"one says no", onNode("n2", says(http.StatusForbidden, "no")), []string{"n1", "n3"}, failed("no (get nodes n2)")},
		{"one has no such path", onNode("n2", says(http.StatusNotFound, "404 page not found")), []string{"n1", "n3"}, failed("the server could not find the requested resource (get nodes n2)")},
		{"one too large", onNode("n2", says(http.StatusOK, wholeConfig+strings.Repeat(" ", maxKubelet))), []string{"n1", "n3"}, failed("its answer is larger than 1 MiB")},
		{"garbage", onNode("n2", says(http.StatusOK, "<html>")), []string{"n1", "n3"}, failed("its answer is no configuration")},
		{"another type", onNode("n2", says(http.StatusOK, `{"kubeletconfig":{"readOnlyPort":"`+canary+`"}}`)), []string{"n1", "n3"}, failed("its answer is no configuration")},
		{"nothing", onNode("n2", says(http.StatusOK, "{}")), []string{"n1", "n3"}, failed("its answer is not its whole configuration")},
		{"a part", onNode("n2", says(http.StatusOK, `{"kubeletconfig":{"authorization":{"mode":"Webhook"}}}`)), []string{"n1", "n3"}, failed("its answer is not its whole configuration")},
		{
			"one gone", onNode("n2", func(r request) bool {
				r.w.Header().Set("Content-Type", "application/json")
				return says(http.StatusNotFound, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"details":{"kind":"nodes","name":"n2"}}`)(r)
			}),
			[]string{"n1", "n3"},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			live := NewLive(apiServerOf(t, nodes(3), tt.broken), 2)
			var got receiver
			cov, err := live.Collect(t.Context(), Scope{Kinds: []snapshot.Kind{kubeletKind}}, got.emit)
			if err != nil || !reflect.DeepEqual(cov.Gaps, tt.gaps) {
				t.Fatalf("%v, gaps %q\nwant %q", err, cov.Gaps, tt.gaps)
			}
			var names []string
			for _, o := range got.all {
				names = append(names, o.Value.GetName())
				if want := keptConfig(o.Value.GetName()); !reflect.DeepEqual(o.Value, want) {
					t.Errorf("got %+v\nwant %+v", o.Value, want)
				}
			}
			slices.Sort(names)
			n, read := cov.Objects["KubeletConfiguration"]
			if !slices.Equal(names, tt.nodes) || n != len(tt.nodes) || read != (tt.nodes != nil) {
				t.Errorf("got %q, counted %v", names, cov.Objects)
			}
		})
	}
}

// Where the way to all kubelets is shut, not each of them is waited for.
func TestKubeletsOutOfReach(t *testing.T) {
	var asked atomic.Int32
	broken := onKubelets(func(r request) bool {
		asked.Add(1)
		return r.status(http.StatusServiceUnavailable, "ServiceUnavailable", "no route", "")
	})
	cov, err := NewLive(apiServerOf(t, nodes(100), broken), 0).Collect(t.Context(), Scope{Kinds: []snapshot.Kind{kubeletKind}}, func([]snapshot.Object) error { return io.EOF })
	if err != nil || len(cov.Gaps) != 1 || cov.Gaps[0].Name != "" || asked.Load() >= hopeless+parallelKubelets {
		t.Errorf("%v, gaps %v, %d asked", err, cov.Gaps, asked.Load())
	}
}

// The first sixteen to fail are taken for all of them, until one answers after all: then each that was passed over is asked.
func TestKubeletsAnswerLate(t *testing.T) {
	var failed atomic.Int32
	late := make(chan struct{})
	broken := onKubelets(func(r request) bool {
		if strings.HasSuffix(r.URL.Path, "/nodes/n1/proxy/configz") {
			<-late
			return false
		}
		if n := failed.Add(1); n == hopeless {
			close(late)
		} else if n > hopeless+parallelKubelets {
			return false
		}
		return r.status(http.StatusServiceUnavailable, "ServiceUnavailable", "no route", "")
	})
	var got receiver
	cov, err := NewLive(apiServerOf(t, nodes(100), broken), 0).Collect(t.Context(), Scope{Kinds: []snapshot.Kind{kubeletKind}}, got.emit)
	seen := map[string]int{}
	for _, o := range got.all {
		seen[o.Value.GetName()]++
	}
	for _, g := range cov.Gaps {
		seen[g.Name]++
	}
	want := map[string]int{}
	for i := range 100 {
		want[fmt.Sprintf("n%d", i+1)] = 1
	}
	if err != nil || !maps.Equal(seen, want) || len(cov.Gaps) != hopeless+parallelKubelets {
		t.Errorf("%v, %d read, %d gaps of %v, of 100 nodes", err, len(got.all), len(cov.Gaps), seen)
	}
}

// A kubelet that hangs is waited for, and not for long.
func TestKubeletHangs(t *testing.T) {
	live := NewLive(apiServerOf(t, nodes(1), onKubelets(func(r request) bool { <-r.Context().Done(); return true })), 0)
	live.patience = time.Millisecond
	cov, err := live.Collect(t.Context(), Scope{Kinds: []snapshot.Kind{kubeletKind}}, func([]snapshot.Object) error { return io.EOF })
	want := []snapshot.Gap{{Kind: "KubeletConfiguration", Name: "n1", Reason: snapshot.TimedOut, Message: "the kubelet of node n1 did not answer in time"}}
	if err != nil || !reflect.DeepEqual(cov.Gaps, want) {
		t.Errorf("%v, gaps %v", err, cov.Gaps)
	}
}

// A kubelet's own file is judged as it stands there: what is not in it has the default.
func TestKubeletManifest(t *testing.T) {
	const file = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nauthorization:\n  mode: AlwaysAllow\n"
	var got receiver
	cov, err := (Manifests{Path: "-", Stdin: strings.NewReader(file)}).Collect(t.Context(), Scope{Kinds: []snapshot.Kind{kubeletKind}}, got.emit)
	if err != nil || len(cov.Gaps) > 0 || len(got.all) != 1 {
		t.Fatal(err, cov.Gaps, got.all)
	}
	o := got.all[0]
	want := &snapshot.KubeletConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: "kubelet.config.k8s.io/v1beta1", Kind: "KubeletConfiguration"},
		ObjectMeta: metav1.ObjectMeta{Name: "kubelet"}, Authorization: snapshot.KubeletAuthorization{Mode: "AlwaysAllow"},
	}
	if !reflect.DeepEqual(o.Value, want) || o.Line("authorization.mode") != 4 {
		t.Errorf("got %+v at line %d", o.Value, o.Line("authorization.mode"))
	}
}
