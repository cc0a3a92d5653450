package kubemuster.checks.workload.cpu_limit_test

import data.kubemuster.checks.workload.cpu_limit

test_fails_without_a_limit if {
	cpu_limit.violations == {unlimited} with input as pod({}, {"resources": {"limits": {"memory": "1Gi"}}})
	cpu_limit.violations == {unlimited} with input as pod({}, {"resources": {"limits": {"cpu": "0"}}})
}

test_fails_for_absent_fields if {
	cpu_limit.violations == {unlimited} with input as pod({}, {})
}

test_passes_with_a_limit_of_container_or_pod if {
	cpu_limit.violations == set() with input as pod({}, {"resources": {"limits": {"cpu": "500m"}}})
	cpu_limit.violations == set() with input as pod({"resources": {"limits": {"cpu": "1"}}}, {})
}

unlimited := {
	"path": "spec.containers[0].resources.limits.cpu",
	"message": "container web has no CPU limit",
}

pod(spec, container) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{
		"name": "web",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": container,
	},
	{
		"name": "debugger",
		"type": "ephemeralContainer",
		"path": "spec.ephemeralContainers[0]",
		"spec": {},
	},
]}}
