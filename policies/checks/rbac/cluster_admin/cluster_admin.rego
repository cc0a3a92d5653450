# METADATA
# title: Subject is cluster-admin
# description: >-
#   cluster-admin may do everything to everything: read every Secret, run on every node, rewrite RBAC and admission.
#   Whoever takes over one of these subjects owns the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
#     description: RBAC good practices
# custom:
#   id: KM2001
#   name: ClusterAdmin
#   severity: critical
#   scope: object
#   kinds: [ClusterRoleBinding]
#   remediation: >-
#     Bind the subjects to a role with the rules they use, in the namespaces they use; when that works, delete the
#     ClusterRoleBinding.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.1"]
#     cis-eks-1.8: ["4.1.1"]
#     cis-gke-1.9: ["4.1.1"]
#     cis-aks-1.8: ["4.1.1"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1078, T1098.006]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.cluster_admin

# One finding for the grant, however many subjects hold it.
violations contains violation if {
	input.object.roleRef.kind == "ClusterRole"
	input.object.roleRef.name == "cluster-admin"
	count(subjects) > 0
	violation := {
		"path": "roleRef",
		"message": sprintf("ClusterRoleBinding %s grants cluster-admin to %s", [
			input.object.metadata.name,
			concat(", ", sort(subjects)),
		]),
	}
}

subjects contains sprintf("%s %s", [subject.kind, subject.name]) if {
	some subject in input.object.subjects
	subject.kind in {"User", "Group"}
	not bootstrap(input.object.metadata.name, subject.kind, subject.name)
}

subjects contains sprintf("ServiceAccount %s/%s", [subject.namespace, subject.name]) if {
	some subject in input.object.subjects
	subject.kind == "ServiceAccount"
}

# The grant that the API server makes itself. Others added to the same binding are no part of it.
bootstrap("cluster-admin", "Group", "system:masters") := true
