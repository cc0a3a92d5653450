package kubemuster.checks.workload.host_port_test

import data.kubemuster.checks.workload.host_port

test_fails_once_for_each_port_of_the_node if {
	host_port.violations == {
		{
			"path": "spec.containers[0].ports",
			"message": "container web takes port 53 of its node",
			"key": "53",
		},
		{
			"path": "spec.containers[0].ports",
			"message": "container web takes port 8080 of its node",
			"key": "8080",
		},
	} with input as container({"ports": [
		{"containerPort": 53, "hostPort": 53, "protocol": "UDP"},
		{"containerPort": 53, "hostPort": 53, "protocol": "TCP"},
		{"containerPort": 80, "hostPort": 8080},
		{"containerPort": 9090},
	]})
}

test_passes_for_port_0 if {
	host_port.violations == set() with input as container({"ports": [{"containerPort": 80, "hostPort": 0}]})
}

test_passes_for_absent_fields if {
	host_port.violations == set() with input as container({"ports": [{"containerPort": 80}]})
	host_port.violations == set() with input as container({})
}

container(spec) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": spec,
}]}}
