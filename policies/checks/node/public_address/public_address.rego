# METADATA
# title: Node has a public address
# description: >-
#   The kubelet, every NodePort and every host port of the node stand one firewall rule away from the internet. An
#   attacker finds them by scanning the cloud's address ranges.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/node/node-status/#addresses
#     description: Addresses of a node
# custom:
#   id: KM6004
#   name: PublicNode
#   severity: medium
#   scope: object
#   kinds: [Node]
#   remediation: >-
#     Move the node pool to private subnets with NAT, or create it without public addresses: on GKE as private nodes,
#     on AKS with enableNodePublicIP set to false, on EKS in subnets that assign none.
#   frameworks:
#     cis-eks-1.8: ["5.4.3"]
#     cis-gke-1.9: ["5.6.5"]
#     cis-aks-1.8: ["5.4.3"]
package kubemuster.checks.node.public_address

import data.kubemuster.lib.address

violations contains violation if {
	public[0]
	violation := {
		"path": "status.addresses",
		"message": sprintf("node %s is reached from outside at %s", [input.object.metadata.name, concat(", ", public)]),
	}
}

public := sort({a.address |
	some a in input.object.status.addresses
	a.type == "ExternalIP"
	not address.private(a.address)
})
