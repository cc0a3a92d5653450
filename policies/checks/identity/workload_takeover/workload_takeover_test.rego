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

# What a permission lists by resourceNames arrives with those names alone.
test_named_objects if {
	every t in [
		[["impersonate users"], ["system:kube-controller-manager"], "impersonate users"],
		[["impersonate users"], ["root"], "impersonate users"],
		[["impersonate anyone", "impersonate groups"], ["system:masters"], "impersonate groups"],
		[["impersonate anyone", "impersonate groups"], ["ops"], "impersonate groups"],
		[["escalate clusterroles", "change clusterroles"], ["a"], "escalate"],
		[["escalate clusterroles", "change clusterroles"], ["system:discovery"], "escalate"],
		[["bind clusterroles", "write clusterrolebindings"], ["cluster-admin"], "bind"],
		[["issue tokens in kube-system"], ["job-controller"], "issue tokens"],
		[["create pods in kube-system"], ["kube-proxy"], "create pods"],
		[["write mutating webhooks"], ["web"], "change what is admitted"],
	] {
		{v.message | some v in workload_takeover.violations} == {sprintf("it can take the cluster (%s): %s", [
			t[2],
			"Deployment shop/web → ServiceAccount shop/web → ClusterRoleBinding a → ClusterRole a",
		])} with input.holders as [holder([named(held(permission, "a"), t[1]) | some permission in t[0]])]
			with input.inventory.bindings as administrators
	}
}

test_passes_for_named_objects if {
	every t in [
		[["impersonate users"], ["ada"]],
		[["impersonate users"], ["eve"]],
		[["impersonate users"], ["ops"]],
		[["impersonate anyone", "impersonate groups"], ["auditors"]],
		[["escalate clusterroles", "change clusterroles"], ["b"]],
		[["run code in pods"], ["web"]],
	] {
		{v | some v in workload_takeover.violations; v.object.name == "web"} == set() with input.inventory.bindings as administrators
			with input.holders as [
				holder([named(held(permission, "a"), t[1]) | some permission in t[0]]),
				elsewhere("shop"),
			]
	}
}

# The role that may be raised is the one that may be changed, and is held for the whole cluster.
test_escalates_the_role_that_it_changes if {
	count(workload_takeover.violations) == 1 with input.holders as [holder([
		held("escalate clusterroles", "a"),
		named(held("change clusterroles", "a"), ["a"]),
	])]
	workload_takeover.violations == set() with input.holders as [holder([
		named(held("escalate clusterroles", "a"), ["a"]),
		named(held("change clusterroles", "b"), ["b"]),
	])]
	workload_takeover.violations == set() with input.holders as [holder([object.union(
		named(held("escalate clusterroles", "a"), ["a"]),
		{"extent": "namespace"},
	)])]
}

# Constrained impersonation: who, and for which requests.
test_impersonates_for_some_requests if {
	every t in [
		[{"impersonate users for some requests": [], "issue tokens as a user": []}, "impersonate users for some requests"],
		[{"impersonate users for some requests": ["system:kube-controller-manager"], "issue tokens as a user": []}, "impersonate users for some requests"],
		[{"impersonate administrators for some requests": ["root"], "bind as a user": []}, "impersonate administrators for some requests"],
		[{"impersonate administrators for some requests": [], "bind as a user": ["cluster-admin"]}, "impersonate administrators for some requests"],
		[
			{"impersonate someone for some requests": ["eve"], "impersonate groups of administrators for some requests": [], "bind as a user": []},
			"impersonate groups of administrators for some requests",
		],
		[
			{
				"impersonate the aggregator for some requests": ["clusterrole-aggregation-controller"],
				"raise clusterroles as a service account": [],
			},
			"impersonate service accounts for some requests",
		],
	] {
		{v.message | some v in workload_takeover.violations} == {sprintf("it can take the cluster (%s): %s", [
			t[1],
			"Deployment shop/web → ServiceAccount shop/web → ClusterRoleBinding a → ClusterRole a",
		])} with input.holders as [holder([named(held(permission, "a"), names) | some permission, names in t[0]])]
			with input.inventory.bindings as administrators
	}
}

