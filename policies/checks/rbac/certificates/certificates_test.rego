package kubemuster.checks.rbac.certificates_test

import data.kubemuster.checks.rbac.certificates

test_looks_for if {
	object.keys(certificates.permissions) == {"approval", "approve", "sign", "status"}
}

test_fails_for_both_in_one_grant if {
	certificates.violations == {{
		"key": "approve",
		"message": "approve on signers, with update on certificatesigningrequests/approval",
		"ways": [],
	}} with input.grant as grant([first, second], [first, second])
}

test_fails_for_two_ways if {
	certificates.violations == {{
		"key": "approve",
		"message": "approve on signers, with update on certificatesigningrequests/approval by X",
		"ways": [["User ada", "X"]],
	}} with input.grant as grant([first], [first, {
		"permission": "approval",
		"what": "update on certificatesigningrequests/approval by X",
		"way": ["User ada", "X"],
	}])
}

test_passes_for_either_alone if {
	certificates.violations == set() with input.grant as grant([first], [first])
	certificates.violations == set() with input.grant as grant([second], [second])
}

test_passes_for_absent_fields if {
	certificates.violations == set() with input.grant as {"where": "in namespace shop"}
}

first := {"permission": "approve", "what": "approve on signers"}

second := {"permission": "approval", "what": "update on certificatesigningrequests/approval"}

grant(holds, beside) := {"where": "in namespace shop", "holds": holds, "beside": beside}
