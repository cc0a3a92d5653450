package kubemuster.checks.rbac.service_account_tokens_test

import data.kubemuster.checks.rbac.service_account_tokens

test_looks_for if {
	object.keys(service_account_tokens.permissions) == {"controller", "token"}
}

test_fails_once_for_all_that_is_held if {
	service_account_tokens.violations == {{"message": "create on serviceaccounts/token; watch on serviceaccounts/token in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "token", "what": "create on serviceaccounts/token"},
		{"permission": "token", "what": "watch on serviceaccounts/token"},
	]}
}

test_passes_for_named_objects if {
	service_account_tokens.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "token",
		"what": "create on serviceaccounts/token named web",
		"names": ["web"],
	}]}
}

test_fails_for_a_controller if {
	service_account_tokens.violations == {{"message": "create on serviceaccounts/token named job-controller in the whole cluster"}} with input.grant as {"where": "in the whole cluster", "holds": [
		{
			"permission": "token",
			"what": "create on serviceaccounts/token named job-controller and web",
			"names": ["job-controller", "web"],
		},
		{
			"permission": "controller",
			"what": "create on serviceaccounts/token named job-controller",
			"names": ["job-controller"],
		},
	]}
}

test_passes_for_absent_fields if {
	service_account_tokens.violations == set() with input.grant as {"where": "in namespace shop"}
}
