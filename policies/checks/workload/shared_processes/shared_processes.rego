# METADATA
# title: Containers of the pod share their processes
# description: >-
#   Each container sees the others' processes with their arguments and environment, reads their files through /proc and can
#   signal them. An attacker in the weakest container, a sidecar for instance, gets at the secrets of all.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/
#     description: Share process namespace between containers in a pod
# custom:
#   id: KM1051
#   name: SharedProcessNamespace
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove shareProcessNamespace, or set it to false; kubectl debug with --target reaches one container's processes
#     without it.
#   frameworks:
#     nsa-cisa-1.2: [sandboxing]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.shared_processes

violations contains violation if {
	input.workload.spec.shareProcessNamespace == true
	violation := {
		"path": sprintf("%s.shareProcessNamespace", [input.workload.path]),
		"message": "the containers of the pod share one process namespace",
	}
}
