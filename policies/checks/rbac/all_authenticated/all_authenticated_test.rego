package kubemuster.checks.rbac.all_authenticated_test

import data.kubemuster.checks.rbac.all_authenticated

test_fails_for_everyone if {
	all_authenticated.violations == {violation} with input as {"cluster": {"provider": "eks"}, "object": open}
	all_authenticated.violations == {violation} with input.object as open
}

test_is_critical_on_gke if {
	all_authenticated.violations == {object.union(violation, {"severity": "critical"})} with input as {
		"cluster": {"provider": "gke"},
		"object": open,
	}
}

test_passes_for_what_the_api_server_grants if {
	every name in ["system:basic-user", "system:discovery", "system:public-info-viewer"] {
		all_authenticated.violations == set() with input.object as binding("ClusterRoleBinding", "", name, name, everyone)
	}
}

test_fails_for_another_role_under_such_a_name if {
	count(all_authenticated.violations) == 1 with input.object as binding(
		"ClusterRoleBinding",
		"",
		"system:discovery",
		"view",
		everyone,
	)
}

test_passes_for_other_subjects_and_absent_fields if {
	all_authenticated.violations == set() with input.object as binding("RoleBinding", "shop", "dev", "view", [
		{"kind": "User", "name": "system:authenticated"},
		{"kind": "Group", "name": "dev"},
	])
	all_authenticated.violations == set() with input.object as {"kind": "ClusterRoleBinding", "metadata": {"name": "none"}}
}

everyone := [{"kind": "Group", "name": "system:authenticated"}]

open := binding("RoleBinding", "shop", "open", "view", everyone)

violation := {
	"path": "subjects",
	"message": "RoleBinding open grants ClusterRole view to Group system:authenticated",
}

binding(kind, namespace, name, role, subjects) := {
	"kind": kind,
	"metadata": {"namespace": namespace, "name": name},
	"roleRef": {"kind": "ClusterRole", "name": role},
	"subjects": subjects,
}
