package replay_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/replay"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// record makes a snapshot of what is written to it.
func record(t testing.TB, objects func(write func(kind string, v metav1.Object)), end snapshot.Ending) *snapshot.Reader {
	t.Helper()
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, snapshot.Header{ServerVersion: "v1.37.2"})
	if err != nil {
		t.Fatal(err)
	}
	objects(func(kind string, v metav1.Object) {
		k, _ := snapshot.KindNamed(kind)
		if err := w.Write(snapshot.Object{Kind: k, Value: v}); err != nil {
			t.Fatal(err)
		}
	})
	if err := w.End(end); err != nil {
		t.Fatal(err)
	}
	r, err := snapshot.NewReader(&file, "test")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recorded is a snapshot with 25 pods in two namespaces, out of order.
func recorded(t testing.TB) *snapshot.Reader {
	t.Helper()
	counts := map[string]int{}
	for _, k := range snapshot.Kinds {
		counts[k.Name] = 0
	}
	return record(t, func(write func(string, metav1.Object)) {
		for i := 24; i >= 0; i-- {
			write("Pod", &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Name: fmt.Sprintf("pod-%02d", i), Namespace: []string{"a", "b"}[i%2], Labels: map[string]string{"third": fmt.Sprint(i % 3)},
					ResourceVersion: fmt.Sprint(100 + i),
				},
				Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "c", Image: "i:1"}}},
			})
		}
		write("Namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a"}})
		write("Role", &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "a"}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}}}})
	}, snapshot.Ending{Objects: counts})
}

