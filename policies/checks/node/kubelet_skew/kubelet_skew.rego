# METADATA
# title: Kubelet is out of step with the API server
# description: >-
#   A kubelet newer than the API server, or more than three minor versions older, is a combination that nobody tests. An
#   old kubelet also lacks years of fixes, and an attacker in one of its pods has known flaws to use.
# related_resources:
#   - ref: https://kubernetes.io/releases/version-skew-policy/
#     description: Version skew policy
# custom:
#   id: KM6001
#   name: KubeletSkew
#   severity: medium
#   scope: object
#   kinds: [Node]
#   needs: [version]
#   remediation: >-
#     Upgrade or replace the node so that its kubelet has the API server's minor version or one of the three before it;
#     upgrade the control plane first.
#   frameworks:
#     nsa-cisa-1.2: [upgrades]
#     owasp-kubernetes-2022: [K10]
package kubemuster.checks.node.kubelet_skew

import data.kubemuster.lib.version

violations contains violation if {
	kubelet := input.object.status.nodeInfo.kubeletVersion
	version.minor(kubelet) > version.minor(input.cluster.version)
	violation := {
		"path": "status.nodeInfo.kubeletVersion",
		"message": sprintf("kubelet %s is newer than the API server %s", [kubelet, input.cluster.version]),
	}
}

violations contains violation if {
	kubelet := input.object.status.nodeInfo.kubeletVersion
	[major, kubelet_minor] := version.minor(kubelet)
	[server_major, server_minor] := version.minor(input.cluster.version)
	major == server_major
	server_minor - kubelet_minor > 3
	violation := {
		"path": "status.nodeInfo.kubeletVersion",
		"message": sprintf("kubelet %s is more than three minor versions older than the API server %s", [
			kubelet,
			input.cluster.version,
		]),
	}
}
