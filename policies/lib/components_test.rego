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
