package kubemuster.checks.workload.debug_container_test

import data.kubemuster.checks.workload.debug_container

test_fails_for_an_ephemeral_container if {
	debug_container.violations == {{
		"path": "spec.ephemeralContainers[0]",
		"message": "ephemeral container debugger-x7k2p was added to the pod",
	}} with input as {"workload": {"containers": [{
		"name": "debugger-x7k2p",
		"type": "ephemeralContainer",
		"path": "spec.ephemeralContainers[0]",
		"spec": {},
	}]}}
}

test_passes_for_other_containers if {
	debug_container.violations == set() with input as {"workload": {"containers": [
		{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": {}},
		{"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]", "spec": {}},
	]}}
}

test_passes_for_absent_containers if {
	debug_container.violations == set() with input as {"workload": {"containers": []}}
}
