# METADATA
# title: Pods or workloads can be created
# description: >-
#   Who creates a pod chooses what runs in it and under which service account of the namespace, mounts its
#   Secrets, and, where Pod Security does not forbid it, the node's own file system. That is all the rights of
#   that namespace, and often the node.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2006
#   name: CreatesWorkloads
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Let a deployment pipeline or controller be the only one to write workloads; take create, update and patch on
#     them out of the role. Enforce Pod Security in the namespaces where it must stay.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.4"]
#     cis-eks-1.8: ["4.1.4"]
#     cis-aks-1.8: ["4.1.4"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1610, T1053.007, T1543.005]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.workloads

permissions := {
	"workloads": [
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": [""],
			"resources": ["pods", "replicationcontrollers"],
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["apps"],
			"resources": ["deployments", "daemonsets", "statefulsets", "replicasets"],
		},
		{
			"verbs": ["create", "update", "patch"],
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
