package kubemuster.checks.admission.outside_webhook_test

import data.kubemuster.checks.admission.outside_webhook

test_fails_for_a_url_outside if {
	outside_webhook.violations == {
		{
			"path": "webhooks[0].clientConfig.url",
			"key": "a.example",
			"message": "webhook a.example is called at hooks.example",
		},
		{
			"path": "webhooks[1].clientConfig.url",
			"key": "b.example",
			"message": "webhook b.example is called at [2001:db8::1]",
		},
	} with input.object as {"webhooks": [
		hook("a.example", "https://Hooks.example:8443/validate"),
		hook("b.example", "https://[2001:db8::1]/x"),
	]}
}

test_passes_for_the_api_server_and_services if {
	every url in [
		"https://localhost/x",
		"https://127.0.0.1:23443/mutate",
		"https://[::1]:8443/",
		"https://hook.policy.svc:443/x",
		"https://hook.policy.svc.cluster.local/x",
	] {
		outside_webhook.violations == set() with input.object as {"webhooks": [hook("a", url)]}
	}
}

test_passes_for_absent_urls if {
	outside_webhook.violations == set() with input.object as {"webhooks": [{"name": "a", "clientConfig": {"service": {
		"namespace": "policy",
		"name": "hook",
	}}}]}
	outside_webhook.violations == set() with input.object as {}
}

hook(name, url) := {"name": name, "clientConfig": {"url": url}}
