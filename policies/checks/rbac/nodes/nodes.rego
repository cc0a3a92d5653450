# METADATA
# title: Nodes can be written
# description: >-
#   Labels and taints of nodes say where pods may run. Who writes them draws the workloads of others to a node of
#   their choice, or drives them off; who deletes nodes stops what runs there.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
# custom:
#   id: KM2032
#   name: WritesNodes
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take create, update, patch and delete on nodes out of the role.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.nodes

permissions := {
	"nodes": [
		{
			"verbs": ["create", "update", "patch", "delete", "deletecollection"],
			"apiGroups": [""],
			"resources": ["nodes"],
			"extent": "cluster",
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
