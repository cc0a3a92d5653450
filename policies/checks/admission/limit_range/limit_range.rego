# METADATA
# title: Namespace has no LimitRange
# description: >-
#   Containers that state no limit get none. One that leaks or is taken over uses up its node, and the pods beside it are
#   evicted.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/policy/limit-range/
#     description: LimitRange
# custom:
#   id: KM5003
#   name: NoLimitRange
#   severity: info
#   scope: cluster
#   kinds: [Namespace]
#   requires: [Namespace, LimitRange, Workload]
#   remediation: >-
#     Create a LimitRange in the namespace with default and defaultRequest for memory and CPU.
#   frameworks:
#     nsa-cisa-1.2: [resource-policies]
#     mitre-attack-containers: [T1499, T1496]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.admission.limit_range

import data.kubemuster.lib.namespaces

violations contains violation if {
	some namespace in input.inventory.namespaces
	namespace.workloads > 0
	namespace.limitRanges == 0
	not namespace.name in namespaces.system
	violation := {
		"object": {"kind": "Namespace", "namespace": "", "name": namespace.name},
		"path": "metadata.name",
		"message": sprintf("namespace %s runs pods and has no LimitRange", [namespace.name]),
	}
}
