# METADATA
# title: Kubelet does not rotate its serving certificate
# description: >-
#   The kubelet does not ask the cluster for the certificate that it serves with. It makes its own, which nobody can
#   verify, so that whoever stands between the API server and the node reads logs and commands; or it has a file, which
#   somebody must renew.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#certificate-rotation
#     description: Rotation of the kubelet's certificates
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6019
#   name: KubeletServerRotation
#   severity: low
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Set serverTLSBootstrap to true, leave the feature gate RotateKubeletServerCertificate on, and have the cluster
#     approve the requests of kubelets for kubernetes.io/kubelet-serving.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.11"]
#     cis-eks-1.8: ["3.2.9"]
#     cis-aks-1.8: ["3.2.9"]
#     nsa-cisa-1.2: [worker-nodes]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_server_rotation

violations contains violation if {
	not input.object.serverTLSBootstrap
	not input.object.tlsCertFile # from another authority, whose rotation is not the kubelet's
	violation := {
		"path": "serverTLSBootstrap",
		"message": "the kubelet does not ask the cluster for its serving certificate, and does not rotate it",
	}
}

violations contains violation if {
	input.object.serverTLSBootstrap
	input.object.featureGates.RotateKubeletServerCertificate == false
	violation := {
		"path": "featureGates.RotateKubeletServerCertificate",
		"message": "the feature gate RotateKubeletServerCertificate is off, and the kubelet does not rotate its serving certificate",
	}
}
