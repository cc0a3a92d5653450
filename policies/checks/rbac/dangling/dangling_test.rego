package kubemuster.checks.rbac.dangling_test

import data.kubemuster.checks.rbac.dangling

test_fails_for_a_role_that_does_not_exist if {
	dangling.violations == {{
		"object": {"kind": "RoleBinding", "namespace": "shop", "name": "dev"},
		"path": "roleRef",
		"key": "role",
		"message": "RoleBinding dev points to Role dev, which does not exist",
	}} with input.inventory as {
		"declared": false,
		"namespaces": [{"name": "shop"}],
		"accounts": [{"namespace": "shop", "name": "web"}],
		"roles": [{"kind": "Role", "namespace": "bank", "name": "dev"}],
		"bindings": [binding({"kind": "Role", "namespace": "shop", "name": "dev"}, [web])],
	}
}

test_fails_for_a_namespace_that_does_not_exist if {
	dangling.violations == {{
		"object": {"kind": "RoleBinding", "namespace": "shop", "name": "dev"},
		"path": "subjects",
		"key": "shop/web",
		"message": "RoleBinding dev names ServiceAccount shop/web, whose namespace does not exist",
	}} with input.inventory as {
		"declared": false,
		"namespaces": [{"name": "bank"}],
		"roles": [view],
		"bindings": [binding(view, [web, {"kind": "User", "namespace": "", "name": "ada"}])],
	}
}

test_fails_for_a_service_account_that_does_not_exist if {
	every t in [
		["shop", "web", 0],
		["shop", "gone", 1],
		["kube-system", "gone", 0],
	] {
		found := dangling.violations with input.inventory as {
			"declared": false,
			"namespaces": [{"name": "shop"}, {"name": "kube-system"}],
			"roles": [view],
			"accounts": [{"namespace": "shop", "name": "web"}],
			"bindings": [binding(view, [{"kind": "ServiceAccount", "namespace": t[0], "name": t[1]}])],
		}
		{v.message | some v in found} == {sprintf("RoleBinding dev names ServiceAccount %s/%s, which does not exist", [t[0], t[1]]) | t[2] == 1}
	}
	dangling.violations == set() with input.inventory as {
		"declared": true,
		"namespaces": [{"name": "shop"}],
		"roles": [view],
		"bindings": [binding(view, [web])],
	}
}

test_knows_what_manifests_leave_out if {
	every name in ["view", "system:auth-delegator"] {
		dangling.violations == set() with input.inventory as {
			"declared": true,
			"bindings": [binding({"kind": "ClusterRole", "namespace": "", "name": name}, [web])],
		}
	}
	count(dangling.violations) == 1 with input.inventory as {
		"declared": false,
		"namespaces": [{"name": "shop"}],
		"accounts": [{"namespace": "shop", "name": "web"}],
		"bindings": [binding(view, [web])],
	}
}

test_fails_for_names_that_only_look_like_what_manifests_leave_out if {
	every role in [
		{"kind": "Role", "namespace": "shop", "name": "view"},
		{"kind": "Role", "namespace": "shop", "name": "system:auth-delegator"},
	] {
		count(dangling.violations) == 1 with input.inventory as {"declared": true, "bindings": [binding(role, [web])]}
	}
	dangling.violations == set() with input.inventory as {"declared": true, "bindings": [binding(
		{"kind": "Role", "namespace": "kube-system", "name": "system:controller:token-cleaner"},
		[web],
	)]}
}

test_passes_for_what_exists_and_for_absent_fields if {
	dangling.violations == set() with input.inventory as {
		"declared": false,
		"namespaces": [{"name": "shop"}],
		"accounts": [{"namespace": "shop", "name": "web"}],
		"roles": [view],
		"bindings": [binding(view, [web])],
	}
	dangling.violations == set() with input.inventory as {"declared": false}
}

web := {"kind": "ServiceAccount", "namespace": "shop", "name": "web"}

view := {"kind": "ClusterRole", "namespace": "", "name": "view"}

binding(role, subjects) := {"kind": "RoleBinding", "namespace": "shop", "name": "dev", "role": role, "subjects": subjects}
