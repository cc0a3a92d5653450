package kubemuster.checks.identity.workload_takeover_test

import data.kubemuster.checks.identity.workload_takeover
import data.kubemuster.lib.takeover

test_looks_for_what_takeover_needs if {
	workload_takeover.permissions == takeover.permissions
}

test_fails_once_for_two_ways if {
	workload_takeover.violations == {{
		"object": {"kind": "Deployment", "namespace": "shop", "name": "web"},
		"path": "",
		"message": concat(" ", [
			"it can take the cluster (escalate, impersonate users): Deployment shop/web → ServiceAccount shop/web →",
			"ClusterRoleBinding a → ClusterRole a and ClusterRoleBinding b → ClusterRole b",
		]),
		"ways": [
			["Deployment shop/web", "ServiceAccount shop/web", "ClusterRoleBinding a", "ClusterRole a"],
			["Deployment shop/web", "ServiceAccount shop/web", "ClusterRoleBinding b", "ClusterRole b"],
		],
	}} with input.holders as [holder([
		held("escalate clusterroles", "a"),
		held("change clusterroles", "b"),
		held("impersonate users", "b"),
		held("create certificate requests", "c"),
	])]
}

test_names_no_other_way_beside_everything if {
	{v.message | some v in workload_takeover.violations} == {concat(" ", [
		"it can take the cluster (everything): Deployment shop/web → ServiceAccount shop/web →",
		"ClusterRoleBinding a → ClusterRole a",
	])} with input.holders as [holder([held("everything", "a"), held("impersonate users", "b")])]
}

test_passes_for_half_a_way if {
	workload_takeover.violations == set() with input.holders as [holder([
		held("escalate clusterroles", "a"),
		held("write clusterrolebindings", "b"),
	])]
}

test_passes_for_named_objects if {
	workload_takeover.violations == set() with input.holders as [holder([object.union(
		held("impersonate users", "a"),
		{"names": ["ada"]},
	)])]
}

test_fails_for_a_named_node if {
	count(workload_takeover.violations) == 1 with input.holders as [holder([object.union(
		held("reach kubelets", "a"),
		{"names": ["node-0"]},
	)])]
}

test_passes_for_absent_fields if {
	workload_takeover.violations == set() with input as {}
	workload_takeover.violations == set() with input.holders as [{"namespace": "shop", "name": "web"}]
}

# Each way needs permissions that are looked for, and each of those is needed by one.
test_ways_and_permissions_fit if {
	union({way.needs | some way in takeover.ways}) == object.keys(takeover.permissions)
	count({way.name | some way in takeover.ways}) == count(takeover.ways)
}

holder(holds) := {
	"namespace": "shop",
	"name": "web",
	"holds": holds,
	"workloads": [{"kind": "Deployment", "namespace": "shop", "name": "web"}],
}

held(permission, name) := {
	"permission": permission,
	"way": [sprintf("ClusterRoleBinding %s", [name]), sprintf("ClusterRole %s", [name])],
}
