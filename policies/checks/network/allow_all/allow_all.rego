# METADATA
# title: NetworkPolicy allows everything
# description: >-
#   Policies add up: one rule that allows all traffic takes back what every other policy on these pods forbids. The
#   namespace looks isolated, and an attacker moves through it as if it were not.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#     description: Network policies
# custom:
#   id: KM4009
#   name: PolicyAllowsAll
#   severity: low
#   scope: object
#   kinds: [NetworkPolicy]
#   remediation: >-
#     Name the peers in from and to, and the ports, or remove the rule.
#   frameworks:
#     nsa-cisa-1.2: [network-policies]
#     mitre-attack-containers: [T1046]
#     owasp-kubernetes-2022: [K07]
package kubemuster.checks.network.allow_all

violations contains violation if {
	applies("Ingress")
	i := min(open_ingress)
	violation := {
		"path": sprintf("spec.ingress[%d]", [i]),
		"key": "ingress",
		"message": sprintf("network policy %s lets everyone in, on every port", [input.object.metadata.name]),
	}
}

violations contains violation if {
	applies("Egress")
	i := min(open_egress)
	violation := {
		"path": sprintf("spec.egress[%d]", [i]),
		"key": "egress",
		"message": sprintf("network policy %s lets its pods out to everyone, on every port", [input.object.metadata.name]),
	}
}

# A rule without peers is for all of them.
open_ingress contains i if {
	some i, rule in input.object.spec.ingress
	not rule.ports[0]
	not rule.from[0]
}

open_ingress contains i if {
	some i, rule in input.object.spec.ingress
	not rule.ports[0]
	some peer in rule.from
	peer.ipBlock.cidr in everywhere
	not peer.ipBlock.except[0]
}

open_egress contains i if {
	some i, rule in input.object.spec.egress
	not rule.ports[0]
	not rule.to[0]
}

open_egress contains i if {
	some i, rule in input.object.spec.egress
	not rule.ports[0]
	some peer in rule.to
	peer.ipBlock.cidr in everywhere
	not peer.ipBlock.except[0]
}

everywhere := {"0.0.0.0/0", "::/0"}

applies(direction) if direction in input.object.spec.policyTypes

# Without types a policy is for ingress, and for egress where it has such rules.
applies(_) if not input.object.spec.policyTypes[0]
