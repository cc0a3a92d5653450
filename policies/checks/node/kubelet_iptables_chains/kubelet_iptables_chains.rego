# METADATA
# title: Kubelet leaves its iptables chains alone
# description: >-
#   The kubelet does not make the chains that other components, as kube-proxy does, may build on. What the rules of the
#   node then let through is up to whoever set them by hand, and may be more than the cluster's policies say.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6016
#   name: KubeletIPTablesChains
#   severity: low
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Leave makeIPTablesUtilChains away, or set it to true.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.6"]
#     cis-eks-1.8: ["3.2.6"]
#     cis-aks-1.8: ["3.2.6"]
#     nsa-cisa-1.2: [worker-nodes]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_iptables_chains

violations contains violation if {
	input.object.makeIPTablesUtilChains == false
	violation := {
		"path": "makeIPTablesUtilChains",
		"message": "the kubelet does not make its iptables chains",
	}
}
