# METADATA
# title: Workload can become cluster-admin
# description: >-
#   The service account's token lies in each of the workload's pods, and what the service account may do is enough to get
#   every right in the cluster, by itself or over up to four other service accounts whose rights it can get. Whoever breaks
#   into one of the pods owns the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#kubernetes-rbac-privilege-escalation-risks
# custom:
#   id: KM3004
#   name: WorkloadTakesCluster
#   severity: critical
#   scope: cluster
#   kinds: [Workload]
#   requires: [Workload, ServiceAccount, Role, ClusterRole, RoleBinding, ClusterRoleBinding]
#   remediation: >-
#     Take the rights that the finding names out of the role, or bind it in the namespaces where they are used; where the
#     workload does not call the API server, set automountServiceAccountToken: false.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1078, T1098.006]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.identity.workload_takeover

import data.kubemuster.lib.takeover

permissions := takeover.permissions

# One finding for the workload, however many ways it has.
violations contains {
	"object": {"kind": workload.kind, "namespace": workload.namespace, "name": workload.name},
	"path": "",
	"message": sprintf("it can take the cluster (%s): %s → %s → %s", [
		concat(", ", sort(taken.names)),
		from,
		account,
		concat(" and ", sort({concat(" → ", grant) | some grant in taken.grants})),
	]),
	"ways": [array.concat([from, account], grant) | some grant in taken.grants],
} if {
	some i, holder in input.holders
	taken := takeover.of[i]
	account := sprintf("ServiceAccount %s/%s", [holder.namespace, holder.name])
	some workload in holder.workloads
	from := sprintf("%s %s/%s", [workload.kind, workload.namespace, workload.name])
}
