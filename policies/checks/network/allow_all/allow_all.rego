# METADATA
# title: Network policy allows everything
# description: >-
#   Policies add up: one rule that allows all traffic takes back what every other policy on these pods forbids. The
#   namespace looks isolated, and an attacker moves through it as if it were not. Beside NetworkPolicy, the policies of
#   Cilium and Calico and those of the Network Policy API are looked at where they are installed. Rules count
#   together, as two for one half of all addresses each, and exceptions of a few public addresses do not. Where the order of
#   rules counts, a rule that allows all is none where rules before it deny something or pass it on.
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

import data.kubemuster.lib.address

violations contains violation if {
	some direction, says in {"ingress": "lets everyone in", "egress": "lets its pods out to everyone"}
	[_, _, path] := min(open[direction])
	violation := {
		"path": path,
		"key": direction,
		"message": sprintf("network policy %s %s, on every port", [input.object.metadata.name, says]),
	}
}

# networks are what rules of a direction are for, on every port, by the rule's place. One rule may be for all, or several
# together.
open[direction] contains place(0, concat(".", ["spec", direction]), i) if {
	some direction, rules in networks
	some i, cidrs in rules
	address.everywhere(cidrs)
}

open[direction] contains place(1, concat(".", ["spec", direction]), i) if {
	some direction, rules in networks
	address.everywhere({cidr | some cidrs in rules; some cidr in cidrs})
	some i, _ in rules
}

# Kubernetes: a rule without peers is for all of them.
open.ingress contains place(0, "spec.ingress", i) if {
	applies("Ingress")
	some i, rule in input.object.spec.ingress
	["ingress", i] in every_port
	not rule.from[0]
}

open.egress contains place(0, "spec.egress", i) if {
	applies("Egress")
	some i, rule in input.object.spec.egress
	["egress", i] in every_port
	not rule.to[0]
}

networks.ingress[i] contains peer.ipBlock.cidr if {
	applies("Ingress")
	some i, rule in input.object.spec.ingress
	["ingress", i] in every_port
	some peer in rule.from
	count({except | some except in peer.ipBlock.except; weighs(except)}) == 0
}

networks.egress[i] contains peer.ipBlock.cidr if {
	applies("Egress")
	some i, rule in input.object.spec.egress
	["egress", i] in every_port
	some peer in rule.to
	count({except | some except in peer.ipBlock.except; weighs(except)}) == 0
}

# An exception means something where it is large, or for the inside.
weighs(network) if regex.match(`/0*(\d|1[0-6])$`, network)

weighs(network) if address.private(split(network, "/")[0])

every_port contains [direction, i] if {
	some direction in ["ingress", "egress"]
	some i, rule in input.object.spec[direction]
	not rule.ports[0]
}

every_port contains [direction, i] if {
	some [direction, i, "UDP"] in whole
	some tcp in ["", "TCP"] # TCP is meant where none is named
	[direction, i, tcp] in whole
}

# whole are the protocols of which a rule has every port.
whole contains [direction, i, protocol] if {
	some [direction, i, port] in ports
	not port.port
	protocol := concat("", [p | p := port.protocol])
}

whole contains [direction, i, protocol] if {
	some [direction, i, port] in ports
	port.port == 1
	port.endPort == 65535
	protocol := concat("", [p | p := port.protocol])
}

