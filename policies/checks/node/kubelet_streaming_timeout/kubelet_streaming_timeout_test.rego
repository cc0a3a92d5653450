package kubemuster.checks.node.kubelet_streaming_timeout_test

import data.kubemuster.checks.node.kubelet_streaming_timeout

test_fails_without_an_end if {
	every text in ["0s", "0", "0h0m0s"] {
		kubelet_streaming_timeout.violations == {{
			"path": "streamingConnectionIdleTimeout",
			"message": "the kubelet never ends streams that are idle",
		}} with input.object as {"streamingConnectionIdleTimeout": text}
	}
}

test_passes_for_a_time if {
	every text in ["4h0m0s", "5m"] {
		kubelet_streaming_timeout.violations == set() with input.object as {"streamingConnectionIdleTimeout": text}
	}
}

test_passes_for_absent_fields if {
	kubelet_streaming_timeout.violations == set() with input.object as {}
}
