package kubemuster.checks.network.no_policy_test

import data.kubemuster.checks.network.no_policy

test_fails_for_a_namespace_with_pods_and_no_policy if {
	no_policy.violations == {{
		"object": {"kind": "Namespace", "namespace": "", "name": "shop"},
		"path": "metadata.name",
		"message": "namespace shop runs pods and has no NetworkPolicy",
	}} with input.inventory as {
		"namespaces": [{"name": "shop", "workloads": 3}, {"name": "bank", "workloads": 1}, {"name": "empty", "workloads": 0}],
		"networkPolicies": [{"namespace": "bank", "name": "deny", "types": ["Ingress"]}],
	}
}

test_fails_where_policies_are_absent if {
	no_policy.violations == {{
		"object": {"kind": "Namespace", "namespace": "", "name": "default"},
		"path": "metadata.name",
		"message": "namespace default runs pods and has no NetworkPolicy",
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
