# METADATA
# title: Container adds capabilities beyond the baseline
# description: >-
#   Every capability beyond those that container runtimes grant by default widens what an attacker in the container may
#   ask of the kernel: raw packets, tracing, mounting, loading code.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1006
#   name: AddedCapabilities
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove the capability from securityContext.capabilities.add.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.9"]
#     pod-security-standards: [capabilities_baseline]
#     nsa-cisa-1.2: [capabilities]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.added_capabilities

# The default set of container runtimes without NET_RAW, spelled as the standard spells it: no CAP_ prefix, upper case.
allowed := {
	"AUDIT_WRITE",
	"CHOWN",
	"DAC_OVERRIDE",
	"FOWNER",
	"FSETID",
	"KILL",
	"MKNOD",
	"NET_BIND_SERVICE",
	"SETFCAP",
	"SETGID",
	"SETPCAP",
	"SETUID",
	"SYS_CHROOT",
}

violations contains violation if {
	some container in input.workload.containers
	some capability in container.spec.securityContext.capabilities.add
	not capability in allowed
	violation := {
		"path": sprintf("%s.securityContext.capabilities.add", [container.path]),
		"message": sprintf("container %s adds capability %s", [container.name, capability]),
		"key": capability,
	}
}
