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
#     nsa-cisa-1.2: [worker-nodes]
#     mitre-attack-containers: [T1133]
#     owasp-kubernetes-2022: [K07]
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
