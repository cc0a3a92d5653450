package kubemuster.checks.identity.default_service_account_test

import data.kubemuster.checks.identity.default_service_account

test_fails_for_the_default_service_account if {
	default_service_account.violations == {used} with input as pod({"serviceAccountName": "default"}, {})
	default_service_account.violations == {used} with input as pod({"serviceAccount": "default"}, {})
	default_service_account.violations == {used} with input as pod({"serviceAccountName": ""}, {})
}

test_fails_for_absent_fields if {
	default_service_account.violations == {used} with input as pod({}, {})
	default_service_account.violations == {used} with input as pod({}, {"annotations": {"team": "shop"}})
}

test_fails_where_the_token_is_mounted_on_demand if {
	default_service_account.violations == {used} with input as pod({"automountServiceAccountToken": true}, {})
}

test_passes_for_another_service_account if {
	default_service_account.violations == set() with input as pod({"serviceAccountName": "web"}, {})
	default_service_account.violations == set() with input as pod({"serviceAccount": "web"}, {})
}

test_passes_for_a_pod_that_mounts_no_token if {
	default_service_account.violations == set() with input as pod({"automountServiceAccountToken": false}, {})
}

test_passes_for_a_static_pod if {
	default_service_account.violations == set() with input as pod({}, {"annotations": {"kubernetes.io/config.mirror": "1a2b"}})
}

used := {
	"path": "spec.serviceAccountName",
	"message": "the pod runs as the default service account of its namespace and mounts its token",
}

pod(spec, metadata) := {"workload": {"path": "spec", "spec": spec, "metadata": metadata, "containers": []}}
