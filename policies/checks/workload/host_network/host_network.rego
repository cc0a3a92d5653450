# METADATA
# title: Pod shares the network of its node
# description: >-
#   A pod on the node's network reaches what listens on the node's loopback, takes the node's address past network
#   policies, and often reaches the instance metadata that holds the node's cloud credentials.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1004
#   name: HostNetwork
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove hostNetwork, or set it to false, and publish the pod through a Service.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.5"]
#     cis-eks-1.8: ["4.2.4"]
#     cis-aks-1.8: ["4.2.4"]
#     pod-security-standards: [hostNamespaces]
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.host_network

violations contains violation if {
	input.workload.spec.hostNetwork == true
	violation := {
		"path": sprintf("%s.hostNetwork", [input.workload.path]),
		"message": "the pod shares the network of its node",
	}
}
