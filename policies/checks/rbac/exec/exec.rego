# METADATA
# title: Commands can be run in pods
# description: >-
#   With exec or attach an attacker runs commands in every pod in reach: they read its memory, its Secrets and its
#   service account token, and act with its rights. Port forwarding reaches what listens on the pod's own
#   loopback. A server before v1.35 takes a get over WebSocket for all three.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2009
#   name: ExecIntoPods
#   severity: high
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take create and get on pods/exec, pods/attach and pods/portforward out of the role; debug through a role
#     that is granted for the occasion.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1609]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.exec

import data.kubemuster.lib.version

permissions := {
	"create": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["pods/exec", "pods/attach", "pods/portforward"],
		},
	],
	"get": [
		{
			"verbs": ["get"],
			"apiGroups": [""],
			"resources": ["pods/exec", "pods/attach", "pods/portforward"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	held.permission == "create"
	not held.names
}

# A get is refused where it is known that the server asks for create.
what contains held.what if {
	some held in input.grant.holds
	held.permission == "get"
	not held.names
	not asks_for_create
	not "create" in {other.permission | some other in input.grant.holds; not other.names}
}

asks_for_create if version.minor(input.cluster.version) >= [1, 35]
