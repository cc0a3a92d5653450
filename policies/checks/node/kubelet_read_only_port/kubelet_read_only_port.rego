# METADATA
# title: Kubelet serves its read-only port
# description: >-
#   The port asks nobody who they are and has no TLS. Every pod that reaches the node reads there all pods of the node,
#   with the values of their environment that are not from Secrets, and what they use of the node.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6014
#   name: KubeletReadOnlyPort
#   severity: medium
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Set readOnlyPort to 0 in the kubelet's configuration and restart it; let monitoring use the authenticated port.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.4"]
#     cis-eks-1.8: ["3.2.4"]
#     cis-aks-1.8: ["3.2.4"]
#     nsa-cisa-1.2: [worker-nodes]
#     mitre-attack-containers: [T1613]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_read_only_port

violations contains violation if {
	port := input.object.readOnlyPort
	port != 0
	violation := {
		"path": "readOnlyPort",
		"message": sprintf("the kubelet serves its read-only port, %d, to everyone", [port]),
	}
}
