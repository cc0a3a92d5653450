package kubemuster.checks.rbac.masters_test

import data.kubemuster.checks.rbac.masters

test_fails_for_masters if {
	masters.violations == {{
		"path": "subjects",
		"message": "ClusterRoleBinding ops grants ClusterRole cluster-admin to Group system:masters",
	}} with input.object as binding("ClusterRoleBinding", "", "ops", "cluster-admin", [group])
}

test_passes_for_what_the_api_server_grants if {
	masters.violations == set() with input.object as binding("ClusterRoleBinding", "", "cluster-admin", "cluster-admin", [group])
}

test_passes_for_other_subjects_and_absent_fields if {
	masters.violations == set() with input.object as binding("ClusterRoleBinding", "", "ops", "view", [
		{"kind": "User", "name": "system:masters"},
		{"kind": "Group", "name": "ops"},
	])
	masters.violations == set() with input.object as {"kind": "ClusterRoleBinding", "metadata": {"name": "none"}}
}

group := {"kind": "Group", "name": "system:masters"}

binding(kind, namespace, name, role, subjects) := {
	"kind": kind,
	"metadata": {"namespace": namespace, "name": name},
	"roleRef": {"kind": "ClusterRole", "name": role},
	"subjects": subjects,
}
