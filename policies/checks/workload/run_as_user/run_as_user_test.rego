package kubemuster.checks.workload.run_as_user_test

import data.kubemuster.checks.workload.run_as_user

test_fails_for_containers_that_say_0 if {
	run_as_user.violations == {
		{
			"path": "spec.containers[0].securityContext.runAsUser",
			"message": "container web sets runAsUser to 0",
		},
		{
			"path": "spec.ephemeralContainers[0].securityContext.runAsUser",
			"message": "container debug sets runAsUser to 0",
		},
	} with input as pod({}, root, root)
}

test_fails_at_the_pod_that_says_0_even_where_containers_override_it if {
	at_the_pod := {{
		"path": "spec.securityContext.runAsUser",
		"message": "the pod sets runAsUser to 0",
	}}
	run_as_user.violations == at_the_pod with input as pod(root, {}, {})
	run_as_user.violations == at_the_pod with input as pod(root, user, user)
}

test_passes_for_another_user if {
	run_as_user.violations == set() with input as pod(user, user, {})
}

test_passes_for_absent_fields if {
	run_as_user.violations == set() with input as pod({}, {}, {"securityContext": {}})
}

test_passes_in_a_user_namespace if {
	run_as_user.violations == set() with input as pod(object.union(root, {"hostUsers": false}), root, root)
}

test_fails_in_the_user_namespace_of_the_node if {
	run_as_user.violations == {{
		"path": "spec.containers[0].securityContext.runAsUser",
		"message": "container web sets runAsUser to 0",
	}} with input as pod({"hostUsers": true}, root, user)
}

root := {"securityContext": {"runAsUser": 0}}

user := {"securityContext": {"runAsUser": 1000}}

pod(spec, container, ephemeral) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": container},
	{"name": "debug", "type": "ephemeralContainer", "path": "spec.ephemeralContainers[0]", "spec": ephemeral},
]}}
