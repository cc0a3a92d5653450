# METADATA
# title: Client certificates can be approved or signed
# description: >-
#   The API server takes a client certificate of its own signers for the user and groups that stand in it. Who
#   approves or signs requests for these signers lets anyone in as a node or as a component of the control plane,
#   and no one can take a certificate back.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
# custom:
#   id: KM2014
#   name: ApprovesCertificates
#   severity: critical
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take update and patch on certificatesigningrequests/approval and /status, or approve and sign on signers of
#     kubernetes.io, out of the role; name the signers that are needed in resourceNames.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.11"]
#     cis-aks-1.8: ["4.1.10"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1550.001]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.certificates

permissions := {
	"approve": [
		{
			"verbs": ["approve"],
			"apiGroups": ["certificates.k8s.io"],
			"resources": ["signers"],
			"extent": "cluster",
			"resourceNames": ["kubernetes.io/*", "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet"],
		},
	],
	"approval": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": ["certificates.k8s.io"],
			"resources": ["certificatesigningrequests/approval"],
			"extent": "cluster",
		},
	],
	"sign": [
		{
			"verbs": ["sign"],
			"apiGroups": ["certificates.k8s.io"],
			"resources": ["signers"],
			"extent": "cluster",
			"resourceNames": ["kubernetes.io/*", "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet"],
		},
	],
	"status": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": ["certificates.k8s.io"],
			"resources": ["certificatesigningrequests/status"],
			"extent": "cluster",
		},
	],
}

# It stands where the signer is given; the requests may be written by another way.
violations contains {
	"key": verb,
	"message": sprintf("%s, with %s", [held.what, concat("; ", sort(writes))]),
	"ways": [beside.way | some beside in input.grant.beside; beside.permission == write],
} if {
	some verb, write in {"approve": "approval", "sign": "status"}
	some held in input.grant.holds
	held.permission == verb
	writes := {beside.what | some beside in input.grant.beside; beside.permission == write}
	count(writes) > 0
}
