package kubemuster.checks.workload.debug_container_test

import data.kubemuster.checks.workload.debug_container

test_fails_for_an_ephemeral_container if {
	debug_container.violations == {{
		"path": "spec.ephemeralContainers[0]",
		"message": "ephemeral container debugger-x7k2p was added to the pod",
	}} with input as pod({"ephemeralContainers": [{"name": "debugger-x7k2p"}]})
}

test_passes_for_other_containers if {
	debug_container.violations == set() with input as pod({"containers": [{"name": "web"}], "initContainers": [{"name": "setup"}]})
}

test_passes_for_absent_containers if {
	debug_container.violations == set() with input as pod({})
}

pod(spec) := {"workload": {"path": "spec", "spec": spec}}
