package kubemuster.checks.node.kubelet_read_only_port_test

import data.kubemuster.checks.node.kubelet_read_only_port

test_fails_for_a_port if {
	kubelet_read_only_port.violations == {{
		"path": "readOnlyPort",
		"message": "the kubelet serves its read-only port, 10255, to everyone",
	}} with input.object as {"readOnlyPort": 10255}
}

test_passes_for_none if {
	kubelet_read_only_port.violations == set() with input.object as {"readOnlyPort": 0}
}

test_passes_for_absent_fields if {
	kubelet_read_only_port.violations == set() with input.object as {}
}
