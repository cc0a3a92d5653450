# METADATA
# title: Ingress without TLS
# description: >-
#   The host is served over plain HTTP. Whoever is on the way between a user and the cluster reads passwords and
#   session cookies, and changes what comes back. TLS that a load balancer of its own adds before the controller is not
#   visible in the Ingress.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
#     description: TLS of an Ingress
# custom:
#   id: KM4007
#   name: IngressWithoutTLS
#   severity: medium
#   scope: object
#   kinds: [Ingress]
#   remediation: >-
#     Add an item to spec.tls with the host and the name of a TLS Secret, or the annotation by which your controller
#     finds a certificate in the cloud.
#   frameworks:
#     cis-eks-1.8: ["5.4.5"]
#     cis-aks-1.8: ["5.4.5"]
#     nsa-cisa-1.2: [encryption]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.network.ingress_tls

violations contains violation if {
	not elsewhere
	not input.object.spec.tls[0]
	violation := {
		"path": "spec.tls",
		"message": sprintf("ingress %s serves plain HTTP alone", [input.object.metadata.name]),
	}
}

violations contains violation if {
	not elsewhere
	input.object.spec.tls[0]
	not for_every_host
	some i, rule in input.object.spec.rules
	host := rule.host
	not covered(host, hosts)
	violation := {
		"path": sprintf("spec.rules[%d].host", [i]),
		"key": host,
		"message": sprintf("ingress %s has no TLS for %s", [input.object.metadata.name, host]),
	}
}

# An item that names no host holds for all.
for_every_host if {
	some item in input.object.spec.tls
	not item.hosts[0]
}

hosts contains host if {
	some item in input.object.spec.tls
	some host in item.hosts
}

covered(host, of) if host in of

# A wildcard stands for one label.
covered(host, of) if regex.replace(host, `^[^.]+`, "*") in of

# The certificate is the controller's or the cloud's.
elsewhere if {
	some key in {
		"alb.ingress.kubernetes.io/certificate-arn",
		"appgw.ingress.kubernetes.io/appgw-ssl-certificate",
		"ingress.gcp.kubernetes.io/pre-shared-cert",
		"kubernetes.azure.com/tls-cert-keyvault-uri",
		"networking.gke.io/certmap",
		"networking.gke.io/managed-certificates",
	}
	input.object.metadata.annotations[key]
}

elsewhere if contains(input.object.metadata.annotations["alb.ingress.kubernetes.io/listen-ports"], "HTTPS")

elsewhere if input.object.metadata.annotations["traefik.ingress.kubernetes.io/router.tls"] == "true"

# cert-manager answers a challenge by it, which must come in plain, and takes it away.
elsewhere if input.object.metadata.labels["acme.cert-manager.io/http01-solver"] == "true"
