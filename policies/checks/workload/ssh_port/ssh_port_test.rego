package kubemuster.checks.workload.ssh_port_test

import data.kubemuster.checks.workload.ssh_port

test_fails_for_port_22 if {
	ssh_port.violations == {{
		"path": "spec.containers[0].ports",
		"message": "container web serves port 22, the port of SSH",
	}} with input as container({"ports": [{"containerPort": 80}, {"containerPort": 22}]})
}

test_passes_for_other_ports if {
	ssh_port.violations == set() with input as container({"ports": [{"containerPort": 80}, {"containerPort": 2222}]})
}

test_passes_for_absent_ports if {
	ssh_port.violations == set() with input as container({})
}

container(spec) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": spec,
}]}}
