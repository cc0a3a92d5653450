package rbac

import (
	_ "embed"
	"encoding/json"
	"sync"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Policy is a set of roles and bindings.
type Policy struct {
	Roles    []snapshot.InventoryRole    `json:"roles"`
	Bindings []snapshot.InventoryBinding `json:"bindings"`
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

// ownGrant is a role that Kubernetes itself binds to a subject, in a binding of one name.
type ownGrant struct {
	kind, namespace, name string
	role                  snapshot.InventoryRoleRef
	subject               snapshot.InventorySubject
}

var ownGrants = sync.OnceValue(func() map[ownGrant]bool {
	own := map[ownGrant]bool{}
	for _, list := range [][]snapshot.InventoryBinding{Defaults().Bindings, kubeadm} {
		for _, b := range list {
			for _, s := range b.Subjects {
				own[ownGrant{b.Kind, b.Namespace, b.Name, b.Role, s}] = true
			}
		}
	}
	return own
})

// ownSubjects returns the binding's subjects to whom Kubernetes itself makes the same grant: binding, role and subject are
// all the same. The label kubernetes.io/bootstrapping is no proof, since whoever writes a binding may set it.
func ownSubjects(b snapshot.InventoryBinding) map[snapshot.InventorySubject]bool {
	var own map[snapshot.InventorySubject]bool
	for _, s := range b.Subjects {
		if ownGrants()[ownGrant{b.Kind, b.Namespace, b.Name, b.Role, s}] {
			if own == nil {
				own = map[snapshot.InventorySubject]bool{}
			}
			own[s] = true
		}
	}
	return own
}

// kubeadm is what kubeadm v1.37 creates in every cluster: cmd/kubeadm/app/phases.
var kubeadm = []snapshot.InventoryBinding{
	toAll("kubeadm:cluster-admins", "cluster-admin", group("kubeadm:cluster-admins")),
	toAll("kubeadm:get-nodes", "kubeadm:get-nodes", group("system:bootstrappers:kubeadm:default-node-token")),
	toAll("kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin", user("kube-apiserver-kubelet-client")),
	toAll("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", group("system:bootstrappers:kubeadm:default-node-token")),
	toAll("kubeadm:node-autoapprove-bootstrap", "system:certificates.k8s.io:certificatesigningrequests:nodeclient", group("system:bootstrappers:kubeadm:default-node-token")),
	toAll("kubeadm:node-autoapprove-certificate-rotation", "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", group("system:nodes")),
	toAll("kubeadm:node-proxier", "system:node-proxier", serviceAccount("kube-system", "kube-proxy")),
	toAll("system:coredns", "system:coredns", serviceAccount("kube-system", "coredns")),
	inNamespace("kube-public", "kubeadm:bootstrap-signer-clusterinfo", user("system:anonymous")),
	inNamespace("kube-system", "kubeadm:kubelet-config", group("system:nodes"), group("system:bootstrappers:kubeadm:default-node-token")),
	inNamespace("kube-system", "kubeadm:kube-proxy", group("system:bootstrappers:kubeadm:default-node-token")),
	inNamespace("kube-system", "kubeadm:nodes-kubeadm-config", group("system:nodes"), group("system:bootstrappers:kubeadm:default-node-token")),
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
