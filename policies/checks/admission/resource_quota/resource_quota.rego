# METADATA
# title: Namespace has no ResourceQuota
# description: >-
#   Whoever may create objects in the namespace can fill the cluster with them. One stolen deployment token is enough to
#   take nodes, load balancers and volumes from everyone else, or to mine coins at the owner's expense.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/policy/resource-quotas/
#     description: ResourceQuota
# custom:
#   id: KM5002
#   name: NoResourceQuota
#   severity: low
#   scope: cluster
#   kinds: [Namespace]
#   requires: [Namespace, ResourceQuota, Workload]
#   remediation: >-
#     Create a ResourceQuota in the namespace, with limits for requests.cpu, requests.memory, pods and services.loadbalancers.
#   frameworks:
#     nsa-cisa-1.2: [resource-policies]
#     mitre-attack-containers: [T1499, T1496]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.admission.resource_quota

import data.kubemuster.lib.namespaces

violations contains violation if {
	some namespace in input.inventory.namespaces
	namespace.workloads > 0
	namespace.quotas == 0
	not namespace.name in namespaces.system
	violation := {
		"object": {"kind": "Namespace", "namespace": "", "name": namespace.name},
		"path": "metadata.name",
		"message": sprintf("namespace %s runs pods and has no ResourceQuota", [namespace.name]),
	}
}
