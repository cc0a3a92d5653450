# METADATA
# title: Tokens of service accounts can be issued
# description: >-
#   With create on serviceaccounts/token an attacker asks the API server for a token of any service account in
#   reach, and has its rights from then on, from anywhere.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request
# custom:
#   id: KM2012
#   name: IssuesTokens
#   severity: high
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Limit create on serviceaccounts/token by resourceNames to the service accounts that are needed, in a Role of
#     their namespace.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.13"]
#     cis-eks-1.8: ["4.1.12"]
#     cis-aks-1.8: ["4.1.12"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1550.001, T1528]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.service_account_tokens

permissions := {
	"token": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["serviceaccounts/token"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
