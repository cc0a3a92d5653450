# METADATA
# title: Kubelet knows no authority of client certificates
# description: >-
#   The kubelet cannot tell the API server by its certificate. The API server then reaches it as an anonymous user or
#   not at all, which leads people to let anonymous requests in.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
#     description: Authentication and authorization of the kubelet
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6013
#   name: KubeletClientCA
#   severity: medium
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Set authentication.x509.clientCAFile in the kubelet's configuration to the file of the cluster's authority and
#     restart it.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.3"]
#     cis-eks-1.8: ["3.2.3"]
#     cis-aks-1.8: ["3.2.3"]
#     nsa-cisa-1.2: [worker-nodes]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_client_ca

violations contains violation if {
	not input.object.authentication.x509.clientCAFile
	violation := {
		"path": "authentication.x509.clientCAFile",
		"message": "the kubelet knows no authority of client certificates",
	}
}
