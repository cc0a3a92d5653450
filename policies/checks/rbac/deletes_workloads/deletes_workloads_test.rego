package kubemuster.checks.rbac.deletes_workloads_test

import data.kubemuster.checks.rbac.deletes_workloads

test_looks_for if {
	object.keys(deletes_workloads.permissions) == {"workloads"}
}

test_fails_once_for_all_that_is_held if {
	deletes_workloads.violations == {{"message": "delete on pods; watch on pods in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "workloads", "what": "delete on pods"},
		{"permission": "workloads", "what": "watch on pods"},
	]}
}

test_passes_for_named_objects if {
	deletes_workloads.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "workloads",
		"what": "delete on pods named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	deletes_workloads.violations == set() with input.grant as {"where": "in namespace shop"}
}
