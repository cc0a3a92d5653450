package kubemuster.checks.workload.host_path_test

import data.kubemuster.checks.workload.host_path

test_fails_once_for_each_volume if {
	host_path.violations == {
		{
			"path": "spec.template.spec.volumes[1].hostPath",
			"message": "volume logs is a hostPath volume",
			"key": "logs",
		},
		{
			"path": "spec.template.spec.volumes[2].hostPath",
			"message": "volume bare is a hostPath volume",
			"key": "bare",
		},
	} with input as pod({"volumes": [
		{"name": "tmp", "emptyDir": {}},
		{"name": "logs", "hostPath": {"path": "/var/log", "type": "Directory"}},
		{"name": "bare", "hostPath": {}},
	]})
}

test_passes_for_other_volumes if {
	host_path.violations == set() with input as pod({"volumes": [
		{"name": "tmp", "emptyDir": {}},
		{"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
	]})
}

test_passes_for_an_absent_field if {
	host_path.violations == set() with input as pod({})
}

pod(spec) := {"workload": {"path": "spec.template.spec", "spec": spec, "containers": []}}
