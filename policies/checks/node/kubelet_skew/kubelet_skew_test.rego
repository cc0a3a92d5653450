package kubemuster.checks.node.kubelet_skew_test

import data.kubemuster.checks.node.kubelet_skew

test_fails_for_a_newer_kubelet if {
	kubelet_skew.violations == {{
		"path": "status.nodeInfo.kubeletVersion",
		"message": "kubelet v1.38.0 is newer than the API server v1.37.2",
	}} with input as node("v1.38.0", "v1.37.2")
}

test_fails_for_a_kubelet_four_minors_older if {
	kubelet_skew.violations == {{
		"path": "status.nodeInfo.kubeletVersion",
		"message": "kubelet v1.33.9-gke.100 is more than three minor versions older than the API server v1.37.2-gke.100",
	}} with input as node("v1.33.9-gke.100", "v1.37.2-gke.100")
}

test_passes_within_the_skew if {
	every kubelet in ["v1.37.2", "v1.37.9", "v1.37.2-eks-a1b2c3d", "v1.36.0", "v1.34.11"] {
		kubelet_skew.violations == set() with input as node(kubelet, "v1.37.2")
	}
}

test_passes_for_versions_that_are_none if {
	every kubelet in ["", "unknown", "v1"] {
		kubelet_skew.violations == set() with input as node(kubelet, "v1.37.2")
		kubelet_skew.violations == set() with input as node("v1.10.0", kubelet)
	}
}

test_passes_for_absent_fields if {
	kubelet_skew.violations == set() with input as {"object": node("v1.10.0", "").object, "cluster": {"provider": "eks"}}
	kubelet_skew.violations == set() with input as {"object": {"status": {}}, "cluster": {"version": "v1.37.2"}}
	kubelet_skew.violations == set() with input as {"object": {}, "cluster": {"version": "v1.37.2"}}
}

node(kubelet, server) := {
	"object": {"status": {"nodeInfo": {"kubeletVersion": kubelet}}},
	"cluster": {"provider": "generic", "version": server},
}
