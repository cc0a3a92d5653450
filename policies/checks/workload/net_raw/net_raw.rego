# METADATA
# title: Container keeps NET_RAW
# description: >-
#   Most runtimes grant NET_RAW by default. With it an attacker in the container forges packets: they answer for other
#   pods' addresses and for the cluster's DNS, and read or redirect traffic on the same network.
# related_resources:
#   - ref: https://man7.org/linux/man-pages/man7/capabilities.7.html
#     description: Linux capabilities
# custom:
#   id: KM1045
#   name: NetRawKept
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Add NET_RAW, or better ALL, to securityContext.capabilities.drop on every container, and take it out of add.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.8"]
#     nsa-cisa-1.2: [capabilities]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.net_raw

violations contains violation if {
	# The field does not exist for Windows pods.
	not input.workload.spec.os.name == "windows"
	some container in input.workload.containers
	dropped := {name(capability) | some capability in container.spec.securityContext.capabilities.drop}
	added := {name(capability) | some capability in container.spec.securityContext.capabilities.add}
	kept(dropped & raw, added & raw)
	violation := {
		"path": sprintf("%s.securityContext.capabilities.drop", [container.path]),
		"message": sprintf("container %s keeps NET_RAW", [container.name]),
	}
}

kept(dropped, _) if count(dropped) == 0

kept(dropped, added) if {
	count(dropped) > 0
	count(added) > 0
}

# Runtimes take names in either case, with CAP_ before them or not.
name(capability) := trim_prefix(upper(capability), "CAP_")

raw := {"ALL", "NET_RAW"}
