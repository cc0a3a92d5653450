# METADATA
# title: Workloads can be deleted
# description: >-
#   An attacker with the subject's token stops what runs in reach: pods and their controllers, and in the whole
#   cluster everything that runs.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2019
#   name: DeletesWorkloads
#   severity: low
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take delete and deletecollection on workloads out of the role, or grant them in the namespaces where they
#     are used.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1485]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.deletes_workloads

permissions := {
	"workloads": [
		{
			"verbs": ["delete", "deletecollection"],
			"apiGroups": [""],
			"resources": ["pods", "replicationcontrollers"],
		},
		{
			"verbs": ["delete", "deletecollection"],
			"apiGroups": ["apps"],
			"resources": ["deployments", "daemonsets", "statefulsets", "replicasets"],
		},
		{
			"verbs": ["delete", "deletecollection"],
			"apiGroups": ["batch"],
			"resources": ["jobs", "cronjobs"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
