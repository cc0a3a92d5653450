package kubemuster.checks.workload.selinux_test

import data.kubemuster.checks.workload.selinux

test_fails_for_type_user_and_role if {
	selinux.violations == {
		{
			"path": "spec.securityContext.seLinuxOptions.user",
			"message": "the pod sets the SELinux user system_u",
			"key": "user",
		},
		{
			"path": "spec.securityContext.seLinuxOptions.role",
			"message": "the pod sets the SELinux role system_r",
			"key": "role",
		},
		{
			"path": "spec.containers[0].securityContext.seLinuxOptions.type",
			"message": "container web sets the SELinux type spc_t",
			"key": "type",
		},
	} with input as pod(
		{"seLinuxOptions": {"user": "system_u", "role": "system_r", "type": "container_t"}},
		{"seLinuxOptions": {"type": "spc_t", "level": "s0:c1,c2"}},
	)
}

test_passes_for_types_of_containers if {
	every type in ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"] {
		selinux.violations == set() with input as pod({}, {"seLinuxOptions": {"type": type, "level": "s0:c1,c2"}})
	}
}

test_passes_for_empty_fields if {
	selinux.violations == set() with input as pod({"seLinuxOptions": {"user": "", "role": ""}}, {"seLinuxOptions": {}})
}

test_passes_for_absent_fields if {
	selinux.violations == set() with input as pod({}, {})
}

pod(security_context, container) := {"workload": {
	"path": "spec",
	"spec": {"securityContext": security_context},
	"containers": [{
		"name": "web",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": {"securityContext": container},
	}],
}}
