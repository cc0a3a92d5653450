package kubemuster.checks.rbac.default_account_test

import data.kubemuster.checks.rbac.default_account

test_fails_once_for_each_namespace if {
	default_account.violations == {
		{
			"path": "subjects",
			"message": "RoleBinding dev grants ClusterRole view to ServiceAccount shop/default",
			"key": "shop",
		},
		{
			"path": "subjects",
			"message": "RoleBinding dev grants ClusterRole view to ServiceAccount bank/default",
			"key": "bank",
		},
	} with input.object as binding("RoleBinding", "shop", "dev", "view", [
		{"kind": "ServiceAccount", "name": "default"},
		{"kind": "ServiceAccount", "name": "default", "namespace": "bank"},
		{"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
		{"kind": "User", "name": "system:serviceaccount:bank:default"},
		{"kind": "User", "name": "system:serviceaccount:bank:web"},
		{"kind": "Group", "name": "system:serviceaccount:ci:default"},
	])
}

test_fails_for_its_user_name if {
	{v.key | some v in default_account.violations} == {"bank"} with input.object as binding("ClusterRoleBinding", "", "dev", "view", [{
		"kind": "User",
		"name": "system:serviceaccount:bank:default",
	}])
}

test_passes_for_other_subjects_and_absent_fields if {
	default_account.violations == set() with input.object as binding("RoleBinding", "shop", "dev", "view", [{
		"kind": "User",
		"name": "default",
	}])
	default_account.violations == set() with input.object as {"kind": "ClusterRoleBinding", "metadata": {"name": "none"}}
}

binding(kind, namespace, name, role, subjects) := {
	"kind": kind,
	"metadata": {"namespace": namespace, "name": name},
	"roleRef": {"kind": "ClusterRole", "name": role},
	"subjects": subjects,
}
