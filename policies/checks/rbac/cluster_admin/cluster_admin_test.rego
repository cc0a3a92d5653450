package kubemuster.checks.rbac.cluster_admin_test

import data.kubemuster.checks.rbac.cluster_admin

test_fails_for_the_whole_cluster if {
	cluster_admin.violations == {{"message": "all is allowed in the whole cluster"}} with input.grant as grant("cluster", "ClusterRole", "cluster-admin")
}

test_passes_for_a_namespace if {
	cluster_admin.violations == set() with input.grant as grant("namespace", "ClusterRole", "cluster-admin")
}

test_passes_for_other_roles if {
	cluster_admin.violations == set() with input.grant as grant("cluster", "ClusterRole", "view")
	cluster_admin.violations == set() with input.grant as grant("cluster", "Role", "cluster-admin")
}

test_passes_for_absent_fields if {
	cluster_admin.violations == set() with input.grant as {"extent": "cluster"}
	cluster_admin.violations == set() with input.grant as {}
}

grant(extent, kind, name) := {"extent": extent, "role": {"kind": kind, "namespace": "", "name": name}}
