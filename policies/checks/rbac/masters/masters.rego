# METADATA
# title: system:masters is used
# description: >-
#   Members of system:masters may do everything without being asked: no role and no authorization webhook holds them, and
#   nobody can take the right back before their certificate ends. A binding to the group shows that somebody
#   counts on it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2024
#   name: MastersGroup
#   severity: high
#   scope: object
#   kinds: [ClusterRoleBinding, RoleBinding]
#   remediation: >-
#     Delete the binding, give people a group of your own that is bound to the roles they use, and keep
#     certificates of system:masters for emergencies.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.7"]
#     cis-gke-1.9: ["4.1.6"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1078]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.masters

violations contains violation if {
	some subject in input.object.subjects
	subject.kind == "Group"
	subject.name == "system:masters"
	not expected
	violation := {
		"path": "subjects",
		"message": sprintf("%s %s grants %s %s to Group system:masters", [
			input.object.kind,
			input.object.metadata.name,
			input.object.roleRef.kind,
			input.object.roleRef.name,
		]),
	}
}

# The API server's own.
expected if {
	input.object.kind == "ClusterRoleBinding"
	input.object.metadata.name == "cluster-admin"
	input.object.roleRef.kind == "ClusterRole"
	input.object.roleRef.name == "cluster-admin"
}
