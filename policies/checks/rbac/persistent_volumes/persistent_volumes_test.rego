package kubemuster.checks.rbac.persistent_volumes_test

import data.kubemuster.checks.rbac.persistent_volumes

test_looks_for if {
	object.keys(persistent_volumes.permissions) == {"volumes"}
}

test_fails_once_for_all_that_is_held if {
	persistent_volumes.violations == {{"message": "create on persistentvolumes; watch on persistentvolumes in the whole cluster"}} with input.grant as {"where": "in the whole cluster", "holds": [
		{"permission": "volumes", "what": "create on persistentvolumes"},
		{"permission": "volumes", "what": "watch on persistentvolumes"},
	]}
}

test_passes_for_named_objects if {
	persistent_volumes.violations == set() with input.grant as {"where": "in the whole cluster", "holds": [{
		"permission": "volumes",
		"what": "create on persistentvolumes named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	persistent_volumes.violations == set() with input.grant as {"where": "in the whole cluster"}
}
