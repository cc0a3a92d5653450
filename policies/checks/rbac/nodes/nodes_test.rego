package kubemuster.checks.rbac.nodes_test

import data.kubemuster.checks.rbac.nodes

test_looks_for if {
	object.keys(nodes.permissions) == {"nodes"}
}

test_fails_once_for_all_that_is_held if {
	nodes.violations == {{"message": "create on nodes; watch on nodes in the whole cluster"}} with input.grant as {"where": "in the whole cluster", "holds": [
		{"permission": "nodes", "what": "create on nodes"},
		{"permission": "nodes", "what": "watch on nodes"},
	]}
}

test_passes_for_named_objects if {
	nodes.violations == set() with input.grant as {"where": "in the whole cluster", "holds": [{
		"permission": "nodes",
		"what": "create on nodes named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	nodes.violations == set() with input.grant as {"where": "in the whole cluster"}
}
