package kubemuster.checks.node.public_address_test

import data.kubemuster.checks.node.public_address

test_fails_for_a_public_address if {
	public_address.violations == {{
		"path": "status.addresses",
		"message": "node n is reached from outside at 198.51.100.7, 2001:db8::7",
	}} with input.object as node([
		{"type": "InternalIP", "address": "10.0.0.7"},
		{"type": "ExternalIP", "address": "2001:db8::7"},
		{"type": "ExternalIP", "address": "198.51.100.7"},
	])
}

test_passes_for_private_addresses if {
	public_address.violations == set() with input.object as node([
		{"type": "InternalIP", "address": "198.51.100.7"},
		{"type": "ExternalIP", "address": "10.0.0.7"},
	])
}

test_passes_for_absent_addresses if {
	public_address.violations == set() with input.object as {"metadata": {"name": "n"}, "status": {}}
}

node(list) := {"metadata": {"name": "n"}, "status": {"addresses": list}}
