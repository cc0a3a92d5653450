# METADATA
# title: The kubelet can be reached through nodes/proxy
# description: >-
#   nodes/proxy leads to the kubelet's own API, past admission and the audit log's detail. A get is enough: over
#   WebSocket it runs commands in every pod of the node, and so takes the token of every service account on it.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
# custom:
#   id: KM2011
#   name: NodesProxy
#   severity: critical
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take nodes/proxy out of the role; read metrics and logs with nodes/metrics, nodes/stats and nodes/log.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.10"]
#     cis-eks-1.8: ["4.1.10"]
#     cis-aks-1.8: ["4.1.9"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1609]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.nodes_proxy

permissions := {
	"nodesProxy": [
		{
			"verbs": ["get", "create"],
			"apiGroups": [""],
			"resources": ["nodes/proxy"],
			"extent": "cluster",
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if some held in input.grant.holds
