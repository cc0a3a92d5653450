# METADATA
# title: Grant allows everything by wildcard
# description: >-
#   A rule with every verb on every resource, of every API group or of the core one, is cluster-admin by another
#   name, and does not show up where people look for that name. In one namespace it gives away all that runs and
#   is stored there; in kube-system that is the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2002
#   name: WildcardEverything
#   severity: critical
#   severities:
#     high: in a single namespace other than kube-system
#   scope: grant
#   foldedUnder: [KM2001]
#   remediation: >-
#     List the API groups, resources and verbs that the subjects use in the rules of the role.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.3"]
#     cis-eks-1.8: ["4.1.3"]
#     cis-gke-1.9: ["4.1.3"]
#     cis-aks-1.8: ["4.1.3"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1078]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.everything

import data.kubemuster.lib.extent

permissions := {
	"everything": [
		{
			"verbs": ["*"],
			"apiGroups": ["*"],
			"resources": ["*"],
		},
	],
	"core": [
		{
			"verbs": ["*"],
			"apiGroups": [""],
			"resources": ["*"],
		},
	],
}

violations contains {
	"message": sprintf("%s is allowed %s", [what, input.grant.where]),
	"severity": extent.takeover(input.grant.namespace),
}

what := "all" if "everything" in unrestricted

# Secrets, pods, tokens, nodes and impersonation are there: what the other groups hold adds little.
what := "all of the core API group" if {
	not "everything" in unrestricted
	"core" in unrestricted
}

unrestricted contains held.permission if {
	some held in input.grant.holds
	not held.names
}
