package kubemuster.checks.node.kubelet_authorization_test

import data.kubemuster.checks.node.kubelet_authorization

test_fails_for_always_allow if {
	kubelet_authorization.violations == {{
		"path": "authorization.mode",
		"message": "the kubelet authorizes every request",
	}} with input.object as {
		"authentication": {"anonymous": {"enabled": false}},
		"authorization": {"mode": "AlwaysAllow"},
	}
}

test_is_critical_with_anonymous_requests if {
	kubelet_authorization.violations == {{
		"path": "authorization.mode",
		"message": "the kubelet authorizes every request, and answers anonymous ones",
		"severity": "critical",
	}} with input.object as {
		"authentication": {"anonymous": {"enabled": true}},
		"authorization": {"mode": "AlwaysAllow"},
	}
}

test_passes_for_webhook if {
	kubelet_authorization.violations == set() with input.object as {"authorization": {"mode": "Webhook"}}
}

test_passes_for_absent_fields if {
	kubelet_authorization.violations == set() with input.object as {}
}
