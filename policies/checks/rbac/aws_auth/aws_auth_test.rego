package kubemuster.checks.rbac.aws_auth_test

import data.kubemuster.checks.rbac.aws_auth

test_looks_for if {
	object.keys(aws_auth.permissions) == {"awsAuth"}
}

test_fails_on_eks if {
	aws_auth.violations == {{"message": "patch on configmaps in namespace kube-system"}} with input as {
		"cluster": {"provider": "eks"},
		"grant": grant({"what": "patch on configmaps"}),
	}
}

test_fails_wherever_it_is_named if {
	aws_auth.violations == {{"message": "patch on configmaps named aws-auth in namespace kube-system"}} with input as {
		"cluster": {"provider": "manifests"},
		"grant": grant({"what": "patch on configmaps named aws-auth", "names": ["aws-auth"]}),
	}
}

test_does_not_apply_elsewhere if {
	aws_auth.violations == set() with input as {"cluster": {"provider": "gke"}, "grant": grant({"what": "patch on configmaps"})}
	aws_auth.violations == set() with input as {"grant": grant({"what": "patch on configmaps"})}
}

test_passes_for_absent_fields if {
	aws_auth.violations == set() with input as {"cluster": {"provider": "eks"}, "grant": {"where": "in namespace kube-system"}}
}

grant(held) := {"where": "in namespace kube-system", "holds": [held]}
