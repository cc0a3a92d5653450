package kubemuster.checks.rbac.nodes_proxy_test

import data.kubemuster.checks.rbac.nodes_proxy

test_looks_for if {
	object.keys(nodes_proxy.permissions) == {"nodesProxy"}
}

test_fails_once_for_all_that_is_held if {
	nodes_proxy.violations == {{"message": "get on nodes/proxy; watch on nodes/proxy in the whole cluster"}} with input.grant as {"where": "in the whole cluster", "holds": [
		{"permission": "nodesProxy", "what": "get on nodes/proxy"},
		{"permission": "nodesProxy", "what": "watch on nodes/proxy"},
	]}
}

test_fails_for_named_objects_too if {
	nodes_proxy.violations == {{"message": "get on nodes/proxy named web in the whole cluster"}} with input.grant as {"where": "in the whole cluster", "holds": [{
		"permission": "nodesProxy",
		"what": "get on nodes/proxy named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	nodes_proxy.violations == set() with input.grant as {"where": "in the whole cluster"}
}
