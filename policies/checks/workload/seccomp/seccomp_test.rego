package kubemuster.checks.workload.seccomp_test

import data.kubemuster.checks.workload.seccomp

test_fails_for_absent_fields_at_each_container if {
	seccomp.violations == {
		{
			"path": "spec.containers[0].securityContext.seccompProfile",
			"message": "container web has no seccomp profile: neither it nor the pod sets one",
		},
		{
			"path": "spec.initContainers[0].securityContext.seccompProfile",
			"message": "container setup has no seccomp profile: neither it nor the pod sets one",
		},
	} with input as pod({}, {}, {"securityContext": {}})
}

test_fails_for_a_container_that_overrides_the_pod if {
	seccomp.violations == {{
		"path": "spec.containers[0].securityContext.seccompProfile",
		"message": "container web sets a seccomp profile other than RuntimeDefault and Localhost",
	}} with input as pod(profile("RuntimeDefault"), profile("Unconfined"), {})
}

test_fails_for_a_profile_without_a_type if {
	seccomp.violations == {{
		"path": "spec.containers[0].securityContext.seccompProfile",
		"message": "container web sets a seccomp profile other than RuntimeDefault and Localhost",
	}} with input as pod(profile("RuntimeDefault"), {"securityContext": {"seccompProfile": {}}}, {})
}

test_fails_at_the_pod_and_not_again_below if {
	at_the_pod := {{
		"path": "spec.securityContext.seccompProfile",
		"message": "the pod sets a seccomp profile other than RuntimeDefault and Localhost",
	}}
	seccomp.violations == at_the_pod with input as pod(profile("Unconfined"), {}, {})
	seccomp.violations == at_the_pod with input as pod(profile("Unconfined"), profile("Localhost"), profile("Localhost"))
}

test_passes_where_the_pod_sets_one_for_all if {
	seccomp.violations == set() with input as pod(profile("RuntimeDefault"), {}, {"securityContext": {}})
	seccomp.violations == set() with input as pod(profile("Localhost"), {}, {})
}

test_passes_where_every_container_sets_one if {
	seccomp.violations == set() with input as pod({}, profile("RuntimeDefault"), profile("Localhost"))
}

test_passes_for_a_windows_pod if {
	seccomp.violations == set() with input as pod({"os": {"name": "windows"}}, {}, {})
	seccomp.violations == set() with input as pod(
		object.union(profile("Unconfined"), {"os": {"name": "windows"}}),
		profile("Unconfined"),
		{},
	)
}

profile(type) := {"securityContext": {"seccompProfile": {"type": type}}}

pod(spec, container, init) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": container},
	{"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]", "spec": init},
]}}
