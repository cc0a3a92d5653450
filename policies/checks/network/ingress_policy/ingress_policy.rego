# METADATA
# title: Pods that no policy for ingress selects
# description: >-
#   A policy isolates only the pods that it selects. These have been left out: every pod of the cluster reaches them on
#   every port, while their namespace looks isolated. Beside NetworkPolicy, the policies of
#   Cilium and Calico and those of the Network Policy API are looked at where they are installed. A policy for admins
#   counts where it denies everything in the cluster on all ports, for egress to all addresses of both families, and none
#   of an earlier or the same priority allows it or passes it on: what its rules do not match it leaves alone. One of Calico counts
#   unless it passes everything on, as if its tier denied what is left over; the report names those of other tiers than the default one. Where it cannot be told whether a policy selects the pods, it is taken to, and the report names it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#     description: Network policies
# custom:
#   id: KM4002
#   name: NoIngressPolicy
#   severity: medium
#   scope: cluster
#   kinds: [Workload]
#   requires: [Workload, Namespace, AnyNetworkPolicy]
#   remediation: >-
#     Add a NetworkPolicy with an empty podSelector and policyTypes [Ingress], which denies ingress for all pods of the
#     namespace, and allow what is needed by further policies.
#   frameworks:
#     nsa-cisa-1.2: [network-policies]
#     mitre-attack-containers: [T1046]
#     owasp-kubernetes-2022: [K07]
package kubemuster.checks.network.ingress_policy

import data.kubemuster.lib.namespaces

violations contains violation if {
	some workload in input.inventory.workloads
	not workload.ingressPolicy
	not workload.hostNetwork # policies do not hold on the node's own network
	not workload.namespace in namespaces.system
	workload.namespace in with_policy
	violation := {
		"object": {"kind": workload.kind, "namespace": workload.namespace, "name": workload.name},
		"path": sprintf("%smetadata.labels", [trim_suffix(workload.path, "spec")]),
		"message": "no network policy isolates the pods for ingress",
	}
}

# KM4001 tells of namespaces that have none at all.
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
