# METADATA
# title: Network policy allows everything
# description: >-
#   Policies add up: one rule that allows all traffic takes back what every other policy on these pods forbids. The
#   namespace looks isolated, and an attacker moves through it as if it were not. Beside NetworkPolicy, the policies of
#   Cilium and Calico and those of the Network Policy API are looked at where they are installed. Where the order of rules
#   counts, a rule that allows all is none where rules before it deny something or pass it on.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#     description: Network policies
# custom:
#   id: KM4009
#   name: PolicyAllowsAll
#   severity: low
#   scope: object
#   kinds: [AnyNetworkPolicy]
#   remediation: >-
#     Name the peers in from and to, and the ports, or remove the rule.
#   frameworks:
#     nsa-cisa-1.2: [network-policies]
#     mitre-attack-containers: [T1046]
#     owasp-kubernetes-2022: [K07]
package kubemuster.checks.network.allow_all

violations contains violation if {
	some direction, says in {"ingress": "lets everyone in", "egress": "lets its pods out to everyone"}
	[_, _, path] := min(open[direction])
	violation := {
		"path": path,
		"key": direction,
		"message": sprintf("network policy %s %s, on every port", [input.object.metadata.name, says]),
	}
}

# Kubernetes: a rule without peers is for all of them.
open.ingress contains place(0, "spec.ingress", i) if {
	applies("Ingress")
	some i, rule in input.object.spec.ingress
	not rule.ports[0]
	not rule.from[0]
}

open.ingress contains place(0, "spec.ingress", i) if {
	applies("Ingress")
	some i, rule in input.object.spec.ingress
	not rule.ports[0]
	some peer in rule.from
	peer.ipBlock.cidr in everywhere
	not peer.ipBlock.except[0]
}

open.egress contains place(0, "spec.egress", i) if {
	applies("Egress")
	some i, rule in input.object.spec.egress
	not rule.ports[0]
	not rule.to[0]
}

open.egress contains place(0, "spec.egress", i) if {
	applies("Egress")
	some i, rule in input.object.spec.egress
	not rule.ports[0]
	some peer in rule.to
	peer.ipBlock.cidr in everywhere
	not peer.ipBlock.except[0]
}

applies(direction) if {
	input.object.apiVersion == "networking.k8s.io/v1"
	direction in input.object.spec.policyTypes
}

# Without types a policy is for ingress, and for egress where it has such rules.
applies(_) if {
	input.object.apiVersion == "networking.k8s.io/v1"
	not input.object.spec.policyTypes[0]
}

# Cilium: addresses stand for what is outside of the cluster alone, and entities for everybody.
open.ingress contains place(n, concat(".", [at, "ingress"]), i) if {
	some [n, at, spec] in cilium
	some i, rule in spec.ingress
	not rule.toPorts[0]
	not rule.icmps[0]
	everybody({entity | some entity in rule.fromEntities})
}

open.egress contains place(n, concat(".", [at, "egress"]), i) if {
	some [n, at, spec] in cilium
	some i, rule in spec.egress
	not rule.toPorts[0]
	not rule.icmps[0]
	everybody({entity | some entity in rule.toEntities})
}

cilium contains [0, "spec", input.object.spec] if {
	startswith(input.object.apiVersion, "cilium.io/")
	input.object.spec.endpointSelector # others are for nodes
}

cilium contains [n + 1, sprintf("specs[%d]", [n]), spec] if {
	startswith(input.object.apiVersion, "cilium.io/")
	some n, spec in input.object.specs
	spec.endpointSelector
}

everybody(entities) if "all" in entities

everybody(entities) if {
	"cluster" in entities
	"world" in entities
}

# Calico: what a rule does not name, it does not mind.
open[direction] contains place(0, concat(".", ["spec", direction]), i) if {
	some direction, type in {"ingress": "Ingress", "egress": "Egress"}
	calico_applies(type)
	some i, rule in input.object.spec[direction]
	rule.action == "Allow"
	count({field | some field, value in rule; narrows(field, value)}) == 0
	not stopped(direction, i)
}

calico_applies(type) if {
	calico
	type in input.object.spec.types
}

calico_applies(_) if {
	calico
	not input.object.spec.types[0]
}

# Policies of hosts are none of pods, and under a name such as knp.default.deny Calico shows what Kubernetes has.
calico if {
	regex.match(`^(crd\.)?projectcalico\.org/`, input.object.apiVersion)
	not input.object.spec.doNotTrack == true
	not input.object.spec.preDNAT == true
	not regex.match(`^k[a-z]*np\.`, input.object.metadata.name)
}

narrows(field, value) if {
	not field in {"action", "metadata"}
	not value in {{}, {"nets": ["0.0.0.0/0"]}, {"nets": ["::/0"]}, {"nets": ["0.0.0.0/0", "::/0"]}}
}

# Policies of admins. Those of the baseline take nothing back.
open.ingress contains place(0, "spec.ingress", i) if {
	admin
	some i, rule in input.object.spec.ingress
	rule.action in {"Allow", "Accept"}
	not rule.ports[0]
	not rule.protocols[0]
	some peer in rule.from
	peer in whole_cluster
	not stopped("ingress", i)
}

open.egress contains place(0, "spec.egress", i) if {
	admin
	some i, rule in input.object.spec.egress
	rule.action in {"Allow", "Accept"}
	not rule.ports[0]
	not rule.protocols[0]
	some peer in rule.to
	peer in whole_cluster
	not stopped("egress", i)
}

open.egress contains place(0, "spec.egress", i) if {
	admin
	some i, rule in input.object.spec.egress
	rule.action in {"Allow", "Accept"}
	not rule.ports[0]
	not rule.protocols[0]
	some peer in rule.to
	some network in peer.networks
	network in everywhere
	not stopped("egress", i)
}

whole_cluster := {{"namespaces": {}}, {"pods": {"namespaceSelector": {}, "podSelector": {}}}}

admin if input.object.kind == "AdminNetworkPolicy"

admin if {
	input.object.kind == "ClusterNetworkPolicy"
	input.object.spec.tier == "Admin"
}

# Rules before it decide on some of the traffic.
stopped(direction, i) if {
	some j, rule in input.object.spec[direction]
	j < i
	rule.action in {"Deny", "Pass"}
}

everywhere := {"0.0.0.0/0", "::/0"}

place(rank, list, i) := [rank, i, sprintf("%s[%d]", [list, i])]
