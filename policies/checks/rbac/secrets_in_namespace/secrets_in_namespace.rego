# METADATA
# title: Every secret of a namespace can be read
# description: >-
#   Whoever takes over one of these subjects reads every Secret of the namespace: passwords, keys, and tokens of
#   its service accounts. List and watch show the values as get does.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2005
#   name: SecretsInNamespace
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Grant get on the Secrets that are needed by name (resourceNames), and take list and watch on secrets out of
#     the role.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.2"]
#     cis-eks-1.8: ["4.1.2"]
#     cis-gke-1.9: ["4.1.2"]
#     cis-aks-1.8: ["4.1.2"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1528, T1552.007]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.secrets_in_namespace

permissions := {
	"secrets": [
		{
			"verbs": ["get", "list", "watch"],
			"apiGroups": [""],
			"resources": ["secrets"],
			"extent": "namespace",
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
