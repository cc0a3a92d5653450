# METADATA
# title: Pod shares the IPC namespace of its node
# description: >-
#   A pod in the node's IPC namespace reads and writes the shared memory, semaphores and message queues of processes on
#   the node and of other pods that share it, and can steal or alter what they exchange.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1003
#   name: HostIPC
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove hostIPC, or set it to false; containers of one pod share IPC without it.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.4"]
#     cis-eks-1.8: ["4.2.3"]
#     cis-aks-1.8: ["4.2.3"]
#     pod-security-standards: [hostNamespaces]
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.host_ipc

violations contains violation if {
	input.workload.spec.hostIPC == true
	violation := {
		"path": sprintf("%s.hostIPC", [input.workload.path]),
		"message": "the pod shares the IPC namespace of its node",
	}
}
