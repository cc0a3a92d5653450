package kubemuster.checks.workload.requests_test

import data.kubemuster.checks.workload.requests

test_fails_for_what_is_missing if {
	requests.violations == {violation("memory")} with input as pod({}, {"resources": {"requests": {"cpu": "100m"}}})
	requests.violations == {violation("cpu")} with input as pod({}, {"resources": {"limits": {"memory": "1Gi"}}})
}

test_fails_for_absent_fields if {
	requests.violations == {violation("cpu and no memory")} with input as pod({}, {})
}

test_passes_with_requests_of_container_or_pod if {
	requests.violations == set() with input as pod({}, {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}})
	requests.violations == set() with input as pod({"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}, {})
	requests.violations == set() with input as pod({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}, {})
}

violation(missing) := {
	"path": "spec.containers[0].resources.requests",
	"message": sprintf("container web requests no %s", [missing]),
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
