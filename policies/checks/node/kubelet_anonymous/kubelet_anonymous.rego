# METADATA
# title: Kubelet answers anonymous requests
# description: >-
#   Who reaches the kubelet's port need not say who they are. From any pod, or from a network that reaches the node,
#   they ask it as system:anonymous, and get what that user is granted: all of the node, where the kubelet authorizes
#   everything or the cluster has bound anonymous users to a role.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
#     description: Authentication and authorization of the kubelet
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6011
#   name: KubeletAnonymous
#   severity: high
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Set authentication.anonymous.enabled to false in the kubelet's configuration and restart it.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.1"]
#     cis-eks-1.8: ["3.2.1"]
#     cis-aks-1.8: ["3.2.1"]
#     nsa-cisa-1.2: [worker-nodes]
#     mitre-attack-containers: [T1133, T1609]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_anonymous

violations contains violation if {
	input.object.authentication.anonymous.enabled == true
	violation := {
		"path": "authentication.anonymous.enabled",
		"message": "the kubelet answers anonymous requests",
	}
}
