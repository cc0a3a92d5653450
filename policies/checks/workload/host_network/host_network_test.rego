package kubemuster.checks.workload.host_network_test

import data.kubemuster.checks.workload.host_network

test_fails_for_a_pod_that_shares_the_network if {
	host_network.violations == {{
		"path": "spec.template.spec.hostNetwork",
		"message": "the pod shares the network of its node",
	}} with input as pod({"hostNetwork": true})
}

test_passes_for_a_pod_that_does_not if {
	host_network.violations == set() with input as pod({"hostNetwork": false})
}

test_passes_for_an_absent_field if {
	host_network.violations == set() with input as pod({})
}

pod(spec) := {"workload": {"path": "spec.template.spec", "spec": spec, "containers": []}}
