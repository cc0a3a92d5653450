package kubemuster.checks.node.runtime_test

import data.kubemuster.checks.node.runtime

test_fails_for_releases_out_of_support if {
	runtime.violations == {found("support for containerd 1.6.39 ended long ago")} with input as node("containerd://1.6.39", {})
	runtime.violations == {found("support for containerd 2.1.4 ended on 2026-05-05")} with input as node("containerd://2.1.4", {"a": "b"})
	runtime.violations == {found("support for cri-o 1.33.1 ended on 2026-06-28")} with input as node("cri-o://1.33.1", {})
}

test_fails_for_dockershim if {
	runtime.violations == {found("kubelet v1.23.17 runs containers by dockershim, which was removed in v1.24")} with input as {
		"cluster": {"time": now},
		"object": {"status": {"nodeInfo": {"containerRuntimeVersion": "docker://20.10.24", "kubeletVersion": "v1.23.17"}}},
	}
}

test_passes_for_supported_releases if {
	every text in ["containerd://2.3.1", "cri-o://1.36.0", "docker://29.1.0", "containerd://Unknown", "other://1.0", ""] {
		runtime.violations == set() with input as node(text, {})
	}
}

test_passes_where_the_vendor_patches_it if {
	runtime.violations == set() with input as node("containerd://1.6.39", {"eks.amazonaws.com/nodegroup": "main"})
	runtime.violations == set() with input as {
		"cluster": {"time": now},
		"object": {"status": {"nodeInfo": {
			"containerRuntimeVersion": "cri-o://1.29.1",
			"kubeletVersion": "v1.29.1",
			"osImage": "Red Hat Enterprise Linux CoreOS 416.94",
		}}},
	}
}

test_passes_for_absent_fields if {
	runtime.violations == set() with input as {"cluster": {"time": now}, "object": {"status": {}}}
}

now := "2026-11-23T10:00:00Z"

found(message) := {"path": "status.nodeInfo.containerRuntimeVersion", "message": message}

node(text, labels) := {
	"cluster": {"time": now},
	"object": {"metadata": {"labels": labels}, "status": {"nodeInfo": {"containerRuntimeVersion": text, "kubeletVersion": "v1.37.2"}}},
}
