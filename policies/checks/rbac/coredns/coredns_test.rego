package kubemuster.checks.rbac.coredns_test

import data.kubemuster.checks.rbac.coredns

test_looks_for if {
	object.keys(coredns.permissions) == {"coredns"}
}

test_fails_once_for_all_that_is_held if {
	coredns.violations == {{"message": "update on configmaps; watch on configmaps in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "coredns", "what": "update on configmaps"},
		{"permission": "coredns", "what": "watch on configmaps"},
	]}
}

test_fails_for_named_objects_too if {
	coredns.violations == {{"message": "update on configmaps named web in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "coredns",
		"what": "update on configmaps named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	coredns.violations == set() with input.grant as {"where": "in namespace shop"}
}
