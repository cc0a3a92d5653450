# METADATA
# title: Grant allows everything by wildcard
# description: >-
#   A rule with every verb on every resource of every API group is cluster-admin by another name, and does not
#   show up where people look for that name. In one namespace it gives away all that runs and is stored there; in
#   kube-system that is the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2002
#   name: WildcardEverything
#   severity: critical
#   scope: grant
#   foldedUnder: [KM2001]
#   remediation: >-
#     List the API groups, resources and verbs that the subjects use in the rules of the role.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.1", "5.1.3"]
#     cis-eks-1.8: ["4.1.1", "4.1.3"]
#     cis-gke-1.9: ["4.1.1", "4.1.3"]
#     cis-aks-1.8: ["4.1.1", "4.1.3"]
package kubemuster.checks.rbac.everything

permissions := {
	"everything": [
		{
			"verbs": ["*"],
			"apiGroups": ["*"],
			"resources": ["*"],
		},
	],
}

violations contains {"message": sprintf("all is allowed %s", [input.grant.where])} if {
	takes_the_cluster
	unrestricted
}

violations contains {"message": sprintf("all is allowed %s", [input.grant.where]), "severity": "high"} if {
	not takes_the_cluster
	unrestricted
}

unrestricted if {
	some held in input.grant.holds
	not held.names
}

takes_the_cluster if input.grant.extent == "cluster"

takes_the_cluster if input.grant.namespace == "kube-system"
