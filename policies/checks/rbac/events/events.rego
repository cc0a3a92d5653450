# METADATA
# title: Events can be deleted
# description: >-
#   Events tell what happened to pods and nodes. An attacker who deletes them takes away traces that an
#   investigation would start from.
# related_resources:
#   - ref: https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/Delete%20K8S%20events/
# custom:
#   id: KM2018
#   name: DeletesEvents
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take delete and deletecollection on events out of the role: they end by themselves.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1070]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.events

permissions := {
	"events": [
		{
			"verbs": ["delete", "deletecollection"],
			"apiGroups": ["", "events.k8s.io"],
			"resources": ["events"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
