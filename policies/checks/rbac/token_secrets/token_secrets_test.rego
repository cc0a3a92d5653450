package kubemuster.checks.rbac.token_secrets_test

import data.kubemuster.checks.rbac.token_secrets

test_looks_for if {
	object.keys(token_secrets.permissions) == {"create", "read"}
}

test_fails_for_both_in_one_grant if {
	token_secrets.violations == {{
		"message": "create on secrets in namespace shop, with get on secrets",
		"ways": [],
	}} with input.grant as grant([first, second], [first, second])
}

test_fails_for_two_ways if {
	token_secrets.violations == {{
		"message": "create on secrets in namespace shop, with get on secrets by X",
		"ways": [["User ada", "X"]],
	}} with input.grant as grant([first], [first, {
		"permission": "read",
		"what": "get on secrets by X",
		"way": ["User ada", "X"],
	}])
}

test_passes_for_either_alone if {
	token_secrets.violations == set() with input.grant as grant([first], [first])
	token_secrets.violations == set() with input.grant as grant([second], [second])
}

# The Secret is made with the name that may be read.
test_weighs_named_objects if {
	by_name := {
		"permission": "read",
		"what": "get on secrets named a",
		"names": ["a"],
	}
	violation := {"message": "create on secrets in namespace shop, with get on secrets named a", "ways": []}
	every t in [
		["shop", {object.union(violation, {"severity": "medium"})}],
		["kube-system", {violation}],
		["", {violation}],
	] {
		token_secrets.violations == t[1] with input.grant as object.union(
			grant([first], [first, by_name]),
			{"namespace": t[0]},
		)
	}
}

test_passes_for_absent_fields if {
	token_secrets.violations == set() with input.grant as {"where": "in namespace shop"}
}

first := {"permission": "create", "what": "create on secrets"}

second := {"permission": "read", "what": "get on secrets"}

grant(holds, beside) := {"where": "in namespace shop", "namespace": "shop", "holds": holds, "beside": beside}
