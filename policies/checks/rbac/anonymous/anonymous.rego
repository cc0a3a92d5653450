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
#   scope: grant
#   remediation: >-
#     Remove the subject from the binding, or delete the binding.
#   frameworks:
#     cis-gke-1.9: ["4.1.8", "4.1.9"]
#     nsa-cisa-1.2: [anonymous, rbac]
#     mitre-attack-containers: [T1078.001, T1613]
#     owasp-kubernetes-2022: [K03, K06]
package kubemuster.checks.rbac.anonymous

# What the API server and kubeadm grant themselves, as version and health for everyone, is none of the grant's subjects.
violations contains violation if {
	some subject in input.grant.subjects
	[subject.kind, subject.name] in {["User", "system:anonymous"], ["Group", "system:unauthenticated"]}
	violation := {
		"path": "subjects",
		"message": sprintf("%s %s is granted to %s %s %s", [
			input.grant.role.kind,
			input.grant.role.name,
			subject.kind,
			subject.name,
			input.grant.where,
		]),
		"key": subject.name,
	}
}
