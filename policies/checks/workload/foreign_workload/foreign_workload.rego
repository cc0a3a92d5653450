# METADATA
# title: Foreign workload in a system namespace
# description: >-
#   What runs in the system namespaces is trusted more than other workloads: admission webhooks and policies often leave
#   them out, quotas do not hold there, and their names hide an intruder well. Whoever runs a pod there reaches service
#   accounts and Secrets that rule the cluster. A known name is not enough: each image must come from where Kubernetes or
#   the cloud keeps its own, or share a word with the name, as those of a mirror do.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
#     description: Namespaces
# custom:
#   id: KM1047
#   name: ForeignWorkload
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set metadata.namespace to a namespace of the workload's own; if nobody knows the workload, look into who made it.
#   frameworks:
#     nsa-cisa-1.2: [namespaces]
#     mitre-attack-containers: [T1036.005]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.foreign_workload

import data.kubemuster.lib.components
import data.kubemuster.lib.namespaces

violations contains violation if {
	input.workload.namespace in namespaces.system
	not owned
	not components.named
	violation := {
		"path": "metadata.namespace",
		"message": sprintf("the workload is none that Kubernetes or its cloud is known to run in %s", [input.workload.namespace]),
	}
}

violations contains violation if {
	components.named
	not owned
	count(components.foreign) > 0
	violation := {
		"path": "metadata.namespace",
		"message": sprintf("the workload has the name of one that Kubernetes or its cloud runs, and another's image: %s", [concat(", ", sort(components.foreign))]),
	}
}

# What a workload owns has names of its own; its owner is judged.
owned if {
	some owner in input.workload.metadata.ownerReferences
	owner.controller == true
	owner.kind in {"DaemonSet", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"}
}