ports contains [direction, i, port] if {
	some direction in ["ingress", "egress"]
	some i, rule in input.object.spec[direction]
	some port in rule.ports
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

# Cilium: addresses stand for what is outside of the cluster alone, and entities for everybody. Rules add up, but for what
# others deny.
open[direction] contains place(n, concat(".", [at, direction]), i) if {
	some [n, at, direction], rules in entities
	not denied[[n, direction]]
	some i, said in rules
	everybody(said)
}

open[direction] contains place(n + 0.5, concat(".", [at, direction]), i) if {
	some [n, at, direction], rules in entities
	not denied[[n, direction]]
	everybody({entity | some said in rules; some entity in said})
	some i, _ in rules
}

entities[[n, at, direction]][i] contains entity if {
	some [n, at, direction, i, rule] in cilium_rules
	some entity in array.concat([e | some e in rule.fromEntities], [e | some e in rule.toEntities])
}

entities[[n, at, direction]][i] contains "world" if {
	some [n, at, direction, i, rule] in cilium_rules
	address.everywhere((({c | some c in rule.fromCIDR} | {c | some c in rule.toCIDR}) | {s.cidr |
		some field in ["fromCIDRSet", "toCIDRSet"]
		some s in rule[field]
		count({except | some except in s.except; weighs(except)}) == 0
	}))
}

# A rule for ports that names nobody is for everybody; an empty one for nobody.
entities[[n, at, direction]][i] contains "all" if {
	some [n, at, direction, i, rule] in cilium_rules
	rule.toPorts[0]
	count({field | some field, _ in rule; regex.match(`^(from|to)[A-Z]`, field); field != "toPorts"}) == 0
}

# cilium_rules are those for every port.
cilium_rules contains [n, at, direction, i, rule] if {
	some [n, at, spec] in cilium
	some direction in ["ingress", "egress"]
	some i, rule in spec[direction]
	not rule.toPorts[0]
	not rule.icmps[0]
}

cilium_rules contains [n, at, direction, i, rule] if {
	some [n, at, spec] in cilium
	some direction in ["ingress", "egress"]
	some i, rule in spec[direction]
	not rule.icmps[0]
	some item in rule.toPorts
	not item.rules
	some port in item.ports
	port.port == "0"
	count({protocol | protocol := port.protocol} - {"ANY", ""}) == 0
}

# What others deny counts where it is large: whom of the cluster or the world, or all pods in reach.
denied[[n, direction]] if {
	some [n, direction, rule] in cilium_denies
	some entity in array.concat([e | some e in rule.fromEntities], [e | some e in rule.toEntities])
	entity in {"all", "cluster", "world", "world-ipv4", "world-ipv6"}
}

denied[[n, direction]] if {
	some [n, direction, rule] in cilium_denies
	some cidr in array.concat([c | some c in rule.fromCIDR], [c | some c in rule.toCIDR])
	weighs(cidr)
}

denied[[n, direction]] if {
	some [n, direction, rule] in cilium_denies
	some field in ["fromCIDRSet", "toCIDRSet"]
	some item in rule[field]
	weighs(item.cidr)
}

denied[[n, direction]] if {
	some [n, direction, rule] in cilium_denies
	some field in ["fromEndpoints", "toEndpoints"]
	some selector in rule[field]
	count({part | some part in selector; not part in nothing}) == 0
}

cilium_denies contains [n, direction, rule] if {
	some [n, _, spec] in cilium
	some direction in ["ingress", "egress"]
	some rule in spec[concat("", [direction, "Deny"])]
	not rule.toPorts[0]
	not rule.icmps[0]
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

everybody(said) if "all" in said

everybody(said) if {
	"cluster" in said
	outer(said)
}

outer(said) if "world" in said

outer(said) if count({"world-ipv4", "world-ipv6"} - said) == 0

# Calico: what a rule does not name, it does not mind.
open[direction] contains place(0, concat(".", ["spec", direction]), i) if {
	some [direction, i, nets] in calico_allows
	count(nets) == 0
}

networks[direction][i] contains cidr if {
	some [direction, i, nets] in calico_allows
	some cidr in nets
}

calico_allows contains [direction, i, nets] if {
	some [direction, type, peer] in [["ingress", "Ingress", "source"], ["egress", "Egress", "destination"]]
	calico_applies(type)
	some i, rule in input.object.spec[direction]
	rule.action == "Allow"
	count({field | some field, value in rule; narrows(field, value)}) == 0
	boundless({net | some entity in ["source", "destination"]; entity != peer; some net in rule[entity].nets})
	not stopped(direction, i)
	nets := {net | some net in rule[peer].nets}
}

calico_applies(type) if {
	calico
	type in input.object.spec.types
}

calico_applies(_) if {
	calico
	not input.object.spec.types[0]
}

# Policies of hosts are none of pods, and Calico shows what Kubernetes has among its own.
calico if {
	regex.match(`^(crd\.)?projectcalico\.org/`, input.object.apiVersion)
	not input.object.spec.doNotTrack == true
	not input.object.spec.preDNAT == true
	not mirrored
}

# Calico's own API server names them so, and takes none of such a name. In its CRDs they do not stand.
mirrored if {
	startswith(input.object.apiVersion, "projectcalico.org/")
	regex.match(`^(knp\.default|kanp\.adminnetworkpolicy|kbanp\.baselineadminnetworkpolicy|kcnp\.[a-z]+)\.`, input.object.metadata.name)
}

narrows(field, value) if {
	not field in {"action", "metadata"}
	not is_object(value)
	not value in nothing
}

narrows(field, value) if {
	not field in {"action", "metadata"}
	is_object(value)
	some key, condition in value
	key != "nets"
	not condition in nothing
}

# What the other side of the traffic is narrowed to.
boundless(nets) if count(nets) == 0

boundless(nets) if address.everywhere(nets)

nothing := {"", null, [], {}}

# Policies of admins. Those of the baseline take nothing back.
open[direction] contains place(0, concat(".", ["spec", direction]), i) if {
	some [direction, i, peer] in admin_allows
	peer.namespaces
	every_namespace(peer.namespaces)
}

open[direction] contains place(0, concat(".", ["spec", direction]), i) if {
	some [direction, i, peer] in admin_allows
	peer.pods
	count({selector | selector := peer.pods.namespaceSelector; not every_namespace(selector)}) == 0
	count({part | some part in peer.pods.podSelector; not part in nothing}) == 0
}

# Every namespace has a label with its name.
every_namespace(selector) if count({part |
	some field, parts in selector
	some part in parts
	not by_name([field, part])
}) == 0

by_name(["matchExpressions", part]) if {
	part.key == "kubernetes.io/metadata.name"
	part.operator == "Exists"
}

networks.egress[i] contains network if {
	some ["egress", i, peer] in admin_allows
	some network in peer.networks
}

admin_allows contains [direction, i, peer] if {
	admin
	some [direction, peers] in [["ingress", "from"], ["egress", "to"]]
	some i, rule in input.object.spec[direction]
	rule.action in {"Allow", "Accept"}
	not rule.ports[0]
	not rule.protocols[0]
	not stopped(direction, i)
	some peer in rule[peers]
}

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

place(rank, list, i) := [rank, i, sprintf("%s[%d]", [list, i])]
