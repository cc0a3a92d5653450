package kubemuster.checks.workload.probes_test

import data.kubemuster.checks.workload.probes

test_fails_without_probes if {
	probes.violations == {violation} with input as pod({"restartPolicy": "Always"}, {"startupProbe": {"exec": {}}})
}

test_fails_for_absent_fields if {
	probes.violations == {violation} with input as pod({}, {})
}

test_passes_with_a_probe if {
	probes.violations == set() with input as pod({}, {"readinessProbe": {"exec": {}}})
	probes.violations == set() with input as pod({}, {"livenessProbe": {"exec": {}}})
}

test_passes_for_what_runs_to_its_end if {
	probes.violations == set() with input as pod({"restartPolicy": "Never"}, {})
	probes.violations == set() with input as pod({"restartPolicy": "OnFailure"}, {})
}

violation := {
	"path": "spec.containers[0].readinessProbe",
	"message": "container web has neither a readiness nor a liveness probe",
}

pod(spec, container) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{
		"name": "web",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": container,
	},
	{
		"name": "setup",
		"type": "initContainer",
		"path": "spec.initContainers[0]",
		"spec": {},
	},
]}}
