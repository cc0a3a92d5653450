package kubemuster.checks.node.version_support_test

import data.kubemuster.checks.node.version_support

test_says_that_a_newer_version_is_not_known if {
	version_support.violations == {{
		"object": {"kind": "Cluster", "namespace": "", "name": "cluster"},
		"path": "",
		"key": "unknown",
		"message": "until when the API server's version v1.99.0 is supported is not known to this release of the scanner; use a newer one",
		"severity": "info",
	}} with input as cluster("kubeconfig", "v1.99.0", ["v1.99.0"])
}

test_fails_for_an_old_api_server_once if {
	version_support.violations == {old("v1.34.9", "on 2026-10-27")} with input as cluster("kubeconfig", "v1.34.9", ["v1.34.9", "v1.32.0"])
	version_support.violations == {old("v1.20.0", "long ago")} with input as cluster("kubeconfig", "v1.20.0", [])
}

test_fails_for_old_nodes if {
	version_support.violations == {{
		"object": {"kind": "Node", "namespace": "", "name": "v1.34.9"},
		"path": "status.nodeInfo.kubeletVersion",
		"message": "support for kubelet v1.34.9 ended on 2026-10-27",
	}} with input as cluster("kubeconfig", "v1.37.2", ["v1.37.2", "v1.34.9", "v1.35.0", ""])
}

test_takes_the_extended_support_of_eks if {
	version_support.violations == set() with input as cluster("eks", "v1.33.4-eks-a1b2c3d", ["v1.32.1-eks-a1b2c3d"])
	version_support.violations == {old("v1.30.4-eks-a1b2c3d", "long ago")} with input as cluster("eks", "v1.30.4-eks-a1b2c3d", [])
}

test_says_that_other_providers_may_support_it_for_longer if {
	every provider in ["gke", "aks"] {
		version_support.violations == {object.union(
			old("v1.33.4", "on 2026-06-28; only the provider's long-term support, where the cluster has it, still brings fixes"),
			{"severity": "medium"},
		)} with input as cluster(provider, "v1.33.4", [])
	}
	version_support.violations == {{
		"object": {"kind": "Node", "namespace": "", "name": "v1.34.1"},
		"path": "status.nodeInfo.kubeletVersion",
		"message": concat("; ", [
			"support for kubelet v1.34.1 ended on 2026-10-27",
			"only the provider's long-term support, where the cluster has it, still brings fixes",
		]),
		"severity": "medium",
	}} with input as cluster("aks", "v1.37.2", ["v1.34.1"])
	version_support.violations == {old("v1.30.4", "long ago")} with input as cluster("gke", "v1.30.4", [])
}

test_says_that_a_cluster_on_azure_may_be_aks if {
	on_azure := object.union(cluster("kubeconfig", "v1.33.4", []), {"inventory": {"nodes": [{"name": "n", "cloud": "azure"}]}})
	version_support.violations == {object.union(
		old("v1.33.4", "on 2026-06-28; only the long-term support of AKS, where this is such a cluster and has it, still brings fixes"),
		{"severity": "medium"},
	)} with input as on_azure
	version_support.violations == {old("v1.33.4", "on 2026-06-28")} with input as object.union(
		on_azure,
		{"inventory": {"nodes": [{"name": "n", "cloud": "aws"}]}},
	)
	version_support.violations == {old("v1.30.4", "long ago")} with input as object.union(on_azure, {"cluster": {"version": "v1.30.4"}})
}

test_passes_for_supported_and_unknown_versions if {
	every text in ["v1.37.2", "v1.35.0", "unknown"] {
		version_support.violations == set() with input as cluster("kubeconfig", text, [])
	}
}

test_passes_for_absent_fields if {
	version_support.violations == set() with input as {"cluster": {"version": "v1.37.2", "time": now}, "inventory": {}}
	version_support.violations == set() with input as {"cluster": {"version": "v1.37.2", "time": now}, "inventory": {"nodes": [{"name": "n"}]}}
}

now := "2026-11-23T10:00:00Z"

old(text, ended) := {
	"object": {"kind": "Cluster", "namespace": "", "name": "cluster"},
	"path": "",
	"key": "version",
	"message": sprintf("support for the API server's version %s ended %s", [text, ended]),
}

cluster(provider, server, kubelets) := {
	"cluster": {"provider": provider, "version": server, "time": now},
	"inventory": {"nodes": [{"name": k, "kubeletVersion": k} | some k in kubelets]},
}
