package kubemuster.checks.network.node_port_test

import data.kubemuster.checks.network.node_port

test_fails_for_a_node_port if {
	node_port.violations == {{
		"path": "spec.type",
		"message": "service web opens a port on every node",
	}} with input.object as {"metadata": {"name": "web"}, "spec": {"type": "NodePort"}}
}

test_passes_for_others_and_the_absent_type if {
	node_port.violations == set() with input.object as {"metadata": {"name": "web"}, "spec": {"type": "LoadBalancer"}}
	node_port.violations == set() with input.object as {"metadata": {"name": "web"}, "spec": {}}
}
