package kubemuster.lib.components_test

import data.kubemuster.lib.components

test_knows_the_components_of_the_cloud_alone if {
	"DaemonSet/aws-node" in components.known("eks")
	"DaemonSet/kube-proxy" in components.known("eks")
	not "DaemonSet/netd" in components.known("eks")
	not "DaemonSet/aws-node" in components.known("gke")
}

test_knows_all_where_the_cloud_is_not_told if {
	"DaemonSet/aws-node" in components.known("kubeconfig")
	"Deployment/kube-dns" in components.known("kubeconfig")
	"Deployment/coredns" in components.known("kubeconfig")
	not "Deployment/web" in components.known("kubeconfig")
}

test_owns_what_has_their_name_place_and_image if {
	components.own with input as workload("DaemonSet", "kube-system", "kube-proxy", "registry.k8s.io/kube-proxy:v1.37.2")
	components.own with input as workload("DaemonSet", "kube-system", "kube-proxy", "mirror.example:5000/k8s/kube-proxy:v1.37.2")
	not components.own with input as workload("DaemonSet", "kube-system", "kube-proxy", "evil/miner:1")
	not components.own with input as workload("DaemonSet", "kube-system", "kube-proxy", "mirror.example/miner/proxy:1")
	not components.own with input as workload("DaemonSet", "kube-system", "kube-proxy", "mirror.example/kube-proxy/miner:1")
	not components.own with input as workload("DaemonSet", "kube-system", "calico-node", "mirror.example/shop/node:1")
	components.own with input as workload("DaemonSet", "kube-system", "calico-node", "mirror.example/calico/node:v3")
	components.own with input as workload("Deployment", "kube-system", "cilium-operator", "mirror.example:5000/cilium/operator-generic:v1")
	components.own with input as workload("DaemonSet", "kube-system", "kube-proxy", "kube-proxy@sha256:00")
	not components.own with input as workload("DaemonSet", "shop", "kube-proxy", "registry.k8s.io/kube-proxy:v1.37.2")
	not components.own with input as workload("Deployment", "kube-system", "kube-proxy", "registry.k8s.io/kube-proxy:v1.37.2")
}

test_knows_the_control_plane_by_its_images_too if {
	components.control_plane_pod with input as static("kube-system", "etcd", "registry.k8s.io/etcd:3.6.5-0")
	not components.control_plane_pod with input as static("kube-system", "etcd", "evil/miner:1")
	not components.control_plane_pod with input as static("shop", "etcd", "registry.k8s.io/etcd:3.6.5-0")
	not components.control_plane_pod with input as static("kube-system", "kube-proxy", "registry.k8s.io/kube-proxy:v1.37.2")
	not components.control_plane_pod with input as workload("Pod", "kube-system", "etcd", "registry.k8s.io/etcd:3.6.5-0")
}

static(namespace, name, image) := object.union(workload("Pod", namespace, name, image), {"workload": {"staticPod": name}})

workload(kind, namespace, name, image) := {"cluster": {"provider": "kubeconfig"}, "workload": {
	"kind": kind,
	"namespace": namespace,
	"name": name,
	"containers": [{"name": name, "spec": {"image": image}}],
}}
