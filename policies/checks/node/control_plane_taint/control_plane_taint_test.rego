package kubemuster.checks.node.control_plane_taint_test

import data.kubemuster.checks.node.control_plane_taint

test_fails_without_a_taint if {
	every spec in [
		{},
		{"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "PreferNoSchedule"}]},
		{"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]},
	] {
		every label in ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"] {
			control_plane_taint.violations == {untainted} with input.object as node({label: ""}, spec)
		}
	}
}

test_passes_with_a_taint if {
	every effect in ["NoSchedule", "NoExecute"] {
		control_plane_taint.violations == set() with input.object as node(
			{"node-role.kubernetes.io/control-plane": ""},
			{"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": effect}]},
		)
	}
}

test_passes_for_a_cordoned_node if {
	control_plane_taint.violations == set() with input.object as node(
		{"node-role.kubernetes.io/control-plane": ""},
		{"unschedulable": true},
	)
}

test_passes_for_workers_and_absent_labels if {
	control_plane_taint.violations == set() with input.object as node({"node-role.kubernetes.io/worker": ""}, {})
	control_plane_taint.violations == set() with input.object as {"metadata": {"name": "n"}}
}

untainted := {"path": "spec.taints", "message": "control-plane node n takes ordinary pods"}

node(labels, spec) := {"metadata": {"name": "n", "labels": labels}, "spec": spec}
