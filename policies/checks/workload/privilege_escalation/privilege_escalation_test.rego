package kubemuster.checks.workload.privilege_escalation_test

import data.kubemuster.checks.workload.privilege_escalation

test_fails_for_every_container_that_does_not_forbid_it if {
	privilege_escalation.violations == {
		{
			"path": "spec.containers[0].securityContext.allowPrivilegeEscalation",
			"message": "container web does not set allowPrivilegeEscalation to false",
		},
		{
			"path": "spec.initContainers[0].securityContext.allowPrivilegeEscalation",
			"message": "container setup does not set allowPrivilegeEscalation to false",
		},
		{
			"path": "spec.ephemeralContainers[0].securityContext.allowPrivilegeEscalation",
			"message": "container debug does not set allowPrivilegeEscalation to false",
		},
	} with input as pod({}, {}, {"securityContext": {}}, {"securityContext": {"allowPrivilegeEscalation": true}})
}

test_passes_for_containers_that_forbid_it if {
	privilege_escalation.violations == set() with input as pod({}, forbidden, forbidden, forbidden)
}

test_passes_for_a_windows_pod if {
	privilege_escalation.violations == set() with input as pod({"os": {"name": "windows"}}, {}, {}, {})
}

test_fails_for_a_linux_pod if {
	privilege_escalation.violations == {{
		"path": "spec.containers[0].securityContext.allowPrivilegeEscalation",
		"message": "container web does not set allowPrivilegeEscalation to false",
	}} with input as pod({"os": {"name": "linux"}}, {}, forbidden, forbidden)
}

forbidden := {"securityContext": {"allowPrivilegeEscalation": false}}

pod(spec, container, init, ephemeral) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": container},
	{"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]", "spec": init},
	{"name": "debug", "type": "ephemeralContainer", "path": "spec.ephemeralContainers[0]", "spec": ephemeral},
]}}
