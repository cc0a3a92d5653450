package kubemuster.checks.rbac.network_policies_test

import data.kubemuster.checks.rbac.network_policies

test_looks_for if {
	object.keys(network_policies.permissions) == {"policies"}
}

test_fails_once_for_all_that_is_held if {
	network_policies.violations == {{"message": "create on networkpolicies; watch on networkpolicies in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "policies", "what": "create on networkpolicies"},
		{"permission": "policies", "what": "watch on networkpolicies"},
	]}
}

test_passes_for_named_objects if {
	network_policies.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "policies",
		"what": "create on networkpolicies named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	network_policies.violations == set() with input.grant as {"where": "in namespace shop"}
}
