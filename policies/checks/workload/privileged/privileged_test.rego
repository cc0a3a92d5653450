package kubemuster.checks.workload.privileged_test

import data.kubemuster.checks.workload.privileged

test_fails_for_a_privileged_container if {
	privileged.violations == {{
		"path": "spec.template.spec.containers[0].securityContext.privileged",
		"message": "container web runs privileged",
	}} with input as container({"securityContext": {"privileged": true}})
}

test_passes_for_an_unprivileged_container if {
	privileged.violations == set() with input as container({"securityContext": {"privileged": false}})
}

test_passes_for_an_absent_field if {
	privileged.violations == set() with input as container({})
}

container(spec) := {"workload": {"path": "spec.template.spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.template.spec.containers[0]",
	"spec": spec,
}]}}
