# METADATA
# title: Namespace with workloads has no NetworkPolicy
# description: >-
#   Without any NetworkPolicy every pod of the cluster reaches every pod of the namespace, and those reach everything
#   else. One compromised pod is enough to try every service. Policies of Cilium, Calico and other
#   custom resources are not looked at.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#     description: Network policies
# custom:
#   id: KM4001
#   name: NamespaceWithoutPolicy
#   severity: medium
#   scope: cluster
#   kinds: [Namespace]
#   requires: [Namespace, NetworkPolicy, Pod]
#   remediation: >-
#     Create a NetworkPolicy that denies ingress and egress for all pods of the namespace, and allow what is needed by
#     further policies.
#   frameworks:
#     cis-kubernetes-1.12: ["5.3.2"]
#     cis-eks-1.8: ["4.3.2"]
#     cis-gke-1.9: ["4.3.2"]
#     cis-aks-1.8: ["4.4.2"]
#     nsa-cisa-1.2: [network-policies]
#     mitre-attack-containers: [T1046]
#     owasp-kubernetes-2022: [K07]
package kubemuster.checks.network.no_policy

import data.kubemuster.lib.namespaces

violations contains violation if {
	some namespace in input.inventory.namespaces
	namespace.workloads > 0
	not namespace.name in namespaces.system
	not namespace.name in with_policy
	violation := {
		"object": {"kind": "Namespace", "namespace": "", "name": namespace.name},
		"path": "metadata.name",
		"message": sprintf("namespace %s runs pods and has no NetworkPolicy", [namespace.name]),
	}
}

with_policy contains policy.namespace if some policy in input.inventory.networkPolicies
