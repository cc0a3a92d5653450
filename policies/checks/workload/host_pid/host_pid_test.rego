package kubemuster.checks.workload.host_pid_test

import data.kubemuster.checks.workload.host_pid

test_fails_for_a_pod_that_shares_the_namespace if {
	host_pid.violations == {{
		"path": "spec.template.spec.hostPID",
		"message": "the pod shares the process namespace of its node",
	}} with input as pod({"hostPID": true})
}

test_passes_for_a_pod_that_does_not if {
	host_pid.violations == set() with input as pod({"hostPID": false})
}

test_passes_for_an_absent_field if {
	host_pid.violations == set() with input as pod({})
}

pod(spec) := {"workload": {"path": "spec.template.spec", "spec": spec, "containers": []}}
