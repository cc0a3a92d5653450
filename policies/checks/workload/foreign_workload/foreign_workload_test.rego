package kubemuster.checks.workload.foreign_workload_test

import data.kubemuster.checks.workload.foreign_workload

test_fails_for_a_foreign_workload if {
	foreign_workload.violations == {violation("kube-system")} with input as workload("Deployment", "kube-system", "miner")
}

test_fails_for_a_name_of_another_kind_or_namespace if {
	foreign_workload.violations == {violation("kube-system")} with input as workload("Deployment", "kube-system", "aws-node")
	foreign_workload.violations == {violation("kube-public")} with input as workload("DaemonSet", "kube-public", "aws-node")
}

test_fails_for_what_an_unknown_controller_owns if {
	foreign_workload.violations == {violation("kube-system")} with input as owned_by("Workflow")
}

test_passes_for_known_components if {
	foreign_workload.violations == set() with input as workload("DaemonSet", "kube-system", "aws-node")
	foreign_workload.violations == set() with input as workload("Deployment", "kube-system", "coredns")
}

# A name is soon given: what it runs tells more.
test_fails_for_an_image_of_others if {
	runs := object.union(workload("DaemonSet", "kube-system", "kube-proxy"), {"workload": {"containers": [
		{"name": "kube-proxy", "spec": {"image": "registry.k8s.io/kube-proxy:v1.37.2"}},
		{"name": "more", "spec": {"image": "proxy.example:5000/evil/miner:kube"}},
	]}})
	foreign_workload.violations == {{
		"path": "metadata.namespace",
		"message": "the workload has the name of one that Kubernetes or its cloud runs, and another's image: proxy.example:5000/evil/miner:kube",
	}} with input as runs
}

test_passes_for_their_images_and_mirrors if {
	every t in [
		["DaemonSet", "kube-proxy", "mirror.example/k8s/kube-proxy:v1.37.2"],
		["DaemonSet", "calico-node", "docker.io/calico/node:v3.30.0"],
		["DaemonSet", "aws-node", "602401143452.dkr.ecr.us-east-1.amazonaws.com/amazon-k8s-cni:v1.20"],
		["Deployment", "hubble-ui", "quay.io/cilium/certgen:v0.2"],
	] {
		foreign_workload.violations == set() with input as object.union(
			workload(t[0], "kube-system", t[1]),
			{"workload": {"containers": [{"name": "c", "spec": {"image": t[2]}}]}},
		)
	}
}

test_passes_for_static_pods_of_the_control_plane if {
	foreign_workload.violations == set() with input as static("etcd")
	foreign_workload.violations == {violation("kube-system")} with input as static("miner")
}

test_knows_the_deployment_of_a_replica_set if {
	hash := {"workload": {"metadata": {"labels": {"pod-template-hash": "5d6f"}}}}
	foreign_workload.violations == set() with input as object.union(
		workload("ReplicaSet", "kube-system", "coredns-5d6f"),
		hash,
	)
	foreign_workload.violations == {violation("kube-system")} with input as object.union(
		workload("ReplicaSet", "kube-system", "miner-5d6f"),
		hash,
	)
}

test_passes_for_what_a_known_workload_owns if {
	foreign_workload.violations == set() with input as owned_by("ReplicaSet")
}

test_passes_in_other_namespaces if {
	foreign_workload.violations == set() with input as workload("Deployment", "shop", "web")
	foreign_workload.violations == set() with input as {"cluster": {"provider": "eks"}, "workload": {}}
}

violation(namespace) := {
	"path": "metadata.namespace",
	"message": sprintf("the workload is none that Kubernetes or its cloud is known to run in %s", [namespace]),
}

workload(kind, namespace, name) := {
	"cluster": {"provider": "eks"},
	"workload": {"kind": kind, "namespace": namespace, "name": name, "path": "spec.template.spec", "spec": {}},
}

owned_by(kind) := object.union(workload("Pod", "kube-system", "x-1"), {"workload": {"metadata": {"ownerReferences": [{
	"kind": kind,
	"name": "x",
	"controller": true,
}]}}})

static(name) := object.union(workload("Pod", "kube-system", sprintf("%s-node-1", [name])), {"workload": {
	"staticPod": name,
	"metadata": {"ownerReferences": [{"kind": "Node", "name": "node-1", "controller": true}]},
}})
