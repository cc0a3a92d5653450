# METADATA
# title: Pod shares the process namespace of its node
# description: >-
#   A pod in the node's process namespace sees every process of the node with its arguments and, with the right to
#   trace, reads the environment and memory of other pods' processes. A little more privilege turns that into the node
#   itself.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1002
#   name: HostPID
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove hostPID, or set it to false.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.3"]
#     cis-eks-1.8: ["4.2.2"]
#     cis-aks-1.8: ["4.2.2"]
#     pod-security-standards: [hostNamespaces]
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.host_pid

violations contains violation if {
	input.workload.spec.hostPID == true
	violation := {
		"path": sprintf("%s.hostPID", [input.workload.path]),
		"message": "the pod shares the process namespace of its node",
	}
}
