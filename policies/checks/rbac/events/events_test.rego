package kubemuster.checks.rbac.events_test

import data.kubemuster.checks.rbac.events

test_looks_for if {
	object.keys(events.permissions) == {"events"}
}

test_fails_once_for_all_that_is_held if {
	events.violations == {{"message": "delete on events; watch on events in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "events", "what": "delete on events"},
		{"permission": "events", "what": "watch on events"},
	]}
}

test_passes_for_named_objects if {
	events.violations == set() with input.grant as {"where": "in namespace shop", "holds": [{
		"permission": "events",
		"what": "delete on events named web",
		"names": ["web"],
	}]}
}

test_passes_for_absent_fields if {
	events.violations == set() with input.grant as {"where": "in namespace shop"}
}
