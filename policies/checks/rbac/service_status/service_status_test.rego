package kubemuster.checks.rbac.service_status_test

import data.kubemuster.checks.rbac.service_status

test_looks_for if {
	object.keys(service_status.permissions) == {"addresses", "status"}
}

test_fails_once_for_all_that_is_held if {
	service_status.violations == {
		{
			"message": "update on services/status; watch on services/status in namespace shop",
			"key": "status",
			"severity": "medium",
		},
		{
			"message": "patch on services in namespace shop",
			"key": "addresses",
			"severity": "low",
		},
	} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "status", "what": "update on services/status"},
		{"permission": "status", "what": "watch on services/status"},
		{"permission": "addresses", "what": "patch on services"},
	]}
}

test_passes_for_named_objects if {
	service_status.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "status",
		"what": "update on services/status named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	service_status.violations == set() with input.grant as {"where": "in namespace shop"}
}
