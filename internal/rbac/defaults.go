package rbac

import (
	_ "embed"
	"encoding/json"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Policy is a set of roles and bindings.
type Policy struct {
	Roles    []snapshot.InventoryRole    `json:"roles"`
	Bindings []snapshot.InventoryBinding `json:"bindings"`
	// Aggregated are the selectors of ClusterRoles that gather the rules of others, by name.
	Aggregated map[string][]metav1.LabelSelector `json:"aggregated"`
}

// Defaults returns what kube-apiserver v1.37.2 itself creates, with aggregated roles expanded as its controller does. A test
// holds it against the server.
var Defaults = sync.OnceValue(func() Policy {
	var p Policy
	if err := json.Unmarshal(defaults, &p); err != nil {
		panic(err) // the file is part of the program
	}
	return p
})

//go:embed defaults.json
var defaults []byte

// Kubeadm is what kubeadm v1.37 creates in every cluster: cmd/kubeadm/app/phases. A test holds it against those phases.
var Kubeadm = Policy{
	Roles: []snapshot.InventoryRole{
		{Kind: "ClusterRole", Name: "kubeadm:get-nodes", Rules: []snapshot.InventoryRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes"}}}},
		{Kind: "ClusterRole", Name: "system:coredns", Rules: []snapshot.InventoryRule{
			{Verbs: []string{"list", "watch"}, APIGroups: []string{""}, Resources: []string{"endpoints", "services", "pods", "namespaces"}},
			{Verbs: []string{"list", "watch"}, APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}},
		}},
		getsConfigMap("kube-public", "kubeadm:bootstrap-signer-clusterinfo", "cluster-info"),
		getsConfigMap("kube-system", "kube-proxy", "kube-proxy"),
		getsConfigMap("kube-system", "kubeadm:kubelet-config", "kubelet-config"),
		getsConfigMap("kube-system", "kubeadm:nodes-kubeadm-config", "kubeadm-config"),
	},
	Bindings: []snapshot.InventoryBinding{
		toAll("kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin", user("kube-apiserver-kubelet-client")),
		toAll("kubeadm:cluster-admins", "cluster-admin", group("kubeadm:cluster-admins")),
		toAll("kubeadm:get-nodes", "kubeadm:get-nodes", group("system:bootstrappers:kubeadm:default-node-token")),
		toAll("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", group("system:bootstrappers:kubeadm:default-node-token")),
		toAll("kubeadm:node-autoapprove-bootstrap", "system:certificates.k8s.io:certificatesigningrequests:nodeclient", group("system:bootstrappers:kubeadm:default-node-token")),
		toAll("kubeadm:node-autoapprove-certificate-rotation", "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", group("system:nodes")),
		toAll("kubeadm:node-proxier", "system:node-proxier", serviceAccount("kube-system", "kube-proxy")),
		toAll("system:coredns", "system:coredns", serviceAccount("kube-system", "coredns")),
		inNamespace("kube-public", "kubeadm:bootstrap-signer-clusterinfo", user("system:anonymous")),
		inNamespace("kube-system", "kube-proxy", group("system:bootstrappers:kubeadm:default-node-token")),
		inNamespace("kube-system", "kubeadm:kubelet-config", group("system:nodes"), group("system:bootstrappers:kubeadm:default-node-token")),
		inNamespace("kube-system", "kubeadm:nodes-kubeadm-config", group("system:bootstrappers:kubeadm:default-node-token"), group("system:nodes")),
	},
}

func getsConfigMap(namespace, role, name string) snapshot.InventoryRole {
	return snapshot.InventoryRole{Kind: "Role", Namespace: namespace, Name: role, Rules: []snapshot.InventoryRule{
		{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{name}},
	}}
}

func toAll(name, role string, subjects ...snapshot.InventorySubject) snapshot.InventoryBinding {
	return snapshot.InventoryBinding{Kind: "ClusterRoleBinding", Name: name, Role: snapshot.InventoryRoleRef{Kind: "ClusterRole", Name: role}, Subjects: subjects}
}

// inNamespace is a RoleBinding to the Role of its own name.
func inNamespace(namespace, name string, subjects ...snapshot.InventorySubject) snapshot.InventoryBinding {
	return snapshot.InventoryBinding{Kind: "RoleBinding", Namespace: namespace, Name: name, Role: snapshot.InventoryRoleRef{Kind: "Role", Namespace: namespace, Name: name}, Subjects: subjects}
}

func user(name string) snapshot.InventorySubject {
	return snapshot.InventorySubject{Kind: "User", Name: name}
}

func group(name string) snapshot.InventorySubject {
	return snapshot.InventorySubject{Kind: "Group", Name: name}
}

func serviceAccount(namespace, name string) snapshot.InventorySubject {
	return snapshot.InventorySubject{Kind: "ServiceAccount", Namespace: namespace, Name: name}
}
