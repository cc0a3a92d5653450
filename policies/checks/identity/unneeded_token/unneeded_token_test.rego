package kubemuster.checks.identity.unneeded_token_test

import data.kubemuster.checks.identity.unneeded_token

test_fails_for_a_service_account_without_grants if {
	unneeded_token.violations == {found} with input.inventory as inventory([])
	unneeded_token.violations == {found} with input.inventory as inventory([
		binding("view", {"kind": "ServiceAccount", "namespace": "bank", "name": "web"}),
		binding("view", {"kind": "ServiceAccount", "namespace": "shop", "name": "other"}),
		binding("view", {"kind": "User", "namespace": "", "name": "system:serviceaccount:bank:web"}),
		binding("view", {"kind": "Group", "namespace": "", "name": "system:serviceaccounts:bank"}),
		object.union(
			binding("system:discovery", {"kind": "Group", "namespace": "", "name": "system:authenticated"}),
			{"name": "system:discovery"},
		),
	])
}

test_passes_for_a_grant if {
	every subject in [
		{"kind": "ServiceAccount", "namespace": "shop", "name": "web"},
		{"kind": "User", "namespace": "", "name": "system:serviceaccount:shop:web"},
		{"kind": "Group", "namespace": "", "name": "system:serviceaccounts:shop"},
		{"kind": "Group", "namespace": "", "name": "system:serviceaccounts"},
		{"kind": "Group", "namespace": "", "name": "system:authenticated"},
	] {
		unneeded_token.violations == set() with input.inventory as inventory([binding("view", subject)])
	}
}

# A role of that name in a namespace is somebody's own, and so is another binding.
test_passes_for_grants_that_only_look_like_the_api_servers if {
	everyone := {"kind": "Group", "namespace": "", "name": "system:authenticated"}
	every change in [
		{"kind": "RoleBinding", "name": "system:discovery", "role": {"kind": "Role"}},
		{"kind": "RoleBinding", "name": "system:discovery"},
	] {
		unneeded_token.violations == set() with input.inventory as inventory([object.union(binding("system:discovery", everyone), change)])
	}
}

test_passes_without_a_token_and_for_the_default_service_account if {
	unneeded_token.violations == set() with input.inventory.workloads as [
		object.remove(workload, ["token"]),
		object.union(workload, {"serviceAccount": "default"}),
		object.remove(workload, ["serviceAccount"]),
	]
}

test_passes_for_an_empty_inventory if {
	unneeded_token.violations == set() with input.inventory as {}
}

found := {
	"object": {"kind": "Deployment", "namespace": "shop", "name": "web"},
	"path": "spec.template.spec.automountServiceAccountToken",
	"message": "the pod mounts a token of service account web, to which RBAC grants nothing",
}

inventory(bindings) := {"workloads": [workload], "bindings": bindings}

workload := {
	"kind": "Deployment",
	"namespace": "shop",
	"name": "web",
	"path": "spec.template.spec",
	"serviceAccount": "web",
	"token": true,
}

binding(role, subject) := {"kind": "ClusterRoleBinding", "name": "b", "role": {"kind": "ClusterRole", "name": role}, "subjects": [subject]}
