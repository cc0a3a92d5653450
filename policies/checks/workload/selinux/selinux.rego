# METADATA
# title: SELinux options weaken the container's confinement
# description: >-
#   A type, user or role of its own can put a container into a domain that reads other pods' files or rules the node, such as
#   spc_t. An attacker in it is no longer held by SELinux.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1011
#   name: SELinuxOptions
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove user and role from securityContext.seLinuxOptions, and remove type or set it to container_t,
#     container_init_t, container_kvm_t or container_engine_t.
#   frameworks:
#     pod-security-standards: [seLinuxOptions]
#     nsa-cisa-1.2: [sandboxing]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.selinux

violations contains violation if {
	some field, value in input.workload.spec.securityContext.seLinuxOptions
	forbidden(field, value)
	violation := {
		"path": sprintf("%s.securityContext.seLinuxOptions.%s", [input.workload.path, field]),
		"message": sprintf("the pod sets the SELinux %s %s", [field, value]),
		"key": field,
	}
}

violations contains violation if {
	some container in input.workload.containers
	some field, value in container.spec.securityContext.seLinuxOptions
	forbidden(field, value)
	violation := {
		"path": sprintf("%s.securityContext.seLinuxOptions.%s", [container.path, field]),
		"message": sprintf("container %s sets the SELinux %s %s", [container.name, field, value]),
		"key": field,
	}
}

forbidden("type", value) if not value in {"", "container_engine_t", "container_init_t", "container_kvm_t", "container_t"}

forbidden("user", value) if value != ""

forbidden("role", value) if value != ""
