package kubemuster.checks.node.kubelet_server_rotation_test

import data.kubemuster.checks.node.kubelet_server_rotation

test_fails_without_bootstrap if {
	every object in [{}, {"serverTLSBootstrap": false, "featureGates": {"RotateKubeletServerCertificate": true}}] {
		kubelet_server_rotation.violations == {{
			"path": "serverTLSBootstrap",
			"message": "the kubelet does not ask the cluster for its serving certificate, and does not rotate it",
		}} with input.object as object
	}
}

test_fails_with_the_feature_gate_off if {
	kubelet_server_rotation.violations == {{
		"path": "featureGates.RotateKubeletServerCertificate",
		"message": "the feature gate RotateKubeletServerCertificate is off, and the kubelet does not rotate its serving certificate",
	}} with input.object as {"serverTLSBootstrap": true, "featureGates": {"RotateKubeletServerCertificate": false}}
}

test_passes_with_bootstrap if {
	kubelet_server_rotation.violations == set() with input.object as {"serverTLSBootstrap": true}
	kubelet_server_rotation.violations == set() with input.object as {
		"serverTLSBootstrap": true,
		"featureGates": {"RotateKubeletServerCertificate": true},
	}
}
