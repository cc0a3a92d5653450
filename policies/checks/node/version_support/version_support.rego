# METADATA
# title: Kubernetes version is out of support
# description: >-
#   Flaws that are found in this version stay open: no fix is released for it. An attacker reads of them in the notes
#   of later versions. Amazon EKS is judged by its extended support, others by the Kubernetes project's; vendors of
#   distributions may support theirs for longer. A cluster on Azure that is reached by a kubeconfig may be AKS: its version
#   does not tell.
# related_resources:
#   - ref: https://kubernetes.io/releases/
#     description: Supported releases of Kubernetes
#   - ref: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
#     description: Versions of Amazon EKS
#   - ref: https://cloud.google.com/kubernetes-engine/docs/release-schedule
#     description: Versions of GKE
#   - ref: https://learn.microsoft.com/azure/aks/supported-kubernetes-versions
#     description: Versions of AKS
# custom:
#   id: KM6002
#   name: VersionOutOfSupport
#   severity: high
#   severities:
#     medium: where long-term support of the provider may still hold
#     info: where the version is newer than this release of the scanner
#   scope: cluster
#   kinds: [Node]
#   requires: [Node]
#   needs: [version]
#   remediation: >-
#     Upgrade the control plane one minor version at a time until it is a supported one, and then the nodes.
#   frameworks:
#     nsa-cisa-1.2: [upgrades]
#     mitre-attack-containers: [T1068]
#     owasp-kubernetes-2022: [K10]
package kubemuster.checks.node.version_support

import data.kubemuster.lib.support
import data.kubemuster.lib.version

violations contains violation if {
	release := version.minor(input.cluster.version)
	violation := object.union(weight(release), {
		"object": {"kind": "Cluster", "namespace": "", "name": "cluster"},
		"path": "",
		"key": "version",
		"message": sprintf("support for the API server's version %s ended %s%s", [
			input.cluster.version,
			server_ended,
			unless(release),
		]),
	})
}

# What this release of the scanner does not know must not look supported.
violations contains violation if {
	release := version.minor(input.cluster.version)
	support.unknown(product, release)
	violation := {
		"object": {"kind": "Cluster", "namespace": "", "name": "cluster"},
		"path": "",
		"key": "unknown",
		"message": sprintf("until when the API server's version %s is supported is not known to this release of the scanner; use a newer one", [
			input.cluster.version,
		]),
		"severity": "info",
	}
}

# A kubelet is never newer than the API server: where that is out of support, all of them are.
violations contains violation if {
	not server_ended
	some node in input.inventory.nodes
	since := support.ended(product, version.minor(node.kubeletVersion), input.cluster.time)
	violation := object.union(weight(version.minor(node.kubeletVersion)), {
		"object": {"kind": "Node", "namespace": "", "name": node.name},
		"path": "status.nodeInfo.kubeletVersion",
		"message": sprintf("support for kubelet %s ended %s%s", [
			node.kubeletVersion,
			since,
			unless(version.minor(node.kubeletVersion)),
		]),
	})
}

server_ended := support.ended(product, version.minor(input.cluster.version), input.cluster.time)

default product := "kubernetes"

product := "eks" if input.cluster.provider == "eks"

unless(release) := "; only the provider's long-term support, where the cluster has it, still brings fixes" if {
	long_term(release)
	not may_be_aks
}

unless(release) := "; only the long-term support of AKS, where this is such a cluster and has it, still brings fixes" if {
	long_term(release)
	may_be_aks
}

unless(release) := "" if not long_term(release)

weight(release) := {"severity": "medium"} if long_term(release)

weight(release) := {} if not long_term(release)

# GKE's extended channel and the long-term support of AKS add about a year, to clusters that are enrolled.
long_term(release) if {
	enrols
	not support.ended(product, release, support.year_before(input.cluster.time))
}

enrols if input.cluster.provider in {"gke", "aks"}

enrols if may_be_aks

# Versions of AKS are the project's own: where a kubeconfig leads to a cluster on Azure, nothing tells whether it is one.
may_be_aks if {
	not input.cluster.provider in {"aks", "eks", "gke"}
	some node in input.inventory.nodes
	node.cloud == "azure"
}
