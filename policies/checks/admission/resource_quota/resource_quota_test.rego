package kubemuster.checks.admission.resource_quota_test

import data.kubemuster.checks.admission.resource_quota

test_fails_for_a_namespace_with_pods if {
	resource_quota.violations == {{
		"object": {"kind": "Namespace", "namespace": "", "name": "shop"},
		"path": "metadata.name",
		"message": "namespace shop runs pods and has no ResourceQuota",
	}} with input.inventory.namespaces as [
		{"name": "shop", "workloads": 2, "quotas": 0},
		{"name": "bank", "workloads": 2, "quotas": 1},
		{"name": "empty", "workloads": 0, "quotas": 0},
	]
}

test_passes_for_namespaces_of_the_system if {
	resource_quota.violations == set() with input.inventory.namespaces as [{"name": "kube-system", "workloads": 9, "quotas": 0}]
}

test_passes_for_an_empty_inventory if {
	resource_quota.violations == set() with input.inventory as {}
}