// start serves the snapshot to "Bearer good" as dora, who may list no roles and nothing in namespace b.
func start(t *testing.T) *rest.Config {
	t.Helper()
	s, err := replay.New(recorded(t), replay.Options{
		Authenticate: func(_ context.Context, token string) (string, []string, error) {
			if token != "good" {
				return "", nil, errors.New("no such token")
			}
			return "dora", []string{"auditors"}, nil
		},
		Authorize: func(user string, groups []string, verb string, kind snapshot.Kind, namespace string) bool {
			return user == "dora" && slices.Equal(groups, []string{"auditors", "system:authenticated"}) && kind.Name != "Role" && namespace != "b"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ca := cloudfake.NewCA("replay")
	server := ca.Serve(s)
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, BearerToken: "good", TLSClientConfig: rest.TLSClientConfig{CAData: ca.PEM()}}
}

// clients are typed clients for each encoding.
func clients(t *testing.T, config *rest.Config) map[string]*kubernetes.Clientset {
	t.Helper()
	all := map[string]*kubernetes.Clientset{}
	for name, media := range map[string]string{"json": "application/json", "protobuf": "application/vnd.kubernetes.protobuf"} {
		c := rest.CopyConfig(config)
		c.ContentType, c.AcceptContentTypes = media, media
		client, err := kubernetes.NewForConfig(c)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = client
	}
	return all
}

func TestPaging(t *testing.T) {
	for name, client := range clients(t, start(t)) {
		t.Run(name, func(t *testing.T) {
			var got []string
			opts := metav1.ListOptions{Limit: 10}
			for pages := 1; ; pages++ {
				list, err := client.CoreV1().Pods("").List(t.Context(), opts)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range list.Items {
					got = append(got, p.Namespace+"/"+p.Name)
					if p.Spec.NodeName != "n1" || p.Kind != "" {
						t.Errorf("pod %+v", p)
					}
				}
				if list.ResourceVersion != "124" {
					t.Errorf("resource version %q", list.ResourceVersion)
				}
				if list.Continue == "" {
					if pages != 3 || list.RemainingItemCount != nil {
						t.Errorf("%d pages, remaining %v", pages, list.RemainingItemCount)
					}
					break
				}
				if left := *list.RemainingItemCount; left != int64(25-10*pages) {
					t.Errorf("page %d: %d remain", pages, left)
				}
				opts.Continue = list.Continue
			}
			if len(got) != 25 || !slices.IsSorted(got) || len(slices.Compact(got)) != 25 {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestSelection(t *testing.T) {
	client := clients(t, start(t))["protobuf"].CoreV1()
	for name, tt := range map[string]struct {
		namespace string
		opts      metav1.ListOptions
		want      int
	}{
		"a namespace":          {"a", metav1.ListOptions{}, 13},
		"an unknown namespace": {"x", metav1.ListOptions{}, 0},
		"a label":              {"", metav1.ListOptions{LabelSelector: "third=0"}, 9},
		"a name":               {"", metav1.ListOptions{FieldSelector: "metadata.name=pod-07"}, 1},
		"a pod's node":         {"", metav1.ListOptions{FieldSelector: "spec.nodeName=n1,status.phase!=Failed"}, 25},
		"a namespace's field":  {"", metav1.ListOptions{FieldSelector: "metadata.namespace!=b"}, 13},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := client.Pods(tt.namespace).List(t.Context(), tt.opts)
			if err != nil || len(list.Items) != tt.want {
				t.Errorf("got %d pods, %v, want %d", len(list.Items), err, tt.want)
			}
		})
	}
}

func TestGet(t *testing.T) {
	for name, client := range clients(t, start(t)) {
		t.Run(name, func(t *testing.T) {
			pod, err := client.CoreV1().Pods("a").Get(t.Context(), "pod-04", metav1.GetOptions{})
			if err != nil || pod.Name != "pod-04" || pod.ResourceVersion != "104" {
				t.Errorf("got %v, %v", pod, err)
			}
			if ns, err := client.CoreV1().Namespaces().Get(t.Context(), "a", metav1.GetOptions{}); err != nil || ns.Name != "a" {
				t.Errorf("got %v, %v", ns, err)
			}
			nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
			if err != nil || nodes.Items == nil && name == "json" || len(nodes.Items) != 0 {
				t.Errorf("a kind that was not recorded: got %v, %v", nodes, err)
			}
		})
	}
}

// TestErrors asserts the API server's own words.
func TestErrors(t *testing.T) {
	config := start(t)
	stranger := rest.CopyConfig(config)
	stranger.BearerToken = "bad"
	for name, client := range clients(t, config) {
		core, rbac := client.CoreV1(), client.RbacV1()
		for _, tt := range []struct {
			do   func() error
			is   func(error) bool
			want string
		}{
			{
				func() error { _, err := core.Pods("a").Get(t.Context(), "pod-99", metav1.GetOptions{}); return err },
				apierrors.IsNotFound, `pods "pod-99" not found`,
			},
			{
				func() error { _, err := rbac.Roles("").List(t.Context(), metav1.ListOptions{}); return err },
				apierrors.IsForbidden, `roles.rbac.authorization.k8s.io is forbidden: User "dora" cannot list resource "roles" in API group "rbac.authorization.k8s.io" at the cluster scope`,
			},
			{
				func() error { _, err := core.Pods("b").Get(t.Context(), "pod-01", metav1.GetOptions{}); return err },
				apierrors.IsForbidden, `pods "pod-01" is forbidden: User "dora" cannot get resource "pods" in API group "" in the namespace "b"`,
			},
			{
				func() error { _, err := core.Namespaces().Get(t.Context(), "b", metav1.GetOptions{}); return err },
				apierrors.IsForbidden, `namespaces "b" is forbidden: User "dora" cannot get resource "namespaces" in API group "" in the namespace "b"`,
			},
			{
				func() error { _, err := core.Secrets("a").List(t.Context(), metav1.ListOptions{}); return err },
				apierrors.IsNotFound, "the server could not find the requested resource",
			},
			{
				func() error { return core.Pods("a").Delete(t.Context(), "pod-04", metav1.DeleteOptions{}) },
				apierrors.IsMethodNotSupported, `delete is not supported on resources of kind "pods"`,
			},
			{
				func() error { _, err := core.Pods("a").Watch(t.Context(), metav1.ListOptions{}); return err },
				apierrors.IsMethodNotSupported, `watch is not supported on resources of kind "pods"`,
			},
			{
				func() error {
					_, err := core.Pods("a").List(t.Context(), metav1.ListOptions{Continue: "bm8"})
					return err
				},
				apierrors.IsBadRequest, "continue key is not valid: invalid character 'o' in literal null (expecting 'u')",
			},
			{
				func() error {
					_, err := core.Pods("a").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.hostPID=true"})
					return err
				},
				apierrors.IsBadRequest, "field label not supported: spec.hostPID",
			},
			{
				func() error {
					_, err := clients(t, stranger)[name].CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
					return err
				},
				apierrors.IsUnauthorized, "Unauthorized",
			},
		} {
			if err := tt.do(); !tt.is(err) || err.Error() != tt.want {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
		}
	}
}

func TestTokensBelongToTheirList(t *testing.T) {
	client := clients(t, start(t))["json"].CoreV1()
	pods, err := client.Pods("").List(t.Context(), metav1.ListOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Nodes().List(t.Context(), metav1.ListOptions{Continue: pods.Continue}); !apierrors.IsBadRequest(err) {
		t.Errorf("got %v", err)
	}
}

func TestDiscovery(t *testing.T) {
	aggregated := discovery.NewDiscoveryClientForConfigOrDie(start(t))
	info, err := aggregated.ServerVersion()
	if err != nil || info.GitVersion != "v1.37.2" || info.Major != "1" || info.Minor != "37" {
		t.Errorf("got %v, %v", info, err)
	}
	if lists, err := aggregated.ServerPreferredResources(); err != nil || len(lists) == 0 {
		t.Errorf("got %v, %v", lists, err)
	}
	legacy := *aggregated
	legacy.UseLegacyDiscovery = true
	found := map[string]map[string]metav1.APIResource{}
	for name, client := range map[string]discovery.DiscoveryInterface{"aggregated": aggregated, "legacy": &legacy} {
		_, lists, err := client.ServerGroupsAndResources()
		if err != nil {
			t.Fatal(err)
		}
		found[name] = map[string]metav1.APIResource{}
		for _, l := range lists {
			for _, r := range l.APIResources {
				r.Group, r.Version = "", "" // the legacy way leaves them to the list
				found[name][l.GroupVersion+" "+r.Kind] = r
			}
		}
		for _, k := range snapshot.Kinds {
			if r := found[name][k.APIVersion()+" "+k.Kind()]; r.Name != k.Resource || r.Namespaced != k.Namespaced {
				t.Errorf("%s: %s is discovered as %+v", name, k.Name, r)
			}
		}
	}
	// kubectl resolves what people type this way.
	groups, err := restmapper.GetAPIGroupResources(aggregated)
	if err != nil {
		t.Fatal(err)
	}
	mapper := restmapper.NewShortcutExpander(restmapper.NewDiscoveryRESTMapper(groups), aggregated, nil)
	for typed, want := range map[string]string{"deploy": "Deployment", "po": "Pod", "clusterrolebinding": "ClusterRoleBinding"} {
		if gvk, err := mapper.KindFor(schema.GroupVersionResource{Resource: typed}); err != nil || gvk.Kind != want {
			t.Errorf("%s is taken for %v, %v", typed, gvk, err)
		}
	}
	if !reflect.DeepEqual(found["aggregated"], found["legacy"]) {
		t.Errorf("aggregated discovery tells %v\nlegacy discovery %v", found["aggregated"], found["legacy"])
	}
}

// What the snapshot does not hold is forbidden, so that nobody takes it for empty.
func TestUnrecorded(t *testing.T) {
	serve := func(h snapshot.Header, end snapshot.Ending) (*kubernetes.Clientset, *discovery.DiscoveryClient) {
		var file bytes.Buffer
		w, err := snapshot.NewWriter(&file, h)
		if err != nil {
			t.Fatal(err)
		}
		kind, _ := snapshot.KindNamed("Pod")
		if err := w.Write(snapshot.Object{Kind: kind, Value: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "p"}}}); err != nil {
			t.Fatal(err)
		}
		if err := w.End(end); err != nil {
			t.Fatal(err)
		}
		r, err := snapshot.NewReader(&file, "test")
		if err != nil {
			t.Fatal(err)
		}
		s, err := replay.New(r, replay.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ca := cloudfake.NewCA("replay")
		server := ca.Serve(s)
		t.Cleanup(server.Close)
		config := &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca.PEM()}}
		return kubernetes.NewForConfigOrDie(config), discovery.NewDiscoveryClientForConfigOrDie(config)
	}
	get := func(c *kubernetes.Clientset, namespace, name string) error {
		_, err := c.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
		return err
	}
	list := func(c *kubernetes.Clientset, namespace string) error {
		_, err := c.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
		return err
	}
	nodes := func(c *kubernetes.Clientset) error {
		_, err := c.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		return err
	}
	may := func(c *kubernetes.Clientset, resource string) bool {
		review, err := c.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Resource: resource},
		}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return review.Status.Allowed
	}
	var got []string
	note := func(err error) {
		switch {
		case err == nil:
			got = append(got, "served")
		case apierrors.IsForbidden(err) || apierrors.IsNotFound(err):
			got = append(got, err.Error())
		default:
			t.Errorf("got %v", err)
		}
	}

	c, d := serve(snapshot.Header{}, snapshot.Ending{Absent: []string{"Ingress"}, Gaps: []snapshot.Gap{{Kind: "Pod", Reason: snapshot.TimedOut, Message: "listing pods took too long", Read: 1}}})
	note(list(c, ""))
	note(list(c, "a"))
	note(get(c, "a", "p"))
	note(get(c, "a", "q"))
	note(nodes(c))
	_, err := c.NetworkingV1().Ingresses("").List(t.Context(), metav1.ListOptions{})
	note(err)
	if may(c, "pods") {
		t.Error("pods may be listed, it is said")
	}
	lists, err := d.ServerPreferredResources()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lists {
		for _, r := range l.APIResources {
			if r.Kind == "Ingress" {
				t.Error("what the server did not serve is discovered")
			}
		}
	}

	c, _ = serve(snapshot.Header{Namespaces: []string{"a", "b"}}, snapshot.Ending{})
	note(list(c, ""))
	note(list(c, "a"))
	note(list(c, "c"))
	note(nodes(c))

	c, _ = serve(snapshot.Header{ExcludeNamespaces: []string{"c"}}, snapshot.Ending{})
	note(list(c, ""))
	note(list(c, "c"))
	note(list(c, "a"))
	_, err = c.CoreV1().Namespaces().Get(t.Context(), "c", metav1.GetOptions{})
	note(err)
	_, err = c.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	note(err)

	want := []string{
		"pods is forbidden: the snapshot does not hold all of them: listing pods took too long",
		"pods is forbidden: the snapshot does not hold all of them: listing pods took too long",
		"served",
		`pods "q" is forbidden: the snapshot does not hold all of them: listing pods took too long`,
		"nodes is forbidden: the snapshot does not hold them",
		"the server could not find the requested resource",
		"pods is forbidden: the snapshot holds what is in the namespaces a, b only",
		"served",
		"pods is forbidden: the snapshot holds what is in the namespaces a, b only",
		"nodes is forbidden: the snapshot holds what is in the namespaces a, b only",
		"pods is forbidden: the snapshot was recorded without the namespaces c; ask for one of the others",
		"pods is forbidden: the snapshot was recorded without this namespace",
		"served",
		`namespaces "c" is forbidden: the snapshot was recorded without this namespace`,
		"namespaces is forbidden: the snapshot was recorded without the namespaces c; ask for one of the others",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestListener(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:0":   "0.0.0.0:0 is no loopback address, and a snapshot is served to this machine only; write 127.0.0.1:0",
		":0":          ":0 is no loopback address, and a snapshot is served to this machine only; write 127.0.0.1:0",
		"[::]:0":      "[::]:0 is no loopback address, and a snapshot is served to this machine only; write 127.0.0.1:0",
		"192.0.2.1:0": "192.0.2.1:0 is no loopback address, and a snapshot is served to this machine only; write 127.0.0.1:0",
		"127.0.0.1":   `the address "127.0.0.1" is none; write host:port, as in 127.0.0.1:0`,
	} {
		if _, err := replay.Listen(address); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", address, err)
		}
	}
	l, err := replay.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := replay.New(recorded(t), replay.Options{Authenticate: l.Authenticate})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- l.Serve(ctx, s) }()

	kubeconfig, err := l.Kubeconfig("replay")
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	self, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || self.Status.UserInfo.Username != "kubemuster-replay" {
		t.Errorf("got %v, %v", self, err)
	}
	stranger := rest.CopyConfig(config)
	stranger.BearerToken += "x"
	if _, err := kubernetes.NewForConfigOrDie(stranger).CoreV1().Pods("").List(t.Context(), metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("got %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReviews(t *testing.T) {
	for name, client := range clients(t, start(t)) {
		t.Run(name, func(t *testing.T) {
			self, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
			if err != nil || self.Status.UserInfo.Username != "dora" || !slices.Equal(self.Status.UserInfo.Groups, []string{"auditors", "system:authenticated"}) {
				t.Errorf("got %v, %v", self, err)
			}
			for _, tt := range []struct {
				spec authorizationv1.SelfSubjectAccessReviewSpec
				want bool
			}{
				{authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Version: "v1", Resource: "pods"}}, true},
				{authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Resource: "pods", Namespace: "b"}}, false},
				{authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "create", Resource: "pods"}}, false},
				{authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Group: rbacv1.GroupName, Resource: "roles"}}, false},
				{authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Resource: "secrets"}}, false},
				{authorizationv1.SelfSubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: "get", Path: "/version"}}, true},
			} {
				got, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{Spec: tt.spec}, metav1.CreateOptions{})
				if err != nil || got.Status.Allowed != tt.want {
					t.Errorf("%+v: got %v, %v, want %v", tt.spec, got, err, tt.want)
				}
			}
			_, err = client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{}, metav1.CreateOptions{})
			if !apierrors.IsBadRequest(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestHTTP asserts what typed clients hide: media types and status codes.
func TestHTTP(t *testing.T) {
	config := start(t)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(config.CAData)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	const protobuf, js = "application/vnd.kubernetes.protobuf", "application/json"
	for _, tt := range []struct {
		method, path, token, accept string
		status                      int
		media                       string
	}{
		{http.MethodGet, "/api/v1/pods?limit=1", "good", "", 200, js},
		{http.MethodGet, "/api/v1/pods?limit=1", "good", "*/*", 200, js},
		{http.MethodGet, "/api/v1/pods?limit=1", "good", "application/*", 200, js},
		{http.MethodGet, "/api/v1/pods?limit=1", "good", "application/yaml", 200, "application/yaml"},
		{http.MethodGet, "/api/v1/pods?limit=1", "good", protobuf + "," + js, 200, protobuf},
		{http.MethodGet, "/api/v1/pods?limit=1", "good", js + ";as=Table;v=v1;g=meta.k8s.io," + js, 200, js},
		{http.MethodGet, "/apis", "good", js + ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," + js, 200, js + ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"},
		{http.MethodGet, "/apis", "good", js + "," + js + ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", 200, js},
		{http.MethodGet, "/api/v1/pods?limit=1", "good", "text/html", 406, js},
		{http.MethodGet, "/api/v1/pods?limit=x", "good", js, 400, js},
		{http.MethodGet, "/api/v1/nodes?fieldSelector=metadata.namespace%3Da", "good", js, 400, js},
		{http.MethodGet, "/api/v1/nodes?fieldSelector=spec.nodeName%3Da", "good", js, 400, js},
		{http.MethodGet, "/api/v1/pods?labelSelector=%3D%3D", "good", js, 400, js},
		{http.MethodGet, "/api", "good", js, 200, js},
		{http.MethodGet, "/apis/apps", "good", js, 200, js},
		{http.MethodGet, "/apis/none.example", "good", js, 404, js},
		{http.MethodGet, "/apis/apps/v2", "good", js, 404, js},
		{http.MethodGet, "/apis/apps/v2/deployments", "good", js, 404, js},
		{http.MethodGet, "/api/v1/pods/pod-04", "good", js, 404, js},        // a namespaced kind without its namespace
		{http.MethodGet, "/api/v1/namespaces/a/nodes", "good", js, 404, js}, // a cluster's kind in a namespace
		{http.MethodGet, "/api/v1/namespaces/a/pods/pod-04/log", "good", js, 404, "text/plain; charset=utf-8"},
		{http.MethodGet, "/version", "", js, 401, js},
		{http.MethodGet, "/version", "bad", js, 401, js},
		{http.MethodPost, "/api/v1/namespaces/a/pods", "good", js, 405, js},
		{http.MethodPut, "/api/v1/namespaces/a/pods/pod-04", "good", js, 405, js},
		{http.MethodPatch, "/api/v1/namespaces/a/pods/pod-04", "good", js, 405, js},
		{http.MethodDelete, "/api/v1/namespaces/a/pods", "good", js, 405, js},
		{http.MethodPost, "/api/v1/namespaces/a/pods/pod-04/eviction", "good", js, 405, js},
		{http.MethodPost, "/version", "good", js, 405, js},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, config.Host+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.token != "" {
			r.Header.Set("Authorization", "Bearer "+tt.token)
		}
		if tt.accept != "" {
			r.Header.Set("Accept", tt.accept)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != tt.media {
			t.Errorf("%s %s (%s): got %d %s, want %d %s", tt.method, tt.path, tt.accept, resp.StatusCode, resp.Header.Get("Content-Type"), tt.status, tt.media)
		}
		var status metav1.Status
		if resp.StatusCode >= 400 && tt.media == js && (json.Unmarshal(body, &status) != nil || status.Kind != "Status" || int(status.Code) != tt.status) {
			t.Errorf("%s %s: got %s", tt.method, tt.path, body)
		}
	}
}

func TestWithoutOptions(t *testing.T) {
	s, err := replay.New(recorded(t), replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ca := cloudfake.NewCA("replay")
	server := ca.Serve(s)
	defer server.Close()
	client := clients(t, &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca.PEM()}})["json"]
	if roles, err := client.RbacV1().Roles("").List(t.Context(), metav1.ListOptions{}); err != nil || len(roles.Items) != 1 {
		t.Errorf("got %v, %v", roles, err)
	}
	self, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || self.Status.UserInfo.Username != "system:anonymous" {
		t.Errorf("got %v, %v", self, err)
	}
}

func TestBrokenSnapshot(t *testing.T) {
	r, err := snapshot.NewReader(strings.NewReader(`{"format":"kubemuster-snapshot","version":1}`+"\n{"), "broken")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replay.New(r, replay.Options{}); err == nil || !strings.HasPrefix(err.Error(), "broken:2: ") {
		t.Errorf("got %v", err)
	}
}

// What a file makes of the memory is bounded, however small it is packed.
func TestWeightIsBounded(t *testing.T) {
	const want = "the snapshot's objects take more than 0 MiB together, and all are kept in memory; record a part of the cluster, with collect --namespace"
	if _, err := replay.New(recorded(t), replay.Options{MaxWeight: 1 << 10}); err == nil || err.Error() != want {
		t.Errorf("the error is %v", err)
	}
	if _, err := replay.New(recorded(t), replay.Options{MaxWeight: 1 << 30}); err != nil {
		t.Error(err)
	}
}
