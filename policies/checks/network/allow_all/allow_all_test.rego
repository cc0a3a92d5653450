package kubemuster.checks.network.allow_all_test

import data.kubemuster.checks.network.allow_all

test_fails_for_rules_without_peers_and_ports if {
	allow_all.violations == {ingress(1), egress} with input.object as policy({
		"ingress": [{"from": [{"podSelector": {}}]}, {}, {}],
		"egress": [{}],
	})
}

test_fails_for_every_address if {
	allow_all.violations == {ingress(0)} with input.object as policy({
		"policyTypes": ["Ingress"],
		"ingress": [{"from": [{"podSelector": {}}, {"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
	})
	allow_all.violations == {egress} with input.object as policy({
		"policyTypes": ["Egress"],
		"egress": [{"to": [{"ipBlock": {"cidr": "::/0"}}]}],
	})
}

test_fails_for_everywhere_in_other_words if {
	every rule in [
		{"from": [{"ipBlock": {"cidr": "0.0.0.0/1"}}, {"ipBlock": {"cidr": "128.0.0.0/1"}}]},
		{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["192.0.2.1/32"]}}]},
		{"ports": [{"protocol": "TCP"}, {"protocol": "UDP"}]},
		{"ports": [{"port": 1, "endPort": 65535}, {"protocol": "UDP"}]},
	] {
		allow_all.violations == {ingress(0)} with input.object as policy({"policyTypes": ["Ingress"], "ingress": [rule]})
	}
	allow_all.violations == {ingress(0)} with input.object as policy({"policyTypes": ["Ingress"], "ingress": [
		{"from": [{"ipBlock": {"cidr": "0.0.0.0/1"}}]},
		{"from": [{"ipBlock": {"cidr": "128.0.0.0/1"}}]},
	]})
}

test_passes_for_what_only_looks_like_everywhere if {
	every rule in [
		{"from": [{"ipBlock": {"cidr": "0.0.0.0/1"}}]},
		{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}]},
		{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["128.0.0.0/1"]}}]},
		{"ports": [{"protocol": "TCP"}]},
		{"ports": [{"protocol": "UDP"}]},
		{"ports": [{"port": 1, "endPort": 1024}, {"protocol": "UDP"}]},
	] {
		allow_all.violations == set() with input.object as policy({"policyTypes": ["Ingress"], "ingress": [rule]})
	}
}

test_passes_where_the_direction_does_not_apply if {
	allow_all.violations == set() with input.object as policy({"policyTypes": ["Ingress"], "egress": [{}]})
	allow_all.violations == set() with input.object as policy({"policyTypes": ["Egress"], "ingress": [{}]})
}

