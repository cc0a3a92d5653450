package kubemuster.checks.node.kubelet_client_rotation_test

import data.kubemuster.checks.node.kubelet_client_rotation

test_fails_without_rotation if {
	every object in [{}, {"rotateCertificates": false}] {
		kubelet_client_rotation.violations == {{
			"path": "rotateCertificates",
			"message": "the kubelet does not rotate its client certificate",
		}} with input.object as object
	}
}

test_passes_with_rotation if {
	kubelet_client_rotation.violations == set() with input.object as {"rotateCertificates": true}
}
