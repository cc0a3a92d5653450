package kubemuster.checks.rbac.all_authenticated_test

import data.kubemuster.checks.rbac.all_authenticated

test_fails_for_everyone if {
	all_authenticated.violations == {violation} with input as {"cluster": {"provider": "eks"}, "grant": open}
	all_authenticated.violations == {violation} with input.grant as open
}

test_is_critical_on_gke if {
	all_authenticated.violations == {object.union(violation, {"severity": "critical"})} with input as {
		"cluster": {"provider": "gke"},
		"grant": open,
	}
}

test_fails_for_all_service_accounts if {
	all_authenticated.violations == {object.union(
		violation,
		{"message": "ClusterRole view is granted to Group system:serviceaccounts in namespace shop"},
	)} with input as {
		"cluster": {"provider": "gke"},
		"grant": grant([{"kind": "Group", "name": "system:serviceaccounts"}, {"kind": "Group", "name": "system:serviceaccounts:shop"}]),
	}
}

test_passes_for_other_subjects_and_absent_fields if {
	all_authenticated.violations == set() with input.grant as grant([
		{"kind": "User", "name": "system:authenticated"},
		{"kind": "Group", "name": "dev"},
	])
	all_authenticated.violations == set() with input.grant as {}
}

open := grant([{"kind": "Group", "name": "system:authenticated"}])

violation := {
	"path": "subjects",
	"message": "ClusterRole view is granted to Group system:authenticated in namespace shop",
}

grant(subjects) := {
	"role": {"kind": "ClusterRole", "name": "view"},
	"where": "in namespace shop",
	"subjects": subjects,
}
