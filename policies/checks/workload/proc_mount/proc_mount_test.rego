package kubemuster.checks.workload.proc_mount_test

import data.kubemuster.checks.workload.proc_mount

test_fails_for_an_unmasked_proc if {
	proc_mount.violations == {{
		"path": "spec.containers[0].securityContext.procMount",
		"message": "container builder sees /proc unmasked",
	}} with input as pod({}, {"procMount": "Unmasked"})
}

test_weighs_less_in_a_user_namespace if {
	proc_mount.violations == {{
		"path": "spec.containers[0].securityContext.procMount",
		"message": "container builder sees /proc unmasked, in a user namespace",
		"severity": "low",
	}} with input as pod({"hostUsers": false}, {"procMount": "Unmasked"})
}

test_passes_for_the_default if {
	proc_mount.violations == set() with input as pod({}, {"procMount": "Default"})
	proc_mount.violations == set() with input as pod({"hostUsers": false}, {"procMount": "Default"})
}

test_passes_for_an_absent_field if {
	proc_mount.violations == set() with input as pod({}, {})
}

pod(spec, security_context) := {"workload": {"path": "spec", "spec": spec, "containers": [{
	"name": "builder",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {"securityContext": security_context},
}]}}
