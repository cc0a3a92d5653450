package kubemuster.checks.rbac.foreign_account_test

import data.kubemuster.checks.rbac.foreign_account

test_fails_for_an_account_of_another_namespace if {
	foreign_account.violations == {{
		"path": "subjects",
		"message": "RoleBinding dev grants ClusterRole view to ServiceAccount ci/runner",
		"key": "ci/runner",
	}} with input.object as binding("RoleBinding", "shop", "dev", "view", [
		{"kind": "ServiceAccount", "name": "runner", "namespace": "ci"},
		{"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
		{"kind": "User", "name": "system:serviceaccount:ci:runner"},
		{"kind": "User", "name": "system:serviceaccount:shop:web"},
		{"kind": "User", "name": "ci:runner"},
	])
}

test_fails_for_what_is_added_to_the_binding_of_the_api_server if {
	foreign_account.violations == {{
		"path": "subjects",
		"message": "RoleBinding system:controller:bootstrap-signer grants Role system:controller:bootstrap-signer to ServiceAccount ci/runner",
		"key": "ci/runner",
	}} with input.object as {
		"kind": "RoleBinding",
		"metadata": {"namespace": "kube-public", "name": "system:controller:bootstrap-signer"},
		"roleRef": {"kind": "Role", "name": "system:controller:bootstrap-signer"},
		"subjects": [
			{"kind": "ServiceAccount", "name": "bootstrap-signer", "namespace": "kube-system"},
			{"kind": "ServiceAccount", "name": "runner", "namespace": "ci"},
		],
	}
}

test_passes_for_the_whole_cluster if {
	foreign_account.violations == set() with input.object as binding("ClusterRoleBinding", "", "dev", "view", [{
		"kind": "ServiceAccount",
		"name": "runner",
		"namespace": "ci",
	}])
}

test_passes_for_what_the_api_server_grants if {
	foreign_account.violations == set() with input.object as {
		"kind": "RoleBinding",
		"metadata": {"namespace": "kube-public", "name": "system:controller:bootstrap-signer"},
		"roleRef": {"kind": "Role", "name": "system:controller:bootstrap-signer"},
		"subjects": [{"kind": "ServiceAccount", "name": "bootstrap-signer", "namespace": "kube-system"}],
	}
}

# A subject without a namespace is one of the binding's.
test_passes_for_absent_fields if {
	foreign_account.violations == set() with input.object as binding("RoleBinding", "shop", "dev", "view", [{
		"kind": "ServiceAccount",
		"name": "web",
	}])
	foreign_account.violations == set() with input.object as {"kind": "RoleBinding", "metadata": {"namespace": "shop"}}
}

binding(kind, namespace, name, role, subjects) := {
	"kind": kind,
	"metadata": {"namespace": namespace, "name": name},
	"roleRef": {"kind": "ClusterRole", "name": role},
	"subjects": subjects,
}
