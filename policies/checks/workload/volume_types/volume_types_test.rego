package kubemuster.checks.workload.volume_types_test

import data.kubemuster.checks.workload.volume_types

test_fails_for_a_type_that_is_not_allowed if {
	volume_types.violations == {
		{
			"path": "spec.volumes[1]",
			"message": "volume share is of type nfs",
			"key": "share",
		},
		{
			"path": "spec.volumes[2]",
			"message": "volume new is of type unknown",
			"key": "new",
		},
	} with input as pod({"volumes": [
		{"name": "tmp", "emptyDir": {}},
		{"name": "share", "nfs": {"server": "files", "path": "/"}},
		{"name": "new"},
	]})
}

test_leaves_host_paths_to_their_own_check if {
	volume_types.violations == set() with input as pod({"volumes": [{"name": "logs", "hostPath": {"path": "/var/log"}}]})
}

test_passes_for_allowed_types if {
	every type in volume_types.allowed {
		volume_types.violations == set() with input as pod({"volumes": [{"name": "data", type: {}}]})
	}
}

test_passes_for_absent_volumes if {
	volume_types.violations == set() with input as pod({})
}

pod(spec) := {"workload": {"path": "spec", "spec": spec, "containers": []}}
