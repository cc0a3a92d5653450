# METADATA
# title: Service has external IPs
# description: >-
#   Every node sends traffic for an external IP to the Service, whoever owns the address. Who may write Services can so
#   take the traffic of pods to a DNS server, a registry or another cluster, and answer in its place (CVE-2020-8554).
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/service/#external-ips
#     description: External IPs
#   - ref: https://github.com/kubernetes/kubernetes/issues/97076
#     description: CVE-2020-8554
# custom:
#   id: KM4004
#   name: ExternalIPs
#   severity: high
#   scope: object
#   kinds: [Service]
#   remediation: >-
#     Remove spec.externalIPs and use a Service of type LoadBalancer or a Gateway. Turn on the admission plugin
#     DenyServiceExternalIPs, or deny the field by a ValidatingAdmissionPolicy.
#   frameworks:
#     nsa-cisa-1.2: [network-policies]
#     owasp-kubernetes-2022: [K07]
package kubemuster.checks.network.external_ips

violations contains violation if {
	input.object.spec.externalIPs[0]
	violation := {
		"path": "spec.externalIPs",
		"message": sprintf("service %s takes the traffic for %s", [
			input.object.metadata.name,
			concat(", ", input.object.spec.externalIPs),
		]),
	}
}
