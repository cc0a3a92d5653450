package kubemuster.checks.admission.failure_policy_test

import data.kubemuster.checks.admission.failure_policy

test_fails_for_ignore if {
	failure_policy.violations == {{
		"path": "webhooks[1].failurePolicy",
		"key": "pods.policy.example",
		"message": "webhook pods.policy.example is passed over when it does not answer",
	}} with input.object as {"webhooks": [
		hook("crds.policy.example", "Ignore", ["policy.example"]),
		hook("pods.policy.example", "Ignore", ["apps", ""]),
		hook("strict.policy.example", "Fail", ["*"]),
	]}
}

test_passes_for_absent_fields if {
	failure_policy.violations == set() with input.object as {"webhooks": [{"name": "a", "rules": [{"apiGroups": ["*"]}]}]}
	failure_policy.violations == set() with input.object as {"webhooks": [{"name": "a", "failurePolicy": "Ignore"}]}
	failure_policy.violations == set() with input.object as {}
}

hook(name, policy, groups) := {"name": name, "failurePolicy": policy, "rules": [{"apiGroups": groups}]}
