package kubemuster.checks.workload.memory_limit_test

import data.kubemuster.checks.workload.memory_limit

test_fails_for_containers_without_a_limit if {
	memory_limit.violations == {
		{
			"path": "spec.containers[0].resources.limits.memory",
			"message": "container web has no memory limit",
		},
		{
			"path": "spec.initContainers[0].resources.limits.memory",
			"message": "container setup has no memory limit",
		},
	} with input as pod({}, {"resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}}}, {})
}

test_fails_for_a_limit_of_0 if {
	memory_limit.violations == {{
		"path": "spec.containers[0].resources.limits.memory",
		"message": "container web has no memory limit",
	}} with input as pod({"resources": {"limits": {"memory": "0"}}}, limit("0"), limit("1Gi"))
}

test_passes_for_containers_with_a_limit if {
	memory_limit.violations == set() with input as pod({}, limit("128Mi"), limit("1Gi"))
}

test_passes_for_a_limit_of_the_pod if {
	memory_limit.violations == set() with input as pod(limit("1Gi"), {}, {})
}

test_passes_for_an_ephemeral_container if {
	memory_limit.violations == set() with input as {"workload": {"path": "spec", "spec": {}, "containers": [{
		"name": "debug",
		"type": "ephemeralContainer",
		"path": "spec.ephemeralContainers[0]",
		"spec": {},
	}]}}
}

limit(memory) := {"resources": {"limits": {"memory": memory}}}

pod(spec, container, init) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": container},
	{"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]", "spec": init},
]}}
