package kubemuster.checks.rbac.anonymous_test

import data.kubemuster.checks.rbac.anonymous

test_fails_once_for_each_subject if {
	anonymous.violations == {
		{
			"path": "subjects",
			"message": "ClusterRoleBinding open grants ClusterRole view to User system:anonymous",
			"key": "system:anonymous",
		},
		{
			"path": "subjects",
			"message": "ClusterRoleBinding open grants ClusterRole view to Group system:unauthenticated",
			"key": "system:unauthenticated",
		},
	} with input.object as binding("ClusterRoleBinding", {"name": "open"}, "ClusterRole", "view", [
		{"kind": "Group", "name": "ops"},
		{"kind": "User", "name": "system:anonymous"},
		{"kind": "Group", "name": "system:unauthenticated"},
	])
}

test_fails_for_a_role_binding if {
	anonymous.violations == {{
		"path": "subjects",
		"message": "RoleBinding open grants Role reader to User system:anonymous",
		"key": "system:anonymous",
	}} with input.object as binding("RoleBinding", {"name": "open", "namespace": "shop"}, "Role", "reader", [{
		"kind": "User",
		"name": "system:anonymous",
	}])
}

test_passes_for_public_information if {
	anonymous.violations == set() with input.object as public_info("system:public-info-viewer", [
		{"kind": "Group", "name": "system:authenticated"},
		{"kind": "Group", "name": "system:unauthenticated"},
	])
}

test_fails_for_another_role_in_that_binding if {
	anonymous.violations == {{
		"path": "subjects",
		"message": "ClusterRoleBinding system:public-info-viewer grants ClusterRole view to Group system:unauthenticated",
		"key": "system:unauthenticated",
	}} with input.object as public_info("view", [{"kind": "Group", "name": "system:unauthenticated"}])
}

test_fails_for_another_subject_in_that_binding if {
	anonymous.violations == {{
		"path": "subjects",
		"message": concat(" ", [
			"ClusterRoleBinding system:public-info-viewer grants ClusterRole system:public-info-viewer",
			"to User system:anonymous",
		]),
		"key": "system:anonymous",
	}} with input.object as public_info("system:public-info-viewer", [{"kind": "User", "name": "system:anonymous"}])
}

test_passes_for_the_cluster_info_of_kubeadm_in_its_namespace_only if {
	anonymous.violations == set() with input.object as cluster_info("kube-public")
	anonymous.violations == {{
		"path": "subjects",
		"message": concat(" ", [
			"RoleBinding kubeadm:bootstrap-signer-clusterinfo grants Role kubeadm:bootstrap-signer-clusterinfo",
			"to User system:anonymous",
		]),
		"key": "system:anonymous",
	}} with input.object as cluster_info("shop")
}

test_passes_for_names_of_other_kinds if {
	anonymous.violations == set() with input.object as binding("ClusterRoleBinding", {"name": "odd"}, "ClusterRole", "view", [
		{"kind": "Group", "name": "system:anonymous"},
		{"kind": "User", "name": "system:unauthenticated"},
	])
}

test_passes_for_absent_subjects if {
	anonymous.violations == set() with input.object as {"kind": "ClusterRoleBinding", "metadata": {"name": "none"}}
}

public_info(role, subjects) := binding(
	"ClusterRoleBinding",
	{"name": "system:public-info-viewer"},
	"ClusterRole",
	role,
	subjects,
)

cluster_info(namespace) := binding(
	"RoleBinding",
	{"name": "kubeadm:bootstrap-signer-clusterinfo", "namespace": namespace},
	"Role",
	"kubeadm:bootstrap-signer-clusterinfo",
	[{"kind": "User", "name": "system:anonymous"}],
)

binding(kind, metadata, role_kind, role, subjects) := {
	"kind": kind,
	"metadata": metadata,
	"roleRef": {"kind": role_kind, "name": role},
	"subjects": subjects,
}
