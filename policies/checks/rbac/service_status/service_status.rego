# METADATA
# title: The status of services can be written
# description: >-
#   The address of a load balancer stands in the status of its service, and every node sends traffic for that
#   address to the service. Who writes the status takes the traffic of the cluster's pods for any address they
#   choose.
# related_resources:
#   - ref: https://github.com/kubernetes/kubernetes/issues/97076
# custom:
#   id: KM2031
#   name: WritesServiceStatus
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take update and patch on services/status out of the role: the cloud's controller alone writes it.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.service_status

permissions := {
	"status": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["services/status"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
