# METADATA
# title: Namespace with workloads has no network policy
# description: >-
#   Without any network policy every pod of the cluster reaches every pod of the namespace, and those reach everything
#   else. One compromised pod is enough to try every service. Beside NetworkPolicy, the policies of
#   Cilium and Calico and those of the Network Policy API are looked at where they are installed. A policy for admins
#   counts where it denies everything in the cluster on all ports, for egress to all addresses of both families, and none
#   of an earlier or the same priority allows it or passes it on: what its rules do not match it leaves alone. One of Calico counts
#   unless it passes everything on, as if its tier denied what is left over; the report names those of other tiers than the default one. Where it cannot be told whether a policy selects the pods, it is taken to, and the report names it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#     description: Network policies
# custom:
#   id: KM4001
#   name: NamespaceWithoutPolicy
#   severity: medium
#   scope: cluster
#   kinds: [Namespace]
#   requires: [Namespace, AnyNetworkPolicy, Workload]
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
		"message": sprintf("namespace %s runs pods and has no network policy", [namespace.name]),
	}
}

with_policy contains policy.namespace if {
	some policy in input.inventory.networkPolicies
	policy.types[0]
}

# A policy of the whole cluster is in no namespace.
with_policy contains workload.namespace if {
	some workload in input.inventory.workloads
	workload.ingressPolicy
}

with_policy contains workload.namespace if {
	some workload in input.inventory.workloads
	workload.egressPolicy
}
