package kubemuster.checks.node.conditions_test

import data.kubemuster.checks.node.conditions

test_fails_once_for_each_condition if {
	conditions.violations == {found("Ready", "Unknown"), found("DiskPressure", "True")} with input.object as node([
		{"type": "Ready", "status": "Unknown"},
		{"type": "DiskPressure", "status": "True"},
		{"type": "PIDPressure", "status": "False"},
		{"type": "KernelDeadlock", "status": "True"},
	])
}

test_passes_for_a_healthy_node if {
	conditions.violations == set() with input.object as node([
		{"type": "Ready", "status": "True"},
		{"type": "MemoryPressure", "status": "False"},
	])
}

test_passes_for_absent_conditions if {
	conditions.violations == set() with input.object as {"metadata": {"name": "n"}, "status": {}}
}

found(type, status) := {
	"path": "status.conditions",
	"key": type,
	"message": sprintf("node n has the condition %s=%s", [type, status]),
}

node(list) := {"metadata": {"name": "n"}, "status": {"conditions": list}}
