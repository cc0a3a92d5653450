# METADATA
# title: Pod has no controller
# description: >-
#   Nothing brings such a pod back when its node fails, and nobody rolls fixes out to it. Pods that somebody made by hand, to
#   debug a node for instance, are also what an intruder leaves behind.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/controllers/
#     description: Workload management
# custom:
#   id: KM1050
#   name: PodWithoutController
#   severity: low
#   scope: object
#   kinds: [Pod]
#   remediation: >-
#     Run the pod through a Deployment, StatefulSet, DaemonSet or Job, or delete it when its work is done.
#   frameworks:
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.bare_pod

# A static pod is its node's own, which owns it.
violations contains violation if {
	count({true |
		some owner in input.workload.metadata.ownerReferences
		owner.controller == true
	}) == 0
	violation := {
		"path": "metadata.ownerReferences",
		"message": "the pod has no controller",
	}
}
