# METADATA
# title: Kubelet drops events
# description: >-
#   The kubelet records fewer events a second than any version does by default, 5 up to v1.26 and 50 since, and drops
#   the others. An attacker who makes many of them hides the ones that tell. 0 sets no limit, and passes.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6017
#   name: KubeletEventRate
#   severity: low
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Leave eventRecordQPS away, or set it to what the node's pods need.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.8"]
#     cis-eks-1.8: ["3.2.7"]
#     cis-aks-1.8: ["3.2.7"]
#     nsa-cisa-1.2: [worker-nodes]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_event_rate

violations contains violation if {
	rate := input.object.eventRecordQPS
	rate > 0
	rate < 5
	violation := {
		"path": "eventRecordQPS",
		"message": sprintf("the kubelet records %d events a second at most", [rate]),
	}
}
