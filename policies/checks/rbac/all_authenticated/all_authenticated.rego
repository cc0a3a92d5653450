# METADATA
# title: Everyone with a credential is granted a role
# description: >-
#   What is granted to system:authenticated is granted to every user and service account, and so to an attacker in
#   any pod. On GKE every Google account in the world is authenticated: anyone may take it up.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2023
#   name: AllAuthenticated
#   severity: high
#   scope: object
#   kinds: [ClusterRoleBinding, RoleBinding]
#   remediation: >-
#     Bind the role to the groups and service accounts that need it, and delete this binding.
#   frameworks:
#     cis-gke-1.9: ["4.1.10"]
#     nsa-cisa-1.2: [anonymous, rbac]
#     mitre-attack-containers: [T1078]
#     owasp-kubernetes-2022: [K03, K06]
package kubemuster.checks.rbac.all_authenticated

violations contains object.union(violation, weight) if {
	some subject in input.object.subjects
	subject.kind == "Group"
	subject.name == "system:authenticated"
	not expected
	violation := {
		"path": "subjects",
		"message": sprintf("%s %s grants %s %s to Group system:authenticated", [
			input.object.kind,
			input.object.metadata.name,
			input.object.roleRef.kind,
			input.object.roleRef.name,
		]),
	}
}

default weight := {}

weight := {"severity": "critical"} if input.cluster.provider == "gke"

# The API server's own: discovery, version and health, and what one may know of oneself.
expected if {
	input.object.kind == "ClusterRoleBinding"
	input.object.roleRef.kind == "ClusterRole"
	input.object.roleRef.name == input.object.metadata.name
	input.object.metadata.name in {"system:basic-user", "system:discovery", "system:public-info-viewer"}
}
