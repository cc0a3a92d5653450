package kubemuster.checks.workload.host_ipc_test

import data.kubemuster.checks.workload.host_ipc

test_fails_for_a_pod_that_shares_the_namespace if {
	host_ipc.violations == {{
		"path": "spec.template.spec.hostIPC",
		"message": "the pod shares the IPC namespace of its node",
	}} with input as pod({"hostIPC": true})
}

test_passes_for_a_pod_that_does_not if {
	host_ipc.violations == set() with input as pod({"hostIPC": false})
}

test_passes_for_an_absent_field if {
	host_ipc.violations == set() with input as pod({})
}

pod(spec) := {"workload": {"path": "spec.template.spec", "spec": spec, "containers": []}}
