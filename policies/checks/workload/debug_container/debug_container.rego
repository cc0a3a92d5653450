# METADATA
# title: Debug container was left in a pod
# description: >-
#   An ephemeral container brings a shell and tools into a running pod, with its network and often its processes. It stays in
#   the pod until the pod is deleted. Somebody has changed this pod by hand; an intruder who may do so hides that way.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
#     description: Ephemeral containers
# custom:
#   id: KM1049
#   name: DebugContainerLeft
#   severity: medium
#   scope: object
#   kinds: [Pod]
#   remediation: >-
#     Delete the pod, so that its controller makes a new one without the container: kubectl delete pod NAME.
#   frameworks:
#     nsa-cisa-1.2: [application-practices]
#     mitre-attack-containers: [T1609]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.debug_container

violations contains violation if {
	some i, container in input.workload.spec.ephemeralContainers
	violation := {
		"path": sprintf("%s.ephemeralContainers[%d]", [input.workload.path, i]),
		"message": sprintf("ephemeral container %s was added to the pod", [container.name]),
	}
}
