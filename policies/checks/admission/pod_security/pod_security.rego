# METADATA
# title: Namespace does not enforce a Pod Security Standard
# description: >-
#   Without an enforced standard whoever may create a pod in the namespace can create a privileged one, mount the node's
#   file system and take over the node. A default in the API server's own configuration is not visible in the API and
#   does not count here.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-admission/
#     description: Pod Security admission
# custom:
#   id: KM5001
#   name: PodSecurityNotEnforced
#   severity: medium
#   scope: object
#   kinds: [Namespace]
#   remediation: >-
#     Label the namespace with pod-security.kubernetes.io/enforce=baseline, or restricted.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.1"]
#     cis-gke-1.9: ["4.2.1"]
#     nsa-cisa-1.2: [pod-security]
#     mitre-attack-containers: [T1610]
#     owasp-kubernetes-2022: [K04]
package kubemuster.checks.admission.pod_security

import data.kubemuster.lib.namespaces

violations contains violation if {
	not input.object.metadata.name in namespaces.system
	not input.object.metadata.labels["pod-security.kubernetes.io/enforce"]
	violation := {
		"path": "metadata.labels",
		"message": sprintf("namespace %s enforces no Pod Security Standard", [input.object.metadata.name]),
	}
}

# A level that does not exist is enforced as restricted, so only this one is open.
violations contains violation if {
	not input.object.metadata.name in namespaces.system
	input.object.metadata.labels["pod-security.kubernetes.io/enforce"] == "privileged"
	violation := {
		"path": "metadata.labels[pod-security.kubernetes.io/enforce]",
		"message": sprintf("namespace %s enforces the privileged standard, which forbids nothing", [input.object.metadata.name]),
	}
}
