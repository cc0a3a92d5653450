package kubemuster.checks.rbac.unused_test

import data.kubemuster.checks.rbac.unused

test_fails_for_a_role_that_is_bound_to_nobody if {
	unused.violations == {{
		"object": {"kind": "Role", "namespace": "shop", "name": "dev"},
		"path": "metadata.name",
		"message": "Role dev is bound to nobody",
	}} with input.inventory as {
		"roles": [{"kind": "Role", "namespace": "shop", "name": "dev"}],
		"bindings": [{"role": {"kind": "Role", "namespace": "bank", "name": "dev"}}],
	}
}

test_passes_for_bound_aggregated_and_default_roles if {
	unused.violations == set() with input.inventory as {
		"roles": [
			{"kind": "ClusterRole", "namespace": "", "name": "dev"},
			{
				"kind": "ClusterRole",
				"namespace": "",
				"name": "part",
				"labels": {"rbac.shop.example/aggregate-to-monitoring": "true"},
			},
			{"kind": "ClusterRole", "namespace": "", "name": "gathered"},
			{"kind": "ClusterRole", "namespace": "", "name": "view"},
			{"kind": "Role", "namespace": "kube-system", "name": "system:controller:x"},
		],
		"gathered": ["gathered"],
		"bindings": [{"role": {"kind": "ClusterRole", "namespace": "", "name": "dev"}}],
	}
}

test_fails_for_names_that_only_look_like_default_roles if {
	every name in ["view", "system:web"] {
		{v.object | some v in unused.violations} == {{"kind": "Role", "namespace": "shop", "name": name}} with input.inventory as {"roles": [{
			"kind": "Role",
			"namespace": "shop",
			"name": name,
		}]}
	}
}

test_passes_for_absent_fields if {
	unused.violations == set() with input.inventory as {}
}
