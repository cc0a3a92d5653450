# METADATA
# title: Container may gain privileges
# description: >-
#   Unless allowPrivilegeEscalation is false, a process can gain more privileges than its parent through set-user-ID
#   binaries or file capabilities. An attacker with a foothold as an ordinary user becomes root of the container that
#   way.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, restricted
# custom:
#   id: KM1022
#   name: PrivilegeEscalation
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.allowPrivilegeEscalation to false on every container.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.6"]
#     cis-eks-1.8: ["4.2.5"]
#     cis-aks-1.8: ["4.2.5"]
#     pod-security-standards: [allowPrivilegeEscalation]
#     nsa-cisa-1.2: [privileged-containers]
#     mitre-attack-containers: [T1068]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.privilege_escalation

violations contains violation if {
	# The field does not exist for Windows pods.
	not input.workload.spec.os.name == "windows"
	some container in input.workload.containers
	not container.spec.securityContext.allowPrivilegeEscalation == false
	violation := {
		"path": sprintf("%s.securityContext.allowPrivilegeEscalation", [container.path]),
		"message": sprintf("container %s does not set allowPrivilegeEscalation to false", [container.name]),
	}
}
