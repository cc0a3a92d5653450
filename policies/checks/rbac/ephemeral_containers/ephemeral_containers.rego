# METADATA
# title: Containers can be put into running pods
# description: >-
#   An ephemeral container joins a running pod: its network, its volumes and, if it asks, its processes. An
#   attacker brings an image of their own to the data and the token of any pod in reach.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
# custom:
#   id: KM2010
#   name: EphemeralContainers
#   severity: high
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take update and patch on pods/ephemeralcontainers out of the role; grant them for the time of a debugging
#     session.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1609]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.ephemeral_containers

permissions := {
	"ephemeralContainers": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["pods/ephemeralcontainers"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
