# METADATA
# title: Tokens of service accounts can be issued
# description: >-
#   With create on serviceaccounts/token an attacker asks the API server for a token of any service account in
#   reach, and has its rights from then on, from anywhere. Limited by resourceNames it is reported for the service
#   accounts of Kubernetes' own controllers in kube-system, with which an attacker takes the cluster.
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
#     their namespace, and never to those of Kubernetes' own controllers.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.13"]
#     cis-eks-1.8: ["4.1.12"]
#     cis-aks-1.8: ["4.1.12"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1550.001, T1528]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.service_account_tokens

import data.kubemuster.lib.takeover

permissions := {
	"token": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["serviceaccounts/token"],
		},
	],
	"controller": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["serviceaccounts/token"],
			"resourceNames": takeover.controllers,
			"namespaces": ["kube-system"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}

# Where it is limited to accounts, these are for whoever needs them; but those of Kubernetes' own controllers are for nobody.
what contains held.what if {
	some held in input.grant.holds
	held.permission == "controller"
}
