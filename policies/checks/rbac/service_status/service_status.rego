# METADATA
# title: The status or the external addresses of services can be written
# description: >-
#   The address of a load balancer stands in the status of its service, and every node sends traffic for that
#   address to the service; so it does for spec.externalIPs. Who writes either takes the traffic of the cluster's pods
#   for any address they choose. Many write services, and few their status, so that the former weighs little.
# related_resources:
#   - ref: https://github.com/kubernetes/kubernetes/issues/97076
# custom:
#   id: KM2031
#   name: WritesServiceStatus
#   severity: medium
#   severities:
#     low: for addresses in Services
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take update and patch on services/status out of the role: the cloud's controller alone writes it. Against external
#     addresses turn on the admission plugin DenyServiceExternalIPs, or refuse spec.externalIPs by a policy.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.service_status

permissions := {
	"addresses": [
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": [""],
			"resources": ["services"],
		},
	],
	"status": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["services/status"],
		},
	],
}

violations contains violation if {
	some permission, severity in {"addresses": "low", "status": "medium"}
	count(what[permission]) > 0
	violation := {
		"message": sprintf("%s %s", [concat("; ", what[permission]), input.grant.where]),
		"key": permission,
		"severity": severity,
	}
}

what[held.permission] contains held.what if {
	some held in input.grant.holds
	not held.names
}
