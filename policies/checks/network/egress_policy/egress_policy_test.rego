package kubemuster.checks.network.egress_policy_test

import data.kubemuster.checks.network.egress_policy

test_fails_for_what_no_policy_selects if {
	egress_policy.violations == {
		found("Deployment", "spec.template.metadata.labels"),
		found("Pod", "metadata.labels"),
	} with input.inventory as inventory([
		workload("Deployment", "spec.template.spec", {}),
		workload("Pod", "spec", {}),
		workload("DaemonSet", "spec.template.spec", {"egressPolicy": true}),
	])
}

test_passes_on_the_network_of_the_node if {
	egress_policy.violations == set() with input.inventory as inventory([workload("Pod", "spec", {"hostNetwork": true})])
}

test_passes_for_namespaces_of_the_system_and_without_policy if {
	egress_policy.violations == set() with input.inventory as inventory([
		workload("Pod", "spec", {"namespace": "kube-system"}),
		workload("Pod", "spec", {"namespace": "bank"}),
	])
}

test_passes_for_an_empty_inventory if {
	egress_policy.violations == set() with input.inventory as {}
}

found(kind, path) := {
	"object": {"kind": kind, "namespace": "shop", "name": "web"},
	"path": path,
	"message": "no network policy isolates the pods for egress",
}

workload(kind, path, more) := object.union({"kind": kind, "namespace": "shop", "name": "web", "path": path}, more)

inventory(workloads) := {
	"workloads": workloads,
	"networkPolicies": [
		{"namespace": "shop", "name": "p", "types": ["Ingress"]},
		{"namespace": "kube-system", "name": "p", "types": ["Ingress"]},
	],
}

# Nothing else in the namespace says that it has policies.
test_fails_where_a_policy_of_the_cluster_selects_other_pods if {
	every direction in ["ingressPolicy", "egressPolicy"] {
		egress_policy.violations == {found("Pod", "metadata.labels")} with input.inventory as {"workloads": [
			workload("Pod", "spec", {}),
			workload("DaemonSet", "spec.template.spec", {direction: true, "egressPolicy": true}),
		]}
	}
}
