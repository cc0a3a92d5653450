# METADATA
# title: Tiller is in use
# description: >-
#   Tiller, the server of Helm 2, does what anybody in the cluster asks of its port, with the rights it has, which are mostly
#   those of cluster-admin. An attacker in any pod rules the cluster through it. It has had no fixes since 2020.
# related_resources:
#   - ref: https://helm.sh/docs/topics/v2_v3_migration/
#     description: Migrating Helm v2 to v3
# custom:
#   id: KM1055
#   name: Tiller
#   severity: critical
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Move the releases to Helm 3 or later, then delete the Deployment tiller-deploy, its Service and its role bindings.
#   frameworks:
#     nsa-cisa-1.2: [application-practices]
#     mitre-attack-containers: [T1610]
#     owasp-kubernetes-2022: [K09, K10]
package kubemuster.checks.workload.tiller

import data.kubemuster.lib.image

violations contains violation if {
	some container in servers
	violation := {
		"path": sprintf("%s.image", [container.path]),
		"message": sprintf("container %s runs Tiller, the server of Helm 2", [container.name]),
	}
}

# An image of another name is told by the labels that helm init gives.
violations contains violation if {
	input.workload.metadata.labels.app == "helm"
	input.workload.metadata.labels.name == "tiller"
	count(servers) == 0
	violation := {
		"path": sprintf("%s.containers", [input.workload.path]),
		"message": "the labels of the pod are those of Tiller, the server of Helm 2",
	}
}

servers contains {"name": container.name, "path": container.path} if {
	some container in input.workload.containers
	contains(container.spec.image, "tiller") # most images need no closer look
	endswith(sprintf("/%s", [image.repository(container.spec.image)]), "/tiller")
}
