package kubemuster.checks.rbac.workloads_test

import data.kubemuster.checks.rbac.workloads

test_looks_for if {
	object.keys(workloads.permissions) == {"workloads"}
}

test_fails_once_for_all_that_is_held if {
	workloads.violations == {{"message": "create on pods; watch on pods in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "workloads", "what": "create on pods"},
		{"permission": "workloads", "what": "watch on pods"},
	]}
}

test_passes_for_named_objects if {
	workloads.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "workloads",
		"what": "create on pods named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	workloads.violations == set() with input.grant as {"where": "in namespace shop"}
}
