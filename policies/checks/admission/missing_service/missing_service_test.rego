package kubemuster.checks.admission.missing_service_test

import data.kubemuster.checks.admission.missing_service

test_fails_for_a_missing_service if {
	missing_service.violations == {{
		"object": {"kind": "ValidatingWebhookConfiguration", "namespace": "", "name": "policy"},
		"path": "webhooks[1].clientConfig.service",
		"key": "gone.example",
		"message": "webhook gone.example asks service policy/gone, which does not exist",
	}} with input.inventory as {
		"webhooks": [hook("hook.example", 0, "hook"), hook("gone.example", 1, "gone"), by_url],
		"services": [{"namespace": "policy", "name": "hook"}, {"namespace": "other", "name": "gone"}],
	}
}

test_passes_for_a_namespace_that_was_left_out if {
	missing_service.violations == set() with input.inventory as {
		"webhooks": [hook("gone.example", 0, "gone")],
		"excluded": ["policy"],
	}
}

test_passes_for_absent_services_of_urls if {
	missing_service.violations == set() with input.inventory as {"webhooks": [by_url]}
	missing_service.violations == set() with input.inventory as {}
}

hook(name, index, service) := {
	"kind": "ValidatingWebhookConfiguration",
	"configuration": "policy",
	"name": name,
	"index": index,
	"serviceNamespace": "policy",
	"serviceName": service,
}

by_url := {"kind": "MutatingWebhookConfiguration", "configuration": "m", "name": "url.example", "index": 0}
