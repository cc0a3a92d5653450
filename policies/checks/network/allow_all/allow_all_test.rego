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

policy(spec) := {"metadata": {"name": "open"}, "spec": spec}
