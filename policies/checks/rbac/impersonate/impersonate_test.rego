package kubemuster.checks.rbac.impersonate_test

import data.kubemuster.checks.rbac.impersonate

test_looks_for if {
	object.keys(impersonate.permissions) == {"impersonate"} | {key |
		some mode in ["user-info", "serviceaccount", "arbitrary-node", "associated-node"]
		some key in [mode, sprintf("on %s", [mode])]
	}
}

test_is_critical_for_everyone if {
	impersonate.violations == {{
		"key": "impersonate",
		"message": "impersonate on groups and users in the whole cluster",
		"severity": "critical",
	}} with input.grant as grant(
		"", [
			{"permission": "impersonate", "what": "impersonate on groups and users"},
			{"permission": "impersonate", "what": "impersonate on serviceaccounts named a", "names": ["a"]},
		],
		[],
	)
}

test_is_high_for_the_service_accounts_of_a_namespace if {
	impersonate.violations == {{
		"key": "impersonate",
		"message": "impersonate on serviceaccounts in namespace shop",
		"severity": "high",
	}} with input.grant as grant("shop", [{"permission": "impersonate", "what": "impersonate on serviceaccounts"}], [])
}

test_is_critical_for_masters if {
	{v.severity | some v in impersonate.violations} == {"critical"} with input.grant as {
		"namespace": "",
		"where": "in the whole cluster",
		"holds": [{
			"permission": "impersonate",
			"what": "impersonate on groups named system:masters",
			"names": ["system:masters"],
		}],
	}
}

test_is_high_for_those_who_are_named if {
	impersonate.violations == {{
		"key": "impersonate",
		"message": "impersonate on users named ada in the whole cluster",
		"severity": "high",
	}} with input.grant as grant(
		"", [{
			"permission": "impersonate",
			"what": "impersonate on users named ada",
			"names": ["ada"],
		}],
		[],
	)
}

test_fails_for_the_constrained_form_by_two_ways if {
	impersonate.violations == {{
		"key": "constrained",
		"message": "impersonate:user-info on users in the whole cluster, with impersonate-on:user-info:list on pods by X",
		"severity": "high",
		"ways": [["User ada", "X"]],
	}} with input.grant as grant("", [constrained], [constrained, {
		"permission": "on user-info",
		"what": "impersonate-on:user-info:list on pods by X",
		"way": ["User ada", "X"],
	}])
}

test_passes_for_half_of_the_constrained_form if {
	impersonate.violations == set() with input.grant as grant("", [constrained], [constrained])
	impersonate.violations == set() with input.grant as grant("", [{"permission": "on user-info", "what": "all"}], [])
}

test_passes_for_absent_fields if {
	impersonate.violations == set() with input.grant as {"namespace": "shop", "where": "in namespace shop"}
}

constrained := {"permission": "user-info", "what": "impersonate:user-info on users"}

grant("", holds, beside) := {"namespace": "", "where": "in the whole cluster", "holds": holds, "beside": beside}

grant(namespace, holds, beside) := {
	"namespace": namespace,
	"where": sprintf("in namespace %s", [namespace]),
	"holds": holds,
	"beside": beside,
} if {
	namespace != ""
}
