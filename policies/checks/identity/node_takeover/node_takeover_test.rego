package kubemuster.checks.identity.node_takeover_test

import data.kubemuster.checks.identity.node_takeover
import data.kubemuster.lib.takeover

test_looks_for_what_takeover_needs if {
	node_takeover.permissions == takeover.permissions
}

test_fails_once_for_a_node_with_two_accounts if {
	node_takeover.violations == {
		{
			"object": {"kind": "Node", "namespace": "", "name": "node-0"},
			"path": "",
			"message": concat(" ", [
				"whoever takes it can take the cluster with the tokens of",
				"ServiceAccount shop/ci, ServiceAccount shop/web",
			]),
			"ways": [
				["Node node-0", "ServiceAccount shop/ci", "ClusterRoleBinding ops", "ClusterRole ops"],
				["Node node-0", "ServiceAccount shop/web", "ClusterRoleBinding ops", "ClusterRole ops"],
			],
		},
		{
			"object": {"kind": "Node", "namespace": "", "name": "node-1"},
			"path": "",
			"message": "whoever takes it can take the cluster with the tokens of ServiceAccount shop/web",
			"ways": [["Node node-1", "ServiceAccount shop/web", "ClusterRoleBinding ops", "ClusterRole ops"]],
		},
	} with input.holders as [
		holder("ci", "Pod", ["node-0"], "everything"),
		holder("web", "Deployment", ["node-0", "node-1"], "everything"),
		holder("harmless", "Deployment", ["node-2"], "escalate clusterroles"),
	]
}

test_fails_once_for_a_daemon_set if {
	node_takeover.violations == {{
		"object": {"kind": "DaemonSet", "namespace": "shop", "name": "agent"},
		"path": "",
		"message": "whoever takes a node that it runs on can take the cluster with the token of ServiceAccount shop/agent",
		"ways": [["DaemonSet shop/agent", "ServiceAccount shop/agent", "ClusterRoleBinding ops", "ClusterRole ops"]],
	}} with input.holders as [holder("agent", "DaemonSet", ["node-0", "node-1"], "everything")]
}

test_passes_for_absent_fields if {
	node_takeover.violations == set() with input as {}
	node_takeover.violations == set() with input.holders as [{"namespace": "shop", "name": "web"}]
	node_takeover.violations == set() with input.holders as [object.remove(
		holder("web", "Deployment", [], "everything"),
		["workloads"],
	)]
}

holder(name, kind, nodes, permission) := {
	"namespace": "shop",
	"name": name,
	"holds": [{"permission": permission, "way": ["ClusterRoleBinding ops", "ClusterRole ops"]}],
	"workloads": [{"kind": kind, "namespace": "shop", "name": name, "nodes": nodes}],
}