test_passes_for_ports_and_exceptions if {
	allow_all.violations == set() with input.object as policy({
		"ingress": [{"ports": [{"port": 80}]}, {"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}],
		"egress": [{"ports": [{"port": 53}]}, {"to": [{"ipBlock": {"cidr": "::/0", "except": ["fd00::/8"]}}]}],
	})
}

test_passes_for_absent_rules if {
	allow_all.violations == set() with input.object as policy({"podSelector": {}})
}

ingress(i) := {
	"path": sprintf("spec.ingress[%d]", [i]),
	"key": "ingress",
	"message": "network policy open lets everyone in, on every port",
}

egress := {
	"path": "spec.egress[0]",
	"key": "egress",
	"message": "network policy open lets its pods out to everyone, on every port",
}

policy(spec) := {
	"apiVersion": "networking.k8s.io/v1",
	"kind": "NetworkPolicy",
	"metadata": {"name": "open"},
	"spec": spec,
}

test_fails_for_everybody_in_cilium if {
	allow_all.violations == {ingress(1), egress} with input.object as cilium({
		"endpointSelector": {},
		"ingress": [{"fromEndpoints": [{}]}, {"fromEntities": ["cluster", "world"]}],
		"egress": [{"toEntities": ["all"]}],
	})
}

test_fails_for_everybody_in_one_of_several_rules_of_cilium if {
	allow_all.violations == {object.union(ingress(0), {"path": "specs[1].ingress[0]"})} with input.object as {
		"apiVersion": "cilium.io/v2",
		"kind": "CiliumClusterwideNetworkPolicy",
		"metadata": {"name": "open"},
		"specs": [
			{"endpointSelector": {}, "ingress": [{}]},
			{"endpointSelector": {}, "ingress": [{"fromEntities": ["all"]}]},
			{"endpointSelector": {}, "ingress": [{"fromEntities": ["all"]}]},
		],
	}
}

test_passes_for_what_narrows_in_cilium if {
	every rule in [
		{},
		{"fromEndpoints": [{}]},
		{"fromEntities": ["world"]},
		{"fromEntities": ["cluster"]},
		{"fromCIDR": ["0.0.0.0/0"]},
		{"fromCIDRSet": [{"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}], "fromEntities": ["cluster"]},
		{"fromCIDRSet": [{"cidrGroupRef": "partners"}], "fromEntities": ["cluster"]},
		{"fromEntities": ["all"], "toPorts": [{"ports": [{"port": "80"}]}]},
		{"fromEntities": ["all"], "icmps": [{"fields": [{"type": 8}]}]},
	] {
		allow_all.violations == set() with input.object as cilium({"endpointSelector": {}, "ingress": [rule]})
	}
	allow_all.violations == set() with input.object as cilium({"nodeSelector": {}, "ingress": [{"fromEntities": ["all"]}]})
}

test_adds_up_rules_of_cilium if {
	every rules in [
		[{"fromEntities": ["world"]}, {"fromEntities": ["cluster"]}],
		[{"fromEntities": ["world-ipv4", "world-ipv6", "cluster"]}],
		[{"fromCIDR": ["0.0.0.0/1", "128.0.0.0/1"], "fromEntities": ["cluster"]}],
		[{"fromCIDRSet": [{"cidr": "0.0.0.0/0"}], "fromEntities": ["cluster"]}],
		[{"fromCIDRSet": [{"cidr": "0.0.0.0/1", "except": ["198.51.100.7/32"]}], "fromCIDR": ["128.0.0.0/1"], "fromEntities": ["cluster"]}],
		[{"toPorts": [{"ports": [{"port": "0", "protocol": "ANY"}]}]}],
		[{"fromEntities": ["all"], "toPorts": [{"ports": [{"port": "0"}]}]}],
	] {
		allow_all.violations == {ingress(0)} with input.object as cilium({"endpointSelector": {}, "ingress": rules})
	}
	allow_all.violations == set() with input.object as cilium({
		"endpointSelector": {},
		"ingress": [{"fromEntities": ["world"], "toPorts": [{"ports": [{"port": "0", "protocol": "TCP"}]}]}, {"fromEntities": ["cluster"]}],
	})
}

test_passes_for_what_is_denied_in_cilium if {
	allow_all.violations == set() with input.object as cilium({
		"endpointSelector": {},
		"ingress": [{"fromEntities": ["all"]}],
		"ingressDeny": [{"fromEntities": ["all"]}],
		"egress": [{"toEntities": ["all"]}],
		"egressDeny": [{"toEntities": ["world"]}],
	})
	allow_all.violations == {ingress(0), egress} with input.object as cilium({
		"endpointSelector": {},
		"ingress": [{"fromEntities": ["all"]}],
		"ingressDeny": [{"fromEntities": ["all"], "toPorts": [{"ports": [{"port": "22"}]}]}],
		"egress": [{"toEntities": ["all"]}],
		"egressDeny": [{"toEntities": ["host"]}],
	})
}

test_weighs_what_is_denied_in_cilium if {
	every t in [
		[{"fromEntities": ["world-ipv4"]}, 0],
		[{"fromCIDR": ["0.0.0.0/0"]}, 0],
		[{"fromCIDR": ["10.20.0.0/24"]}, 0],
		[{"fromCIDR": ["203.0.113.7/32"]}, 1],
		[{"fromCIDRSet": [{"cidr": "172.0.0.0/8"}]}, 0],
		[{"fromCIDRSet": [{"cidr": "198.51.100.0/24"}]}, 1],
		[{"fromCIDRSet": [{"cidrGroupRef": "bad"}]}, 1],
		[{"fromEndpoints": [{}]}, 0],
		[{"fromEndpoints": [{"matchLabels": {}}]}, 0],
		[{"fromEndpoints": [{"matchLabels": {"app": "old"}}]}, 1],
		[{"fromCIDR": ["0.0.0.0/0"], "icmps": [{"fields": [{"type": 8}]}]}, 1],
		[{}, 1],
	] {
		count(allow_all.violations) == t[1] with input.object as cilium({
			"endpointSelector": {},
			"ingress": [{"fromEntities": ["all"]}],
			"ingressDeny": [t[0]],
		})
	}
}

cilium(spec) := {
	"apiVersion": "cilium.io/v2",
	"kind": "CiliumNetworkPolicy",
	"metadata": {"name": "open"},
	"spec": spec,
}

test_fails_for_rules_of_calico_without_conditions if {
	every version in ["projectcalico.org/v3", "crd.projectcalico.org/v1"] {
		allow_all.violations == {ingress(1), egress} with input.object as object.union(
			calico({
				"ingress": [{"action": "Log"}, {"action": "Allow", "metadata": {"annotations": {"a": "b"}}, "source": {}}],
				"egress": [{"action": "Allow", "destination": {"nets": ["0.0.0.0/0"]}}],
			}),
			{"apiVersion": version},
		)
	}
	allow_all.violations == {ingress(0)} with input.object as calico({
		"types": ["Ingress"],
		"ingress": [{"action": "Allow"}, {"action": "Deny"}],
		"egress": [{"action": "Allow"}],
	})
}

test_passes_for_what_narrows_in_calico if {
	every rule in [
		{"action": "Deny"},
		{"action": "Pass"},
		{"action": "Allow", "protocol": "TCP"},
		{"action": "Allow", "source": {"nets": ["10.0.0.0/8"]}},
		{"action": "Allow", "source": {"nets": ["0.0.0.0/0"], "notNets": ["10.0.0.0/8"]}},
		{"action": "Allow", "source": {"selector": "all()"}},
	] {
		allow_all.violations == set() with input.object as calico({"ingress": [rule]})
	}
}

test_passes_for_what_others_decide_before_in_calico if {
	every action in ["Deny", "Pass"] {
		allow_all.violations == set() with input.object as calico({"ingress": [
			{"action": action, "source": {"nets": ["10.0.0.0/8"]}},
			{"action": "Allow"},
		]})
	}
}

test_passes_for_hosts_and_what_kubernetes_has_in_calico if {
	every field in ["doNotTrack", "preDNAT"] {
		allow_all.violations == set() with input.object as calico({field: true, "ingress": [{"action": "Allow"}]})
	}
	every name in ["knp.default.open", "kanp.adminnetworkpolicy.open"] {
		allow_all.violations == set() with input.object as object.union(calico({"ingress": [{"action": "Allow"}]}), {"metadata": {"name": name}})
	}
}

test_fails_for_everywhere_in_other_words_of_calico if {
	every rules in [
		[{"action": "Allow", "source": {"nets": ["0.0.0.0/1", "128.0.0.0/1"]}}],
		[{"action": "Allow", "source": {"nets": ["0.0.0.0/1"]}}, {"action": "Allow", "source": {"nets": ["128.0.0.0/1"]}}],
		[{"action": "Allow", "source": {"notNets": [], "selector": ""}, "protocol": ""}],
		[{"action": "Allow", "destination": {"nets": ["0.0.0.0/0"]}}],
	] {
		allow_all.violations == {ingress(0)} with input.object as calico({"types": ["Ingress"], "ingress": rules})
	}
	allow_all.violations == set() with input.object as calico({"ingress": [{"action": "Allow", "destination": {"nets": ["10.0.0.0/8"]}}]})
}

# A name is the user's, but for those that Calico keeps for itself.
test_fails_under_any_name_of_calico if {
	named := {"metadata": {"name": "kafkanp.x"}}
	count(allow_all.violations) == 1 with input.object as object.union(calico({"ingress": [{"action": "Allow"}]}), named)
	count(allow_all.violations) == 1 with input.object as object.union(calico({"ingress": [{"action": "Allow"}]}), {
		"apiVersion": "crd.projectcalico.org/v1",
		"metadata": {"name": "knp.default.open"},
	})
}

calico(spec) := {
	"apiVersion": "projectcalico.org/v3",
	"kind": "GlobalNetworkPolicy",
	"metadata": {"name": "open"},
	"spec": spec,
}

test_fails_for_admins_who_allow_everything if {
	by_name := {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}
	every peer in [
		{"namespaces": {}},
		{"namespaces": {"matchLabels": {}}},
		{"namespaces": by_name},
		{"pods": {"namespaceSelector": {}, "podSelector": {}}},
		{"pods": {"namespaceSelector": by_name, "podSelector": {}}},
	] {
		allow_all.violations == {ingress(0)} with input.object as admin("AdminNetworkPolicy", {"ingress": [{"action": "Allow", "from": [peer]}]})
		allow_all.violations == {egress} with input.object as admin("ClusterNetworkPolicy", {
			"tier": "Admin",
			"egress": [{"action": "Accept", "to": [peer]}],
		})
	}
	every networks in [["::/0"], ["0.0.0.0/1", "128.0.0.0/1"]] {
		allow_all.violations == {egress} with input.object as admin("AdminNetworkPolicy", {"egress": [{"action": "Allow", "to": [{"networks": networks}]}]})
	}
}

test_passes_for_what_narrows_of_admins if {
	every rule in [
		{"action": "Deny", "from": [{"namespaces": {}}]},
		{"action": "Allow", "from": [{"namespaces": {"matchLabels": {"a": "b"}}}]},
		{"action": "Allow", "from": [{"namespaces": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}]},
		{"action": "Allow", "from": [{"pods": {"namespaceSelector": {}, "podSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}}}]},
		{"action": "Allow", "from": [{"namespaces": {}}], "ports": [{"portNumber": {"port": 80, "protocol": "TCP"}}]},
		{"action": "Allow", "from": [{"namespaces": {}}], "protocols": [{"tcp": {}}]},
	] {
		allow_all.violations == set() with input.object as admin("AdminNetworkPolicy", {"ingress": [rule]})
	}
	allow_all.violations == set() with input.object as admin("AdminNetworkPolicy", {"egress": [
		{"action": "Deny", "to": [{"networks": ["10.0.0.0/8"]}]},
		{"action": "Allow", "to": [{"networks": ["0.0.0.0/0"]}]},
	]})
	allow_all.violations == set() with input.object as admin("ClusterNetworkPolicy", {
		"tier": "Baseline",
		"ingress": [{"action": "Accept", "from": [{"namespaces": {}}]}],
	})
}

admin(kind, spec) := {
	"apiVersion": "policy.networking.k8s.io/v1alpha1",
	"kind": kind,
	"metadata": {"name": "open"},
	"spec": spec,
}
