package kubemuster.checks.rbac.anonymous_test

import data.kubemuster.checks.rbac.anonymous

test_fails_once_for_each_subject if {
	anonymous.violations == {
		{
			"path": "subjects",
			"message": "ClusterRole view is granted to User system:anonymous in the whole cluster",
			"key": "system:anonymous",
		},
		{
			"path": "subjects",
			"message": "ClusterRole view is granted to Group system:unauthenticated in the whole cluster",
			"key": "system:unauthenticated",
		},
	} with input.grant as grant("ClusterRole", "view", "in the whole cluster", [
		{"kind": "Group", "name": "ops"},
		{"kind": "User", "name": "system:anonymous"},
		{"kind": "Group", "name": "system:unauthenticated"},
	])
}

test_fails_for_a_role_binding if {
	anonymous.violations == {{
		"path": "subjects",
		"message": "Role reader is granted to User system:anonymous in namespace shop",
		"key": "system:anonymous",
	}} with input.grant as grant("Role", "reader", "in namespace shop", [{"kind": "User", "name": "system:anonymous"}])
}

test_passes_for_names_of_other_kinds if {
	anonymous.violations == set() with input.grant as grant("ClusterRole", "view", "in the whole cluster", [
		{"kind": "Group", "name": "system:anonymous"},
		{"kind": "User", "name": "system:unauthenticated"},
	])
}

test_passes_for_absent_subjects if {
	anonymous.violations == set() with input.grant as {}
}

grant(kind, role, where, subjects) := {
	"role": {"kind": kind, "name": role},
	"where": where,
	"subjects": subjects,
}
