package kubemuster.checks.rbac.wildcard_test

import data.kubemuster.checks.rbac.wildcard

test_looks_for if {
	object.keys(wildcard.permissions) == {"API groups", "resources", "verbs"}
}

test_fails_once_for_all_fields if {
	wildcard.violations == {{"message": "* stands for API groups and verbs in namespace shop"}} with input.grant as {
		"where": "in namespace shop",
		"holds": [
			{"permission": "verbs", "what": "* on pods"},
			{"permission": "API groups", "what": "get on pods"},
			{"permission": "verbs", "what": "* on jobs", "names": ["a"]},
		],
	}
}

test_passes_for_absent_fields if {
	wildcard.violations == set() with input.grant as {"where": "in namespace shop"}
}
