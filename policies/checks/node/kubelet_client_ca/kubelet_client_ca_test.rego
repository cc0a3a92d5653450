package kubemuster.checks.node.kubelet_client_ca_test

import data.kubemuster.checks.node.kubelet_client_ca

test_fails_without_an_authority if {
	every object in [{}, {"authentication": {"x509": {}}}] {
		kubelet_client_ca.violations == {{
			"path": "authentication.x509.clientCAFile",
			"message": "the kubelet knows no authority of client certificates",
		}} with input.object as object
	}
}

test_passes_with_one if {
	kubelet_client_ca.violations == set() with input.object as {"authentication": {"x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"}}}
}
