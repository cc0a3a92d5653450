package kubemuster.checks.workload.node_capability_test

import data.kubemuster.checks.workload.node_capability

test_fails_once_for_each_capability_and_spelling if {
	node_capability.violations == {
		{
			"path": "spec.containers[0].securityContext.capabilities.add",
			"message": "container agent adds capability SYS_ADMIN, which mounts the disks of the node and enters its namespaces",
			"key": "SYS_ADMIN",
			"severity": "critical",
		},
		{
			"path": "spec.containers[0].securityContext.capabilities.add",
			"message": "container agent adds capability BPF, which loads programs into the kernel of the node",
			"key": "BPF",
			"severity": "high",
		},
	} with input as pod({}, {"capabilities": {"add": ["CAP_SYS_ADMIN", "SYS_ADMIN", "cap_bpf", "CHOWN"]}})
}

test_weighs_every_capability if {
	severities := {violation.key: violation.severity | some violation in node_capability.violations} with input as pod(
		{"hostPID": true, "hostNetwork": true},
		{"capabilities": {"add": [
			"ALL",
			"BPF",
			"CHOWN",
			"DAC_READ_SEARCH",
			"MAC_ADMIN",
			"MAC_OVERRIDE",
			"NET_ADMIN",
			"NET_RAW",
			"PERFMON",
			"SYS_ADMIN",
			"SYS_BOOT",
			"SYS_MODULE",
			"SYS_PTRACE",
			"SYS_RAWIO",
			"SYS_TIME",
		]}},
	)
	severities == {
		"ALL": "critical",
		"BPF": "high",
		"DAC_READ_SEARCH": "critical",
		"MAC_ADMIN": "high",
		"MAC_OVERRIDE": "high",
		"NET_ADMIN": "high",
		"PERFMON": "high",
		"SYS_ADMIN": "critical",
		"SYS_BOOT": "high",
		"SYS_MODULE": "critical",
		"SYS_PTRACE": "critical",
		"SYS_RAWIO": "critical",
	}
}

test_fails_for_tracing_in_the_process_namespace_of_the_node if {
	node_capability.violations == {{
		"path": "spec.containers[0].securityContext.capabilities.add",
		"message": "container agent adds capability SYS_PTRACE, which takes over processes of the node in a pod that shares them",
		"key": "SYS_PTRACE",
		"severity": "critical",
	}} with input as pod({"hostPID": true}, {"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"]}})
}

test_fails_for_administering_the_network_of_the_node if {
	node_capability.violations == {{
		"path": "spec.containers[0].securityContext.capabilities.add",
		"message": "container agent adds capability NET_ADMIN, which redirects traffic of the node in a pod that shares its network",
		"key": "NET_ADMIN",
		"severity": "high",
	}} with input as pod({"hostNetwork": true}, {"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"]}})
}

test_passes_where_those_two_rule_the_pod_only if {
	node_capability.violations == set() with input as pod({}, {"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"]}})
}

test_passes_in_a_user_namespace if {
	node_capability.violations == set() with input as pod(
		{"hostUsers": false},
		{"capabilities": {"add": ["ALL", "SYS_ADMIN"]}},
	)
}

test_passes_for_absent_fields if {
	node_capability.violations == set() with input as pod({}, {"capabilities": {"drop": ["ALL"]}})
	node_capability.violations == set() with input as pod({}, {})
}

pod(spec, security_context) := {"workload": {"path": "spec", "spec": spec, "containers": [{
	"name": "agent",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {"securityContext": security_context},
}]}}
