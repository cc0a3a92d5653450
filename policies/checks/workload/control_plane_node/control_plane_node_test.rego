package kubemuster.checks.workload.control_plane_node_test

import data.kubemuster.checks.workload.control_plane_node

role := "node-role.kubernetes.io/control-plane"

test_fails_for_a_toleration_of_the_taint if {
	control_plane_node.violations == {tolerates} with input as pod({"tolerations": [{"key": role, "operator": "Exists"}]})
	control_plane_node.violations == {tolerates} with input as pod({"tolerations": [
		{"operator": "Exists"},
		{"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"},
	]})
}

test_fails_for_a_toleration_of_all_taints if {
	control_plane_node.violations == {object.union(all_taints, {"severity": "medium"})} with input as everywhere
}

test_weighs_less_for_an_agent if {
	control_plane_node.violations == {object.union(all_taints, {"severity": "low"})} with input as object.union(
		everywhere,
		{"workload": {"kind": "DaemonSet"}},
	)
}

test_fails_where_it_is_pinned if {
	control_plane_node.violations == {{
		"path": "spec.nodeSelector",
		"message": "the workload is pinned to control-plane nodes",
		"key": "nodeSelector",
	}} with input as pod({"nodeSelector": {role: ""}})
	control_plane_node.violations == {{
		"path": "spec.affinity.nodeAffinity",
		"message": "the workload is pinned to control-plane nodes",
		"key": "nodeAffinity",
	}} with input as affinity("Exists")
}

test_passes_where_it_is_kept_away if {
	control_plane_node.violations == set() with input as affinity("DoesNotExist")
}

test_passes_for_other_tolerations if {
	control_plane_node.violations == set() with input as pod({"tolerations": [
		{"operator": "Exists", "effect": "NoExecute"},
		{"operator": "Exists", "effect": "PreferNoSchedule"},
		{"key": role, "effect": "NoExecute"},
		{"key": role, "effect": "PreferNoSchedule"},
		{"key": role, "value": "true"},
		{"key": "gpu", "operator": "Exists"},
	]})
}

test_passes_in_a_system_namespace if {
	control_plane_node.violations == set() with input as object.union(
		everywhere,
		{"workload": {"namespace": "kube-system", "spec": {"nodeSelector": {role: ""}}}},
	)
}

test_passes_for_absent_fields if {
	control_plane_node.violations == set() with input as pod({})
}

tolerates := {
	"path": "spec.tolerations",
	"message": "the workload tolerates the taint of control-plane nodes",
	"key": "tolerations",
}

all_taints := {
	"path": "spec.tolerations",
	"message": "the workload tolerates every taint, that of control-plane nodes too",
	"key": "tolerations",
}

everywhere := pod({"tolerations": [{"operator": "Exists"}]})

affinity(operator) := pod({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{
	"matchExpressions": [{"key": role, "operator": operator}],
}]}}}})

pod(spec) := {"workload": {"kind": "Pod", "namespace": "shop", "path": "spec", "spec": spec, "containers": []}}

test_fails_for_the_name_of_a_control_plane_node if {
	{v.key | some v in control_plane_node.violations} == {"node prod-control-plane-0", "node master1"} with input as {"workload": {
		"namespace": "shop",
		"path": "spec",
		"spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [{
			"key": "metadata.name",
			"operator": "In",
			"values": ["prod-control-plane-0", "master1", "masterpiece-0", "node-0"],
		}]}]}}}},
	}}
}
