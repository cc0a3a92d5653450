package kubemuster.checks.workload.probe_host_test

import data.kubemuster.checks.workload.probe_host

test_fails_for_a_host_in_a_probe if {
	probe_host.violations == {
		{
			"path": "spec.containers[0].livenessProbe.httpGet.host",
			"message": "the livenessProbe of container web goes to host 169.254.169.254",
			"key": "livenessProbe.httpGet",
		},
		{
			"path": "spec.containers[0].readinessProbe.tcpSocket.host",
			"message": "the readinessProbe of container web goes to host localhost",
			"key": "readinessProbe.tcpSocket",
		},
		{
			"path": "spec.containers[0].startupProbe.httpGet.host",
			"message": "the startupProbe of container web goes to host 127.0.0.1",
			"key": "startupProbe.httpGet",
		},
	} with input as container({
		"livenessProbe": {"httpGet": {"host": "169.254.169.254", "port": 80}},
		"readinessProbe": {"tcpSocket": {"host": "localhost", "port": 80}},
		"startupProbe": {"httpGet": {"host": "127.0.0.1", "port": 80}},
	})
}

test_fails_for_a_host_in_a_hook if {
	probe_host.violations == {
		{
			"path": "spec.containers[0].lifecycle.postStart.tcpSocket.host",
			"message": "the postStart hook of container web goes to host node",
			"key": "postStart.tcpSocket",
		},
		{
			"path": "spec.containers[0].lifecycle.preStop.httpGet.host",
			"message": "the preStop hook of container web goes to host node",
			"key": "preStop.httpGet",
		},
	} with input as container({"lifecycle": {
		"postStart": {"tcpSocket": {"host": "node", "port": 80}},
		"preStop": {"httpGet": {"host": "node", "port": 80}},
	}})
}

# Wherever a probe or a hook may name a host: each place is a rule of its own.
test_fails_for_a_host_in_each_place if {
	every probe, action in actions(["livenessProbe", "readinessProbe", "startupProbe"]) {
		paths({probe: action}) == {sprintf("%s.%s.host", [probe, field]) | some field, _ in action}
	}
	every hook, action in actions(["postStart", "preStop"]) {
		paths({"lifecycle": {hook: action}}) == {sprintf("lifecycle.%s.%s.host", [hook, field]) | some field, _ in action}
	}
}

actions(names) := {name: {"httpGet": {"host": "node", "port": 80}, "tcpSocket": {"host": "node", "port": 80}} | some name in names}

paths(spec) := found if {
	violations := probe_host.violations with input as container(spec)
	found := {trim_prefix(violation.path, "spec.containers[0].") | some violation in violations}
}

test_passes_without_a_host if {
	probe_host.violations == set() with input as container({
		"livenessProbe": {"httpGet": {"host": "", "port": 80}},
		"readinessProbe": {"exec": {"command": ["true"]}},
		"lifecycle": {"preStop": {"httpGet": {"port": 80}}},
	})
}

test_passes_for_absent_fields if {
	probe_host.violations == set() with input as container({})
}

container(spec) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": spec,
}]}}
