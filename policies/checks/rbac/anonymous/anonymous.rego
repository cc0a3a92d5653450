# METADATA
# title: Anonymous requests are granted a role
# description: >-
#   What is granted to system:anonymous or system:unauthenticated is granted to everyone who reaches the API server,
#   without any credential. On a public endpoint that is the internet.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
#     description: RBAC good practices
# custom:
#   id: KM2022
#   name: AnonymousSubject
#   severity: critical
#   scope: object
#   kinds: [ClusterRoleBinding, RoleBinding]
#   remediation: >-
#     Remove the subject from the binding, or delete the binding.
#   frameworks:
#     cis-gke-1.9: ["4.1.8", "4.1.9"]
#     nsa-cisa-1.2: [anonymous, rbac]
#     mitre-attack-containers: [T1078.001, T1613]
#     owasp-kubernetes-2022: [K03, K06]
package kubemuster.checks.rbac.anonymous

violations contains violation if {
	some subject in input.object.subjects
	[subject.kind, subject.name] in {["User", "system:anonymous"], ["Group", "system:unauthenticated"]}
	not subject.name in expected
	violation := {
		"path": "subjects",
		"message": sprintf("%s %s grants %s %s to %s %s", [
			input.object.kind,
			input.object.metadata.name,
			input.object.roleRef.kind,
			input.object.roleRef.name,
			subject.kind,
			subject.name,
		]),
		"key": subject.name,
	}
}

# The API server's own: version and health for everyone.
expected contains "system:unauthenticated" if {
	input.object.kind == "ClusterRoleBinding"
	input.object.metadata.name == "system:public-info-viewer"
	input.object.roleRef.kind == "ClusterRole"
	input.object.roleRef.name == "system:public-info-viewer"
}

# kubeadm's own: the certificate authority and address of the API server, which nodes need before they can join.
expected contains "system:anonymous" if {
	input.object.kind == "RoleBinding"
	input.object.metadata.namespace == "kube-public"
	input.object.metadata.name == "kubeadm:bootstrap-signer-clusterinfo"
	input.object.roleRef.kind == "Role"
	input.object.roleRef.name == "kubeadm:bootstrap-signer-clusterinfo"
}
