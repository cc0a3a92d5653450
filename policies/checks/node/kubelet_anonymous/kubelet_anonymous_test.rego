package kubemuster.checks.node.kubelet_anonymous_test

import data.kubemuster.checks.node.kubelet_anonymous

test_fails_for_anonymous_requests if {
	kubelet_anonymous.violations == {{
		"path": "authentication.anonymous.enabled",
		"message": "the kubelet answers anonymous requests",
	}} with input.object as {"authentication": {"anonymous": {"enabled": true}}}
}

test_passes_without if {
	kubelet_anonymous.violations == set() with input.object as {"authentication": {"anonymous": {"enabled": false}}}
}

test_passes_for_absent_fields if {
	kubelet_anonymous.violations == set() with input.object as {}
}
