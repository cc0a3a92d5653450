package kubemuster.checks.rbac.wildcard_test

import data.kubemuster.checks.rbac.wildcard

test_fails_for_a_cluster_role_with_wildcards if {
	wildcard.violations == {{
		"object": {"kind": "ClusterRoleBinding", "namespace": "", "name": "ops"},
		"path": "roleRef",
		"message": "ClusterRoleBinding ops grants ClusterRole ops, which uses * in API groups and resources and verbs",
	}} with input.inventory as {
		"roles": [cluster_role("ops", [rule(["*"], ["*"], ["get"]), rule([""], ["pods"], ["*"])])],
		"bindings": [cluster_binding("ops", "ops", [alice])],
	}
}

test_fails_for_a_role_of_the_same_namespace if {
	wildcard.violations == {{
		"object": {"kind": "RoleBinding", "namespace": "shop", "name": "dev"},
		"path": "roleRef",
		"message": "RoleBinding dev grants Role dev, which uses * in verbs",
	}} with input.inventory as {
		"roles": [
			{"kind": "Role", "namespace": "shop", "name": "dev", "rules": [rule([""], ["pods"], ["*"])]},
			{"kind": "Role", "namespace": "bank", "name": "dev", "rules": [rule([""], ["pods"], ["get"])]},
		],
		"bindings": [
			namespaced_binding("shop", "dev", {"kind": "Role", "namespace": "shop", "name": "dev"}),
			namespaced_binding("bank", "dev", {"kind": "Role", "namespace": "bank", "name": "dev"}),
		],
	}
}

test_leaves_cluster_admin_for_the_cluster_to_its_own_check if {
	wildcard.violations == {{
		"object": {"kind": "RoleBinding", "namespace": "shop", "name": "ops"},
		"path": "roleRef",
		"message": "RoleBinding ops grants ClusterRole cluster-admin, which uses * in API groups and resources and verbs",
	}} with input.inventory as {
		"roles": [cluster_role("cluster-admin", [rule(["*"], ["*"], ["*"])])],
		"bindings": [
			cluster_binding("ops", "cluster-admin", [alice]),
			namespaced_binding("shop", "ops", {"kind": "ClusterRole", "namespace": "", "name": "cluster-admin"}),
		],
	}
}

test_passes_for_the_components_of_kubernetes if {
	wildcard.violations == set() with input.inventory as {
		"roles": [cluster_role(collector, [rule(["*"], ["*"], ["get"])])],
		"bindings": [cluster_binding(collector, collector, [collector_account])],
	}
}

test_fails_for_others_in_a_binding_of_kubernetes if {
	wildcard.violations == {{
		"object": {"kind": "ClusterRoleBinding", "namespace": "", "name": collector},
		"path": "roleRef",
		"message": concat(" ", [
			"ClusterRoleBinding system:controller:generic-garbage-collector grants ClusterRole",
			"system:controller:generic-garbage-collector, which uses * in API groups and resources",
		]),
	}} with input.inventory as {
		"roles": [cluster_role(collector, [rule(["*"], ["*"], ["get"])])],
		"bindings": [cluster_binding(collector, collector, [collector_account, alice])],
	}
}

test_fails_for_a_role_of_kubernetes_bound_by_others if {
	wildcard.violations == {{
		"object": {"kind": "ClusterRoleBinding", "namespace": "", "name": "mine"},
		"path": "roleRef",
		"message": concat(" ", [
			"ClusterRoleBinding mine grants ClusterRole system:controller:generic-garbage-collector,",
			"which uses * in API groups and resources",
		]),
	}} with input.inventory as {
		"roles": [cluster_role(collector, [rule(["*"], ["*"], ["get"])])],
		"bindings": [cluster_binding("mine", collector, [collector_account])],
	}
}

test_passes_for_roles_without_wildcards if {
	wildcard.violations == set() with input.inventory as {
		"roles": [cluster_role("ops", [
			rule(["apps"], ["*/scale"], ["get"]),
			{"nonResourceURLs": ["*"], "verbs": ["get"]},
		])],
		"bindings": [cluster_binding("ops", "ops", [alice])],
	}
}

test_passes_for_a_grant_to_nobody if {
	wildcard.violations == set() with input.inventory as {
		"roles": [cluster_role("ops", [rule(["*"], ["*"], ["*"])])],
		"bindings": [
			cluster_binding("empty", "ops", []),
			{
				"kind": "ClusterRoleBinding",
				"namespace": "",
				"name": "absent",
				"role": {"kind": "ClusterRole", "namespace": "", "name": "ops"},
			},
		],
	}
}

test_passes_for_a_missing_role_and_an_empty_inventory if {
	wildcard.violations == set() with input.inventory as {"bindings": [cluster_binding("ops", "ops", [alice])]}
	wildcard.violations == set() with input.inventory as {}
}

alice := {"kind": "User", "namespace": "", "name": "alice"}

collector := "system:controller:generic-garbage-collector"

collector_account := {"kind": "ServiceAccount", "namespace": "kube-system", "name": "generic-garbage-collector"}

rule(groups, resources, verbs) := {"apiGroups": groups, "resources": resources, "verbs": verbs}

cluster_role(name, rules) := {"kind": "ClusterRole", "namespace": "", "name": name, "rules": rules}

cluster_binding(name, role, subjects) := {
	"kind": "ClusterRoleBinding",
	"namespace": "",
	"name": name,
	"role": {"kind": "ClusterRole", "namespace": "", "name": role},
	"subjects": subjects,
}

namespaced_binding(namespace, name, role) := {
	"kind": "RoleBinding",
	"namespace": namespace,
	"name": name,
	"role": role,
	"subjects": [alice],
}
