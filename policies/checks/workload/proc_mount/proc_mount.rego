# METADATA
# title: Container sees /proc unmasked
# description: >-
#   The runtime hides parts of /proc that would let a container change the kernel's settings, read its memory or crash the
#   node. Unmasked, they are open to whoever runs code in the container.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline and restricted
# custom:
#   id: KM1012
#   name: UnmaskedProc
#   severity: high
#   severities:
#     low: in a user namespace
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove securityContext.procMount from the container, or set it to Default.
#   frameworks:
#     pod-security-standards: [procMount]
#     nsa-cisa-1.2: [sandboxing]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.proc_mount

violations contains violation if {
	not input.workload.spec.hostUsers == false
	some container in input.workload.containers
	container.spec.securityContext.procMount != "Default"
	violation := {
		"path": sprintf("%s.securityContext.procMount", [container.path]),
		"message": sprintf("container %s sees /proc unmasked", [container.name]),
	}
}

# In a user namespace (hostUsers: false) what it could write there belongs to the node's root: baseline allows it then, and
# restricted does not.
violations contains violation if {
	input.workload.spec.hostUsers == false
	some container in input.workload.containers
	container.spec.securityContext.procMount != "Default"
	violation := {
		"path": sprintf("%s.securityContext.procMount", [container.path]),
		"message": sprintf("container %s sees /proc unmasked, in a user namespace", [container.name]),
		"severity": "low",
	}
}
