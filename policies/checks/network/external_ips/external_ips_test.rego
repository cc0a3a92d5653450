package kubemuster.checks.network.external_ips_test

import data.kubemuster.checks.network.external_ips

test_fails_for_external_ips if {
	external_ips.violations == {{
		"path": "spec.externalIPs",
		"message": "service web takes the traffic for 192.0.2.1, 192.0.2.2",
	}} with input.object as {"metadata": {"name": "web"}, "spec": {"externalIPs": ["192.0.2.1", "192.0.2.2"]}}
}

test_passes_for_none if {
	external_ips.violations == set() with input.object as {"metadata": {"name": "web"}, "spec": {"externalIPs": []}}
	external_ips.violations == set() with input.object as {"metadata": {"name": "web"}, "spec": {}}
}
