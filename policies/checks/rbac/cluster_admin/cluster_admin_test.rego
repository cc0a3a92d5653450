package kubemuster.checks.rbac.cluster_admin_test

import data.kubemuster.checks.rbac.cluster_admin

test_fails_once_and_names_the_subjects if {
	cluster_admin.violations == {{
		"path": "roleRef",
		"message": "ClusterRoleBinding ops grants cluster-admin to Group ops, ServiceAccount shop/web, User alice",
	}} with input.object as binding("ops", "ClusterRole", "cluster-admin", [
		{"kind": "User", "name": "alice"},
		{"kind": "Group", "name": "ops"},
		{"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
	])
}

test_fails_for_masters_in_another_binding if {
	cluster_admin.violations == {{
		"path": "roleRef",
		"message": "ClusterRoleBinding masters grants cluster-admin to Group system:masters",
	}} with input.object as binding("masters", "ClusterRole", "cluster-admin", [masters])
}

test_fails_for_others_in_the_bootstrap_binding if {
	cluster_admin.violations == {{
		"path": "roleRef",
		"message": "ClusterRoleBinding cluster-admin grants cluster-admin to User system:masters",
	}} with input.object as binding("cluster-admin", "ClusterRole", "cluster-admin", [
		masters,
		{"kind": "User", "name": "system:masters"},
	])
}

test_passes_for_the_bootstrap_binding if {
	cluster_admin.violations == set() with input.object as binding("cluster-admin", "ClusterRole", "cluster-admin", [masters])
}

test_passes_for_other_roles if {
	cluster_admin.violations == set() with input.object as binding("ops", "ClusterRole", "view", [masters])
}

test_passes_for_absent_subjects if {
	cluster_admin.violations == set() with input.object as {
		"metadata": {"name": "ops"},
		"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
	}
}

masters := {"kind": "Group", "name": "system:masters"}

binding(name, kind, role, subjects) := {
	"metadata": {"name": name},
	"roleRef": {"kind": kind, "name": role},
	"subjects": subjects,
}
