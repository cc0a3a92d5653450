package kubemuster.checks.workload.shared_processes_test

import data.kubemuster.checks.workload.shared_processes

test_fails_where_it_is_set if {
	shared_processes.violations == {{
		"path": "spec.shareProcessNamespace",
		"message": "the containers of the pod share one process namespace",
	}} with input as pod({"shareProcessNamespace": true})
}

test_passes_where_it_is_false if {
	shared_processes.violations == set() with input as pod({"shareProcessNamespace": false})
}

test_passes_for_an_absent_field if {
	shared_processes.violations == set() with input as pod({})
}

pod(spec) := {"workload": {"path": "spec", "spec": spec, "containers": []}}
