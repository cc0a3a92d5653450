package kubemuster.checks.identity.default_service_account_test

import data.kubemuster.checks.identity.default_service_account

test_fails_for_the_default_service_account if {
	default_service_account.violations == {{
		"object": {"kind": "Deployment", "namespace": "shop", "name": "web"},
		"path": "spec.template.spec.serviceAccountName",
		"message": "the pod runs as the default service account of its namespace and mounts its token",
	}} with input.inventory.workloads as [workload({"serviceAccount": "default", "token": true})]
}

test_passes_for_another_service_account if {
	default_service_account.violations == set() with input.inventory.workloads as [workload({
		"serviceAccount": "web",
		"token": true,
	})]
}

test_passes_for_a_pod_that_mounts_no_token if {
	default_service_account.violations == set() with input.inventory.workloads as [workload({"serviceAccount": "default"})]
}

test_passes_for_absent_fields if {
	default_service_account.violations == set() with input.inventory.workloads as [workload({})]
	default_service_account.violations == set() with input.inventory as {}
}

workload(more) := object.union(
	{"kind": "Deployment", "namespace": "shop", "name": "web", "path": "spec.template.spec"},
	more,
)
