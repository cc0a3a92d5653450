package kubemuster.checks.workload.sysctls_test

import data.kubemuster.checks.workload.sysctls

test_fails_once_for_each_sysctl if {
	sysctls.violations == {
		{
			"path": "spec.securityContext.sysctls",
			"message": "the pod sets sysctl kernel.msgmax",
			"key": "kernel.msgmax",
		},
		{
			"path": "spec.securityContext.sysctls",
			"message": "the pod sets sysctl net.core.somaxconn",
			"key": "net.core.somaxconn",
		},
	} with input as pod({"sysctls": [
		{"name": "kernel.msgmax", "value": "65536"},
		{"name": "net.ipv4.tcp_syncookies", "value": "1"},
		{"name": "net.core.somaxconn", "value": "1024"},
	]})
}

test_passes_for_safe_sysctls if {
	sysctls.violations == set() with input as pod({"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]})
}

test_passes_for_absent_fields if {
	sysctls.violations == set() with input as pod({})
	sysctls.violations == set() with input as {"workload": {"path": "spec", "spec": {}, "containers": []}}
}

pod(security_context) := {"workload": {"path": "spec", "spec": {"securityContext": security_context}, "containers": []}}
