# METADATA
# title: Container runs privileged
# description: >-
#   A privileged container holds every capability, sees every device and is not confined by seccomp, AppArmor or SELinux.
#   Whoever runs code in it owns the node, and with it every pod and service account token on that node.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1005
#   name: PrivilegedContainer
#   severity: critical
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.privileged to false, or remove it, and grant the single capabilities or devices that the
#     container needs.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.2"]
#     cis-eks-1.8: ["4.2.1"]
#     cis-aks-1.8: ["4.2.1"]
#     pod-security-standards: [privileged]
#     nsa-cisa-1.2: [privileged-containers]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.privileged

violations contains violation if {
	some container in input.workload.containers
	container.spec.securityContext.privileged == true
	violation := {
		"path": sprintf("%s.securityContext.privileged", [container.path]),
		"message": sprintf("container %s runs privileged", [container.name]),
	}
}
