package kubemuster.checks.node.kubelet_iptables_chains_test

import data.kubemuster.checks.node.kubelet_iptables_chains

test_fails_for_false if {
	kubelet_iptables_chains.violations == {{
		"path": "makeIPTablesUtilChains",
		"message": "the kubelet does not make its iptables chains",
	}} with input.object as {"makeIPTablesUtilChains": false}
}

test_passes_for_true if {
	kubelet_iptables_chains.violations == set() with input.object as {"makeIPTablesUtilChains": true}
}

test_passes_for_absent_fields if {
	kubelet_iptables_chains.violations == set() with input.object as {}
}
