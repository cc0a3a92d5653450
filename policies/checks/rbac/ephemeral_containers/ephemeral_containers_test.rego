package kubemuster.checks.rbac.ephemeral_containers_test

import data.kubemuster.checks.rbac.ephemeral_containers

test_looks_for if {
	object.keys(ephemeral_containers.permissions) == {"ephemeralContainers"}
}

test_fails_once_for_all_that_is_held if {
	ephemeral_containers.violations == {{"message": "update on pods/ephemeralcontainers; watch on pods/ephemeralcontainers in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "ephemeralContainers", "what": "update on pods/ephemeralcontainers"},
		{"permission": "ephemeralContainers", "what": "watch on pods/ephemeralcontainers"},
	]}
}

test_passes_for_named_objects if {
	ephemeral_containers.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "ephemeralContainers",
		"what": "update on pods/ephemeralcontainers named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	ephemeral_containers.violations == set() with input.grant as {"where": "in namespace shop"}
}
