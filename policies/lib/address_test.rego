package kubemuster.lib.address_test

import data.kubemuster.lib.address

test_knows_private_addresses if {
	private := {ip |
		some ip in {
			"10.1.2.3", "100.64.0.1", "100.128.0.1", "172.31.0.1", "172.32.0.1", "192.168.1.1", "198.51.100.7",
			"fd00::1", "fe80::1", "2001:db8::1", "::1", "node-1", "", "10.1.2", "10.1.2.3/8",
		}
		address.private(ip)
	}
	private == {"10.1.2.3", "100.64.0.1", "172.31.0.1", "192.168.1.1", "fd00::1", "fe80::1", "::1"}
}

test_makes_up_everywhere if {
	every networks in [{"0.0.0.0/0"}, {"10.0.0.0/8", "::/0"}, {"0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"}, {"::/1", "8000::/1", "x"}] {
		address.everywhere(networks)
	}
	every networks in [set(), {"x"}, {"0.0.0.0/1"}, {"0.0.0.0/1", "128.0.0.0/2"}, {"0.0.0.0/1", "8000::/1"}] {
		not address.everywhere(networks)
	}
}
