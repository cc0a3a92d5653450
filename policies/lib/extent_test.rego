package kubemuster.lib.extent_test

import data.kubemuster.lib.extent

test_takeover if {
	extent.takeover("") == "critical"
	extent.takeover("kube-system") == "critical"
	extent.takeover("shop") == "high"
}
