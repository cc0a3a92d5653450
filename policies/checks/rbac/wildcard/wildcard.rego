# METADATA
# title: Grant uses wildcards
# description: >-
#   A wildcard grants more than anyone meant: every verb includes escalate, bind and impersonate, every resource
#   includes Secrets and those that are yet to be invented. An attacker with the subject's token finds the one
#   that matters.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2003
#   name: WildcardRole
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     List the API groups, resources and verbs that the subjects use in the rules of the role.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.3"]
#     cis-eks-1.8: ["4.1.3"]
#     cis-gke-1.9: ["4.1.3"]
#     cis-aks-1.8: ["4.1.3"]
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.wildcard

permissions := {
	"API groups": [
		{
			"apiGroups": ["*"],
		},
	],
	"resources": [
		{
			"resources": ["*"],
		},
	],
	"verbs": [
		{
			"verbs": ["*"],
		},
	],
}

violations contains {"message": sprintf("* stands for %s %s", [concat(" and ", sort(fields)), input.grant.where])} if {
	count(fields) > 0
}

fields := {held.permission | some held in input.grant.holds}
