# METADATA
# title: Subject is cluster-admin
# description: >-
#   cluster-admin may do everything to everything: read every Secret, run on every node, rewrite RBAC and
#   admission. Whoever takes over one of these subjects owns the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2001
#   name: ClusterAdmin
#   severity: critical
#   scope: grant
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

# In a namespace it is KM2002's.
violations contains {"message": "all is allowed in the whole cluster"} if {
	input.grant.extent == "cluster"
	input.grant.role.kind == "ClusterRole"
	input.grant.role.name == "cluster-admin"
}
