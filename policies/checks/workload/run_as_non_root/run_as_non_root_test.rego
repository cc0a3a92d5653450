package kubemuster.checks.workload.run_as_non_root_test

import data.kubemuster.checks.workload.run_as_non_root

test_fails_for_absent_fields_at_each_container if {
	run_as_non_root.violations == {
		{
			"path": "spec.containers[0].securityContext.runAsNonRoot",
			"message": "container web may run as root: neither it nor the pod sets runAsNonRoot",
		},
		{
			"path": "spec.initContainers[0].securityContext.runAsNonRoot",
			"message": "container setup may run as root: neither it nor the pod sets runAsNonRoot",
		},
	} with input as pod({}, {}, {"securityContext": {}})
}

test_fails_for_the_one_container_that_does_not_say if {
	run_as_non_root.violations == {{
		"path": "spec.initContainers[0].securityContext.runAsNonRoot",
		"message": "container setup may run as root: neither it nor the pod sets runAsNonRoot",
	}} with input as pod({"securityContext": {}}, non_root, {})
}

test_fails_for_a_container_that_overrides_the_pod if {
	run_as_non_root.violations == {{
		"path": "spec.containers[0].securityContext.runAsNonRoot",
		"message": "container web sets runAsNonRoot to false",
	}} with input as pod(non_root, root, {})
}

test_fails_at_the_pod_that_says_false_and_not_again_below if {
	at_the_pod := {{
		"path": "spec.securityContext.runAsNonRoot",
		"message": "the pod sets runAsNonRoot to false",
	}}
	run_as_non_root.violations == at_the_pod with input as pod(root, {}, {})
	run_as_non_root.violations == at_the_pod with input as pod(root, non_root, non_root)
}

test_passes_where_the_pod_says_so_for_all if {
	run_as_non_root.violations == set() with input as pod(non_root, {}, {"securityContext": {}})
}

test_passes_where_every_container_says_so if {
	run_as_non_root.violations == set() with input as pod({}, non_root, non_root)
}

test_passes_in_a_user_namespace if {
	run_as_non_root.violations == set() with input as pod({"hostUsers": false}, {}, root)
	run_as_non_root.violations == set() with input as pod(object.union(root, {"hostUsers": false}), {}, root)
}

test_fails_in_the_user_namespace_of_the_node if {
	run_as_non_root.violations == {{
		"path": "spec.containers[0].securityContext.runAsNonRoot",
		"message": "container web sets runAsNonRoot to false",
	}} with input as pod({"hostUsers": true}, root, non_root)
}

test_fails_for_a_windows_pod if {
	run_as_non_root.violations == {{
		"path": "spec.containers[0].securityContext.runAsNonRoot",
		"message": "container web may run as root: neither it nor the pod sets runAsNonRoot",
	}} with input as pod({"os": {"name": "windows"}}, {}, non_root)
}

root := {"securityContext": {"runAsNonRoot": false}}

non_root := {"securityContext": {"runAsNonRoot": true}}

pod(spec, container, init) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": container},
	{"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]", "spec": init},
]}}
