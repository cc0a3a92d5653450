package kubemuster.checks.rbac.admission_write_test

import data.kubemuster.checks.rbac.admission_write

test_looks_for if {
	object.keys(admission_write.permissions) == {"admission", "mutating"}
}

test_fails_once_for_all_that_is_held if {
	admission_write.violations == {{"message": "create on mutatingwebhookconfigurations; watch on mutatingwebhookconfigurations in the whole cluster"}} with input.grant as {"where": "in the whole cluster", "holds": [
		{"permission": "admission", "what": "create on mutatingwebhookconfigurations"},
		{"permission": "admission", "what": "watch on mutatingwebhookconfigurations"},
	]}
}

test_passes_for_named_objects if {
	admission_write.violations == set() with input.grant as {"where": "in the whole cluster", "holds": [{
		"permission": "admission",
		"what": "delete on mutatingwebhookconfigurations named web",
		"names": ["web"],
	}]}
}

test_fails_for_a_named_mutating_webhook if {
	admission_write.violations == {{"message": "patch on mutatingwebhookconfigurations named web in the whole cluster"}} with input.grant as {"where": "in the whole cluster", "holds": [{
		"permission": "mutating",
		"what": "patch on mutatingwebhookconfigurations named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	admission_write.violations == set() with input.grant as {"where": "in the whole cluster"}
}
