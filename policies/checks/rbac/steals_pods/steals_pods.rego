# METADATA
# title: Pods can be driven to another node
# description: >-
#   Who makes nodes look full or unfit, and evicts or deletes pods, decides where they start again: on the node
#   that the attacker holds. There their tokens and data are in reach.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
# custom:
#   id: KM2017
#   name: StealsPods
#   severity: high
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Split the two rights over two subjects, or take update and patch on nodes and nodes/status out of the role.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.steals_pods

permissions := {
	"nodes": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["nodes", "nodes/status"],
			"extent": "cluster",
		},
	],
	"pods": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["pods/eviction"],
		},
		{
			"verbs": ["delete", "deletecollection"],
			"apiGroups": [""],
			"resources": ["pods"],
		},
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["pods/status"],
		},
	],
}

# It stands where nodes are written; pods may be driven away by another way.
violations contains {
	"message": sprintf("%s, with %s", [concat("; ", sort(nodes)), concat("; ", sort(pods))]),
	"ways": [beside.way | some beside in input.grant.beside; beside.permission == "pods"; not beside.names],
} if {
	nodes := {held.what | some held in input.grant.holds; held.permission == "nodes"; not held.names}
	count(nodes) > 0
	pods := {beside.what | some beside in input.grant.beside; beside.permission == "pods"; not beside.names}
	count(pods) > 0
}
