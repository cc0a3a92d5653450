package kubemuster.checks.workload.dropped_capabilities_test

import data.kubemuster.checks.workload.dropped_capabilities

test_fails_for_a_container_that_drops_some if {
	dropped_capabilities.violations == {not_dropped} with input as pod({}, {"drop": ["NET_RAW", "MKNOD"]})
}

test_fails_for_all_in_another_spelling if {
	dropped_capabilities.violations == {not_dropped} with input as pod({}, {"drop": ["all"]})
}

test_fails_once_for_each_capability_added_back if {
	dropped_capabilities.violations == {
		{
			"path": "spec.initContainers[0].securityContext.capabilities.add",
			"message": "container setup adds capability CHOWN",
			"key": "CHOWN",
		},
		{
			"path": "spec.initContainers[0].securityContext.capabilities.add",
			"message": "container setup adds capability KILL",
			"key": "KILL",
		},
	} with input as pod({}, {"drop": ["ALL"], "add": ["CHOWN", "NET_BIND_SERVICE", "KILL"]})
}

test_fails_for_both if {
	dropped_capabilities.violations == {
		not_dropped,
		{
			"path": "spec.initContainers[0].securityContext.capabilities.add",
			"message": "container setup adds capability CHOWN",
			"key": "CHOWN",
		},
	} with input as pod({}, {"add": ["CHOWN"]})
}

test_passes_for_a_container_that_drops_all if {
	dropped_capabilities.violations == set() with input as pod({}, {"drop": ["NET_RAW", "ALL"]})
	dropped_capabilities.violations == set() with input as pod({}, {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})
}

test_fails_for_absent_fields if {
	dropped_capabilities.violations == {not_dropped} with input as pod({}, {})
	dropped_capabilities.violations == {not_dropped} with input as {"workload": {
		"path": "spec",
		"spec": {},
		"containers": [{"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]", "spec": {}}],
	}}
}

test_passes_for_a_windows_pod if {
	dropped_capabilities.violations == set() with input as pod({"os": {"name": "windows"}}, {"add": ["CHOWN"]})
}

not_dropped := {
	"path": "spec.initContainers[0].securityContext.capabilities.drop",
	"message": "container setup does not drop all capabilities",
}

pod(spec, capabilities) := {"workload": {"path": "spec", "spec": spec, "containers": [{
	"name": "setup",
	"type": "initContainer",
	"path": "spec.initContainers[0]",
	"spec": {"securityContext": {"capabilities": capabilities}},
}]}}
