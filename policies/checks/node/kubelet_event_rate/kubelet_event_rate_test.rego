package kubemuster.checks.node.kubelet_event_rate_test

import data.kubemuster.checks.node.kubelet_event_rate

test_fails_for_a_low_rate if {
	kubelet_event_rate.violations == {{
		"path": "eventRecordQPS",
		"message": "the kubelet records 4 events a second at most",
	}} with input.object as {"eventRecordQPS": 4}
}

test_passes_for_the_defaults_and_no_limit if {
	every rate in [0, 5, 50] {
		kubelet_event_rate.violations == set() with input.object as {"eventRecordQPS": rate}
	}
}

test_passes_for_absent_fields if {
	kubelet_event_rate.violations == set() with input.object as {}
}
