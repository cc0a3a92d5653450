package kubemuster.checks.workload.root_filesystem_test

import data.kubemuster.checks.workload.root_filesystem

test_fails_for_a_writable_file_system if {
	root_filesystem.violations == {writable} with input as pod({}, {"securityContext": {"readOnlyRootFilesystem": false}})
}

test_fails_for_absent_fields if {
	root_filesystem.violations == {writable} with input as pod({}, {})
	root_filesystem.violations == {writable} with input as pod({}, {"securityContext": {}})
}

test_passes_for_a_read_only_file_system if {
	root_filesystem.violations == set() with input as pod({}, {"securityContext": {"readOnlyRootFilesystem": true}})
}

test_passes_for_a_windows_pod if {
	root_filesystem.violations == set() with input as pod({"os": {"name": "windows"}}, {})
}

writable := {
	"path": "spec.containers[0].securityContext.readOnlyRootFilesystem",
	"message": "container web can write to its root file system",
}

pod(spec, container) := {"workload": {"path": "spec", "spec": spec, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": container,
}]}}
