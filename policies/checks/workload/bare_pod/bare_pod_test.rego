package kubemuster.checks.workload.bare_pod_test

import data.kubemuster.checks.workload.bare_pod

test_fails_without_a_controller if {
	bare_pod.violations == {violation} with input as pod({"ownerReferences": [{"kind": "ConfigMap", "name": "x"}]})
}

test_fails_for_absent_fields if {
	bare_pod.violations == {violation} with input as pod({})
}

test_passes_with_a_controller if {
	bare_pod.violations == set() with input as pod({"ownerReferences": [{
		"kind": "ReplicaSet",
		"name": "web-1",
		"controller": true,
	}]})
}

test_passes_for_a_static_pod if {
	bare_pod.violations == set() with input as pod({"ownerReferences": [{
		"kind": "Node",
		"name": "node-1",
		"controller": true,
	}]})
}

violation := {"path": "metadata.ownerReferences", "message": "the pod has no controller"}

pod(metadata) := {"workload": {"path": "spec", "spec": {}, "metadata": metadata, "containers": []}}
