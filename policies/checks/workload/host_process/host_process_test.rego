package kubemuster.checks.workload.host_process_test

import data.kubemuster.checks.workload.host_process

test_fails_at_the_pod_and_at_containers if {
	host_process.violations == {
		{
			"path": "spec.securityContext.windowsOptions.hostProcess",
			"message": "the pod runs its containers as processes of its node",
		},
		{
			"path": "spec.containers[0].securityContext.windowsOptions.hostProcess",
			"message": "container agent runs as a process of its node",
		},
	} with input as pod(
		{"windowsOptions": {"hostProcess": true}},
		{"windowsOptions": {"hostProcess": true}},
	)
}

test_passes_for_false if {
	host_process.violations == set() with input as pod(
		{"windowsOptions": {"hostProcess": false}},
		{"windowsOptions": {"hostProcess": false}},
	)
}

test_passes_for_absent_fields if {
	host_process.violations == set() with input as pod({"windowsOptions": {}}, {"windowsOptions": {}})
	host_process.violations == set() with input as pod({}, {})
}

pod(security_context, container) := {"workload": {
	"path": "spec",
	"spec": {"securityContext": security_context},
	"containers": [{
		"name": "agent",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": {"securityContext": container},
	}],
}}
