# METADATA
# title: Kubelet does not rotate its client certificate
# description: >-
#   The kubelet does not ask for a new certificate before the one that it shows to the API server ends. To keep nodes
#   alive such certificates are made to last for years, and a stolen one makes its holder the node for as long.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#certificate-rotation
#     description: Rotation of the kubelet's certificates
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6018
#   name: KubeletClientRotation
#   severity: low
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Set rotateCertificates to true in the kubelet's configuration and restart it. Where the kubelet proves itself by
#     tokens of the cloud instead, as on EKS, waive the finding.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.10"]
#     cis-eks-1.8: ["3.2.8"]
#     cis-aks-1.8: ["3.2.8"]
#     nsa-cisa-1.2: [worker-nodes]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_client_rotation

violations contains violation if {
	not input.object.rotateCertificates
	violation := {
		"path": "rotateCertificates",
		"message": "the kubelet does not rotate its client certificate",
	}
}
