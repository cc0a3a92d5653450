package kubemuster.checks.network.no_policy_test

import data.kubemuster.checks.network.no_policy

test_fails_for_a_namespace_with_pods_and_no_policy if {
	no_policy.violations == {{
		"object": {"kind": "Namespace", "namespace": "", "name": "shop"},
		"path": "metadata.name",
		"message": "namespace shop runs pods and has no network policy",
	}} with input.inventory as {
		"namespaces": [{"name": "shop", "workloads": 3}, {"name": "bank", "workloads": 1}, {"name": "empty", "workloads": 0}],
		"networkPolicies": [{"namespace": "bank", "name": "deny", "types": ["Ingress"]}],
	}
}

test_fails_where_policies_are_absent if {
	no_policy.violations == {{
		"object": {"kind": "Namespace", "namespace": "", "name": "default"},
		"path": "metadata.name",
		"message": "namespace default runs pods and has no network policy",
	}} with input.inventory as {"namespaces": [{"name": "default", "workloads": 1}]}
}

test_passes_for_namespaces_of_the_system if {
	no_policy.violations == set() with input.inventory as {
		"namespaces": [{"name": "kube-system", "workloads": 9}, {"name": "kube-public", "workloads": 1}],
		"networkPolicies": [],
	}
}

test_passes_for_an_empty_inventory if {
	no_policy.violations == set() with input.inventory as {}
}

test_passes_where_a_policy_of_the_cluster_selects_pods if {
	no_policy.violations == set() with input.inventory as {
		"namespaces": [{"name": "shop", "workloads": 1}, {"name": "bank", "workloads": 1}],
		"workloads": [{"namespace": "shop", "ingressPolicy": true}, {"namespace": "bank", "egressPolicy": true}],
		"networkPolicies": [{"kind": "GlobalNetworkPolicy.projectcalico.org", "namespace": "", "name": "deny", "types": ["Ingress"]}],
	}
}

test_fails_where_the_only_policy_isolates_nothing if {
	no_policy.violations == {{
		"object": {"kind": "Namespace", "namespace": "", "name": "shop"},
		"path": "metadata.name",
		"message": "namespace shop runs pods and has no network policy",
	}} with input.inventory as {
		"namespaces": [{"name": "shop", "workloads": 1}],
		"networkPolicies": [{"kind": "CiliumNetworkPolicy.cilium.io", "namespace": "shop", "name": "allow", "types": []}],
	}
}
