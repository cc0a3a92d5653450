package kubemuster.checks.workload.seccomp_unconfined_test

import data.kubemuster.checks.workload.seccomp_unconfined

test_fails_at_the_pod_and_at_containers if {
	seccomp_unconfined.violations == {
		{
			"path": "spec.securityContext.seccompProfile.type",
			"message": "the pod sets the seccomp profile Unconfined",
		},
		{
			"path": "spec.containers[0].securityContext.seccompProfile.type",
			"message": "container web sets the seccomp profile Unconfined",
		},
	} with input as pod({"seccompProfile": {"type": "Unconfined"}}, {"seccompProfile": {"type": "Unconfined"}})
}

test_names_a_profile_without_a_type if {
	seccomp_unconfined.violations == {{
		"path": "spec.securityContext.seccompProfile.type",
		"message": "the pod sets the seccomp profile without a type",
	}} with input as pod({"seccompProfile": {"type": ""}}, {})
}

test_passes_for_profiles_that_confine if {
	seccomp_unconfined.violations == set() with input as pod(
		{"seccompProfile": {"type": "RuntimeDefault"}},
		{"seccompProfile": {"type": "Localhost", "localhostProfile": "web.json"}},
	)
}

test_passes_for_absent_fields if {
	seccomp_unconfined.violations == set() with input as pod({}, {})
}

pod(security_context, container) := {"workload": {
	"path": "spec",
	"spec": {"securityContext": security_context},
	"containers": [{
		"name": "web",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": {"securityContext": container},
	}],
}}
