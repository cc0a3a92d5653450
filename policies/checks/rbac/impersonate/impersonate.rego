# METADATA
# title: Others can be impersonated
# description: >-
#   Who may impersonate acts with the rights of another by naming them in a header: of a user, a service account,
#   or the group system:masters. The audit log tells who it was; the authorizer does not mind. Constrained
#   impersonation (impersonate:… with impersonate-on:…) limits whom and for what, and still is another's right.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
# custom:
#   id: KM2008
#   name: Impersonate
#   severity: critical
#   severities:
#     high: in a single namespace other than kube-system, for named identities, and for the constrained form
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take impersonate out of the role, or limit it by resourceNames to the users, groups and service accounts
#     that are needed.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.8"]
#     cis-eks-1.8: ["4.1.8"]
#     cis-gke-1.9: ["4.1.7"]
#     cis-aks-1.8: ["4.1.7"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1078]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.impersonate

import data.kubemuster.lib.extent

permissions := {
	"impersonate": [
		{
			"verbs": ["impersonate"],
			"apiGroups": [""],
			"resources": ["users", "groups"],
			"extent": "cluster",
		},
		{
			"verbs": ["impersonate"],
			"apiGroups": [""],
			"resources": ["serviceaccounts"],
		},
	],
	"user-info": constrained("user-info", "users"),
	"on user-info": [{"verbs": ["impersonate-on:user-info:*"]}],
	"serviceaccount": [{
		"verbs": ["impersonate:serviceaccount"],
		"apiGroups": ["authentication.k8s.io"],
		"resources": ["serviceaccounts"],
	}],
	"on serviceaccount": [{"verbs": ["impersonate-on:serviceaccount:*"]}],
	"arbitrary-node": constrained("arbitrary-node", "nodes"),
	"on arbitrary-node": [{"verbs": ["impersonate-on:arbitrary-node:*"]}],
	"associated-node": constrained("associated-node", "nodes"),
	"on associated-node": [{"verbs": ["impersonate-on:associated-node:*"]}],
}

# Each mode has its own verbs, and needs both of them.
constrained(mode, resource) := [{
	"verbs": [sprintf("impersonate:%s", [mode])],
	"apiGroups": ["authentication.k8s.io"],
	"resources": [resource],
	"extent": "cluster",
}]

violations contains {
	"key": "impersonate",
	"message": sprintf("%s %s", [concat("; ", what), input.grant.where]),
	"severity": extent.takeover(input.grant.namespace),
} if {
	count(what) > 0
}

# Those who are named were meant.
violations contains {
	"key": "impersonate",
	"message": sprintf("%s %s", [concat("; ", named), input.grant.where]),
	"severity": weight_of_named,
} if {
	count(what) == 0
	count(named) > 0
}

default weight_of_named := "high"

weight_of_named := "critical" if {
	some held in input.grant.holds
	held.permission == "impersonate"
	"system:masters" in held.names
}

# The constrained form needs both verbs of a mode, and stands where the identity is given.
violations contains {
	"key": "constrained",
	"message": sprintf("%s %s, with %s", [held.what, input.grant.where, concat("; ", sort(on))]),
	"severity": "high",
	"ways": [beside.way | some beside in input.grant.beside; beside.permission == sprintf("on %s", [held.permission])],
} if {
	some held in input.grant.holds
	held.permission in {"user-info", "serviceaccount", "arbitrary-node", "associated-node"}
	on := {beside.what | some beside in input.grant.beside; beside.permission == sprintf("on %s", [held.permission])}
	count(on) > 0
	count(what) == 0
}

what contains held.what if {
	some held in input.grant.holds
	held.permission == "impersonate"
	not held.names
}

named contains held.what if {
	some held in input.grant.holds
	held.permission == "impersonate"
	held.names
}
