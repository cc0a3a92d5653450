# METADATA
# title: Container runtime is out of support
# description: >-
#   The runtime keeps containers apart from the node. Flaws in it, as have been found in image handling and in runc
#   again and again, let a container out; a release out of support keeps them. Where the provider or the system's
#   vendor builds and patches the runtime of the node's image, its own support holds and it is not judged here.
# related_resources:
#   - ref: https://containerd.io/releases/
#     description: Support of containerd
#   - ref: https://github.com/cri-o/cri-o
#     description: CRI-O, which is supported as the Kubernetes of its version is
#   - ref: https://kubernetes.io/blog/2022/02/17/dockershim-faq/
#     description: Dockershim is removed
# custom:
#   id: KM6005
#   name: UnsupportedRuntime
#   severity: medium
#   scope: object
#   kinds: [Node]
#   remediation: >-
#     Replace the node by one with a supported release of the runtime, such as containerd 2.3.
#   frameworks:
#     nsa-cisa-1.2: [upgrades]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K10]
package kubemuster.checks.node.runtime

import data.kubemuster.lib.support
import data.kubemuster.lib.version

violations contains violation if {
	[name, release] := split(runtime, "://")
	product := products[name]
	not patched_by_vendor
	since := support.ended(product, version.minor(release), input.cluster.time)
	violation := {
		"path": "status.nodeInfo.containerRuntimeVersion",
		"message": sprintf("support for %s %s ended %s", [name, release, since]),
	}
}

# Later kubelets reach Docker by cri-dockerd, which is supported.
violations contains violation if {
	startswith(runtime, "docker://")
	version.minor(input.object.status.nodeInfo.kubeletVersion) < [1, 24]
	violation := {
		"path": "status.nodeInfo.containerRuntimeVersion",
		"message": sprintf("kubelet %s runs containers by dockershim, which was removed in v1.24", [
			input.object.status.nodeInfo.kubeletVersion,
		]),
	}
}

runtime := input.object.status.nodeInfo.containerRuntimeVersion

products := {"containerd": "containerd", "cri-o": "kubernetes"}

patched_by_vendor if {
	some label in {
		"cloud.google.com/gke-nodepool",
		"eks.amazonaws.com/compute-type",
		"eks.amazonaws.com/nodegroup",
		"kubernetes.azure.com/cluster",
	}
	input.object.metadata.labels[label]
}

patched_by_vendor if {
	some system in {
		"Amazon Linux",
		"Bottlerocket",
		"Container-Optimized OS",
		"Microsoft Azure Linux",
		"Red Hat Enterprise Linux CoreOS",
	}
	startswith(input.object.status.nodeInfo.osImage, system)
}