test_passes_for_others_and_for_other_requests if {
	every holds in [
		{"impersonate users for some requests": [], "raise clusterroles as a service account": []},
		{"impersonate users for some requests": ["eve"], "issue tokens as a user": []},
		{"impersonate administrators for some requests": ["eve"], "bind as a user": []},
		{"impersonate someone for some requests": ["eve"], "impersonate groups of administrators for some requests": ["auditors"], "bind as a user": []},
		{"impersonate groups of administrators for some requests": [], "bind as a user": []},
		{"impersonate the aggregator for some requests": [], "raise clusterroles as a service account": ["view"]},
	] {
		workload_takeover.violations == set() with input.holders as [holder([named(held(permission, "a"), names) | some permission, names in holds])]
			with input.inventory.bindings as administrators
	}
	workload_takeover.violations == set() with input.holders as [holder([
		held("impersonate administrators for some requests", "a"),
		held("bind as a user", "a"),
	])]
		with input.inventory.bindings as [{
			"kind": "ClusterRoleBinding",
			"role": {"name": "cluster-admin"},
			"subjects": [{"kind": "User", "name": "system:serviceaccount:ci:deployer"}],
		}]
}

test_runs_code_in_etcd_where_it_runs if {
	every t in [
		[["etcd", "kube-apiserver"], [], 1],
		[["etcd"], ["etcd-node-0"], 1],
		[["etcd"], ["kube-apiserver-node-0"], 0],
		[["kube-proxy"], [], 0],
	] {
		count(workload_takeover.violations) == t[2] with input.holders as [holder([named(held("run code in etcd", "a"), t[1])])]
			with input.inventory.staticPods as t[0]
	}
}

# Code in another's pod takes what that one may do, there or in the whole cluster.
test_runs_code_in_powerful_pods if {
	message := concat(" ", [
		"it can take the cluster (run code in pods): Deployment shop/web → ServiceAccount shop/web →",
		"ClusterRoleBinding a → ClusterRole a",
	])
	every t in [["", "ci", {message}], ["shop", "shop", {message}], ["shop", "ci", set()]] {
		{v.message |
			some v in workload_takeover.violations
			v.object.name == "web"
		} == t[2] with input.holders as [
			holder([object.union(held("run code in pods", "a"), {"namespace": t[0]})]),
			elsewhere(t[1]),
		]
	}
	workload_takeover.violations == set() with input.holders as [holder([held("run code in pods", "a")])]
}

# Who starts pods in a namespace, or gets tokens there, is any service account of it.
test_fails_for_who_may_be_another if {
	every t in [
		["start pods", [], "shop", 1],
		["start pods", ["some-workload"], "shop", 1],
		["start pods", [], "other", 0],
		["be a service account", [], "shop", 1],
		["be a service account", ["powerful"], "shop", 1],
		["be a service account", ["web"], "shop", 0],
		["be a service account", [], "other", 0],
	] {
		grant := object.union(held(t[0], "a"), {"namespace": "shop", "extent": "namespace"})
		names := {"names": names | names := t[1]; count(names) > 0}
		found := {v.message | some v in workload_takeover.violations; v.object.name == "web"} with input.holders as [
			holder([object.union(grant, names)]),
			elsewhere(t[2]),
		]
		count(found) == t[3]
	}
}

test_fails_for_who_maps_identities_on_eks_alone if {
	every t in [["eks", 1], ["gke", 0], ["kubeconfig", 0]] {
		count(workload_takeover.violations) == t[1] with input.holders as [holder([held("write aws-auth", "a")])]
			with input.cluster.provider as t[0]
	}
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

elsewhere(namespace) := {
	"namespace": namespace,
	"name": "powerful",
	"holds": [held("everything", "c")],
	"workloads": [{"kind": "Deployment", "namespace": namespace, "name": "powerful"}],
}

named(held, names) := object.union(held, {"names": names})

administrators := [
	binding("ClusterRoleBinding", "cluster-admin", [{"kind": "User", "name": "root"}, {"kind": "Group", "name": "ops"}]),
	binding("RoleBinding", "cluster-admin", [{"kind": "User", "name": "eve"}]),
	binding("ClusterRoleBinding", "view", [{"kind": "User", "name": "ada"}, {"kind": "Group", "name": "auditors"}]),
]

binding(kind, role, subjects) := {"kind": kind, "role": {"kind": "ClusterRole", "name": role}, "subjects": subjects}

held(permission, name) := {
	"permission": permission,
	"extent": "cluster",
	"namespace": "",
	"way": [sprintf("ClusterRoleBinding %s", [name]), sprintf("ClusterRole %s", [name])],
}
