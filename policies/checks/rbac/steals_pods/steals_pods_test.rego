package kubemuster.checks.rbac.steals_pods_test

import data.kubemuster.checks.rbac.steals_pods

test_looks_for if {
	object.keys(steals_pods.permissions) == {"nodes", "pods"}
}

test_fails_for_both_in_one_grant if {
	steals_pods.violations == {{
		"message": "patch on nodes, with create on pods/eviction",
		"ways": [],
	}} with input.grant as grant([first, second], [first, second])
}

test_fails_for_two_ways if {
	steals_pods.violations == {{
		"message": "patch on nodes, with create on pods/eviction by X",
		"ways": [["User ada", "X"]],
	}} with input.grant as grant([first], [first, {
		"permission": "pods",
		"what": "create on pods/eviction by X",
		"way": ["User ada", "X"],
	}])
}

test_passes_for_either_alone if {
	steals_pods.violations == set() with input.grant as grant([first], [first])
	steals_pods.violations == set() with input.grant as grant([second], [second])
}

test_passes_for_named_objects if {
	steals_pods.violations == set() with input.grant as grant([first], [first, {
		"permission": "pods",
		"what": "create on pods/eviction named a",
		"names": ["a"],
	}])
}

test_passes_for_absent_fields if {
	steals_pods.violations == set() with input.grant as {"where": "in namespace shop"}
}

first := {"permission": "nodes", "what": "patch on nodes"}

second := {"permission": "pods", "what": "create on pods/eviction"}

grant(holds, beside) := {"where": "in namespace shop", "holds": holds, "beside": beside}
