package kubemuster.checks.admission.limit_range_test

import data.kubemuster.checks.admission.limit_range

test_fails_for_a_namespace_with_pods if {
	limit_range.violations == {{
		"object": {"kind": "Namespace", "namespace": "", "name": "shop"},
		"path": "metadata.name",
		"message": "namespace shop runs pods and has no LimitRange",
	}} with input.inventory.namespaces as [
		{"name": "shop", "workloads": 2, "limitRanges": 0},
		{"name": "bank", "workloads": 2, "limitRanges": 1},
		{"name": "empty", "workloads": 0, "limitRanges": 0},
	]
}

test_passes_for_namespaces_of_the_system if {
	limit_range.violations == set() with input.inventory.namespaces as [{"name": "kube-system", "workloads": 9, "limitRanges": 0}]
}

test_passes_for_an_empty_inventory if {
	limit_range.violations == set() with input.inventory as {}
}
