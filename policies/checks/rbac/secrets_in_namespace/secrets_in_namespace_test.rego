package kubemuster.checks.rbac.secrets_in_namespace_test

import data.kubemuster.checks.rbac.secrets_in_namespace

test_looks_for if {
	object.keys(secrets_in_namespace.permissions) == {"secrets"}
}

test_fails_once_for_all_that_is_held if {
	secrets_in_namespace.violations == {{"message": "get on secrets; watch on secrets in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "secrets", "what": "get on secrets"},
		{"permission": "secrets", "what": "watch on secrets"},
	]}
}

test_passes_for_named_objects if {
	secrets_in_namespace.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "secrets",
		"what": "get on secrets named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	secrets_in_namespace.violations == set() with input.grant as {"where": "in namespace shop"}
}
