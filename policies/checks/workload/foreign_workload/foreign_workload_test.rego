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
