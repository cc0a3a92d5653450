package kubemuster.checks.workload.added_capabilities_test

import data.kubemuster.checks.workload.added_capabilities

test_fails_once_for_each_capability_beyond_the_baseline if {
	added_capabilities.violations == {
		{
			"path": "spec.containers[0].securityContext.capabilities.add",
			"message": "container web adds capability NET_RAW",
			"key": "NET_RAW",
		},
		{
			"path": "spec.containers[0].securityContext.capabilities.add",
			"message": "container web adds capability SYS_TIME",
			"key": "SYS_TIME",
		},
	} with input as container({"capabilities": {"add": ["NET_RAW", "CHOWN", "SYS_TIME", "NET_RAW"]}})
}

test_fails_for_a_default_capability_in_another_spelling if {
	added_capabilities.violations == {{
		"path": "spec.containers[0].securityContext.capabilities.add",
		"message": "container web adds capability CAP_CHOWN",
		"key": "CAP_CHOWN",
	}} with input as container({"capabilities": {"add": ["CAP_CHOWN"]}})
}

test_passes_for_the_default_capabilities if {
	added_capabilities.violations == set() with input as container({"capabilities": {"add": [
		"AUDIT_WRITE",
		"CHOWN",
		"DAC_OVERRIDE",
		"FOWNER",
		"FSETID",
		"KILL",
		"MKNOD",
		"NET_BIND_SERVICE",
		"SETFCAP",
		"SETGID",
		"SETPCAP",
		"SETUID",
		"SYS_CHROOT",
	]}})
}

test_passes_for_dropped_capabilities if {
	added_capabilities.violations == set() with input as container({"capabilities": {"drop": ["NET_RAW"]}})
}

test_passes_for_absent_fields if {
	added_capabilities.violations == set() with input as container({"capabilities": {}})
	added_capabilities.violations == set() with input as container({})
}

container(security_context) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {"securityContext": security_context},
}]}}
