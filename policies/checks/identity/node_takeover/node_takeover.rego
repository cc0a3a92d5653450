# METADATA
# title: Node whose takeover gives the cluster
# description: >-
#   Tokens of all pods on a node lie in reach of whoever breaks out of one of them. One of these tokens is enough to get
#   every right in the cluster, so that the weakest pod on the node decides over all of it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#kubernetes-rbac-privilege-escalation-risks
# custom:
#   id: KM3005
#   name: NodeTakesCluster
#   severity: high
#   scope: cluster
#   kinds: [Node, DaemonSet]
#   requires: [Workload, ServiceAccount, Role, ClusterRole, RoleBinding, ClusterRoleBinding]
#   remediation: >-
#     Take the rights that the finding names out of the role; where a controller needs them, run it on nodes of its own
#     (nodeSelector and a taint), apart from what the internet reaches.
#   frameworks:
#     nsa-cisa-1.2: [worker-nodes, rbac]
#     mitre-attack-containers: [T1611, T1528]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.identity.node_takeover

import data.kubemuster.lib.takeover

permissions := takeover.permissions

violations contains {
	"object": {"kind": "Node", "namespace": "", "name": node},
	"path": "",
	"message": sprintf("whoever takes it can take the cluster with the tokens of %s", [concat(", ", sort(accounts))]),
	"ways": [array.concat([sprintf("Node %s", [node])], way) | some way in ways[node]],
} if {
	some node, accounts in on
}

# On every node that it runs on, a DaemonSet's token is there: that is one finding.
violations contains {
	"object": {"kind": workload.kind, "namespace": workload.namespace, "name": workload.name},
	"path": "",
	"message": sprintf("whoever takes a node that it runs on can take the cluster with the token of %s", [account]),
	"ways": [array.concat(
		[sprintf("DaemonSet %s/%s", [workload.namespace, workload.name]), account],
		grant,
	) |
		some grant in taken.grants
	],
} if {
	some i, holder in input.holders
	taken := takeover.of[i]
	account := sprintf("ServiceAccount %s/%s", [holder.namespace, holder.name])
	some workload in holder.workloads
	workload.kind == "DaemonSet"
}

on[node] contains account if {
	some i, holder in input.holders
	takeover.of[i]
	account := sprintf("ServiceAccount %s/%s", [holder.namespace, holder.name])
	some workload in holder.workloads
	workload.kind != "DaemonSet"
	some node in workload.nodes
}

ways[node] contains array.concat([account], grant) if {
	some i, holder in input.holders
	account := sprintf("ServiceAccount %s/%s", [holder.namespace, holder.name])
	some workload in holder.workloads
	workload.kind != "DaemonSet"
	some node in workload.nodes
	some grant in takeover.of[i].grants
}
