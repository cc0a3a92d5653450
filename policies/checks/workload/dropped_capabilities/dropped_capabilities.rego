# METADATA
# title: Container keeps capabilities
# description: >-
#   The runtime's default capabilities let root of the container change file owners, make device nodes, forge packets
#   and bind any port. An attacker in the container inherits them although hardly any application needs one.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, restricted
# custom:
#   id: KM1026
#   name: CapabilitiesNotDropped
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.capabilities.drop to [ALL] on every container and add nothing but NET_BIND_SERVICE.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.8", "5.2.9", "5.6.3"]
#     cis-gke-1.9: ["4.6.3"]
#     cis-aks-1.8: ["4.6.2"]
#     pod-security-standards: [capabilities_restricted]
#     nsa-cisa-1.2: [capabilities]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.dropped_capabilities

violations contains violation if {
	# The field does not exist for Windows pods.
	not input.workload.spec.os.name == "windows"
	some container in input.workload.containers
	dropped := {capability | some capability in container.spec.securityContext.capabilities.drop}
	not "ALL" in dropped
	violation := {
		"path": sprintf("%s.securityContext.capabilities.drop", [container.path]),
		"message": sprintf("container %s does not drop all capabilities", [container.name]),
	}
}

violations contains violation if {
	not input.workload.spec.os.name == "windows"
	some container in input.workload.containers
	some capability in container.spec.securityContext.capabilities.add
	capability != "NET_BIND_SERVICE"
	violation := {
		"path": sprintf("%s.securityContext.capabilities.add", [container.path]),
		"message": sprintf("container %s adds capability %s", [container.name, capability]),
		"key": capability,
	}
}
