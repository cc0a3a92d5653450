# METADATA
# title: Kubelet never ends idle streams
# description: >-
#   Streams of exec, attach and port-forward stay open however long nobody uses them. Enough of them use the node's
#   connections up, and a session that somebody left open is there for whoever comes upon it.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6015
#   name: KubeletStreamingTimeout
#   severity: low
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Leave streamingConnectionIdleTimeout away, which makes it four hours, or set it to a time above 0.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.5"]
#     cis-eks-1.8: ["3.2.5"]
#     cis-aks-1.8: ["3.2.5"]
#     nsa-cisa-1.2: [worker-nodes]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_streaming_timeout

violations contains violation if {
	time.parse_duration_ns(input.object.streamingConnectionIdleTimeout) == 0
	violation := {
		"path": "streamingConnectionIdleTimeout",
		"message": "the kubelet never ends streams that are idle",
	}
}
