# METADATA
# title: Windows container runs as a process of its node
# description: >-
#   A HostProcess container is an ordinary process of the Windows node, with its file system, network and devices.
#   Whoever runs code in it owns the node, and with it every pod and service account token on that node.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/
#     description: HostProcess pods
# custom:
#   id: KM1001
#   name: HostProcess
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.windowsOptions.hostProcess to false, or remove it, on the pod and on every container.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.10"]
#     pod-security-standards: [windowsHostProcess]
#     nsa-cisa-1.2: [privileged-containers]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.host_process

violations contains violation if {
	input.workload.spec.securityContext.windowsOptions.hostProcess == true
	violation := {
		"path": sprintf("%s.securityContext.windowsOptions.hostProcess", [input.workload.path]),
		"message": "the pod runs its containers as processes of its node",
	}
}

violations contains violation if {
	some container in input.workload.containers
	container.spec.securityContext.windowsOptions.hostProcess == true
	violation := {
		"path": sprintf("%s.securityContext.windowsOptions.hostProcess", [container.path]),
		"message": sprintf("container %s runs as a process of its node", [container.name]),
	}
}
