# METADATA
# title: Ingress or gateway without TLS
# description: >-
#   The host is served over plain HTTP. Whoever is on the way between a user and the cluster reads passwords and
#   session cookies, and changes what comes back. TLS that a load balancer of its own adds before the controller is not
#   visible in the Ingress. Of a Gateway, where the Gateway API is installed, a listener for HTTP counts unless the same
#   Gateway has one with TLS for its host, to which it may redirect.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
#     description: TLS of an Ingress
#   - ref: https://gateway-api.sigs.k8s.io/guides/tls/
#     description: TLS of a Gateway
# custom:
#   id: KM4007
#   name: IngressWithoutTLS
#   severity: medium
#   scope: object
#   kinds: [Ingress, gateway.networking.k8s.io/v1/Gateway]
#   remediation: >-
#     Add an item to spec.tls with the host and the name of a TLS Secret, or the annotation by which your controller
#     finds a certificate in the cloud. In a Gateway, set the listener's protocol to HTTPS and tls.certificateRefs.
#   frameworks:
#     cis-eks-1.8: ["5.4.5"]
#     cis-aks-1.8: ["5.4.5"]
#     nsa-cisa-1.2: [encryption]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.network.ingress_tls

violations contains violation if {
	input.object.kind == "Ingress"
	not elsewhere
	not input.object.spec.tls[0]
	violation := {
		"path": "spec.tls",
		"message": sprintf("ingress %s serves plain HTTP alone", [input.object.metadata.name]),
	}
}

violations contains violation if {
	input.object.kind == "Ingress"
	not elsewhere
	input.object.spec.tls[0]
	not for_every_host
	some i, rule in input.object.spec.rules
	host := rule.host
	host != ""
	not covered(host, hosts)
	violation := {
		"path": sprintf("spec.rules[%d].host", [i]),
		"key": host,
		"message": sprintf("ingress %s has no TLS for %s", [input.object.metadata.name, host]),
	}
}

# A rule that names no host is for every other one.
violations contains violation if {
	input.object.kind == "Ingress"
	not elsewhere
	input.object.spec.tls[0]
	not for_every_host
	some i, rule in input.object.spec.rules
	concat("", [host | host := rule.host]) == ""
	violation := {
		"path": sprintf("spec.rules[%d].host", [i]),
		"key": "*",
		"message": sprintf("ingress %s has no TLS for hosts that it does not name", [input.object.metadata.name]),
	}
}

violations contains violation if {
	input.object.kind == "Gateway"
	some i, listener in input.object.spec.listeners
	listener.protocol == "HTTP"
	hosts_of_listener := [host | host := listener.hostname]
	not secured(concat("", hosts_of_listener))
	violation := {
		"path": sprintf("spec.listeners[%d].protocol", [i]),
		"key": listener.name,
		"message": sprintf("gateway %s serves plain HTTP alone at listener %s", [input.object.metadata.name, listener.name]),
	}
}

# A listener that names no host is for all, and may redirect to each that has TLS.
secured("") if count(with_tls) > 0

secured(_) if "" in with_tls

secured(host) if host in with_tls

secured(host) if {
	some pattern in with_tls
	startswith(pattern, "*.")
	endswith(host, substring(pattern, 1, -1))
}

with_tls contains concat("", [host | host := listener.hostname]) if {
	some listener in input.object.spec.listeners
	listener.protocol in {"HTTPS", "TLS"}
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
	input.object.metadata.annotations[key] != ""
}

elsewhere if contains(input.object.metadata.annotations["alb.ingress.kubernetes.io/listen-ports"], "HTTPS")

elsewhere if input.object.metadata.annotations["traefik.ingress.kubernetes.io/router.tls"] == "true"

# cert-manager answers a challenge by it, which must come in plain, and takes it away. It serves nothing else.
elsewhere if {
	input.object.metadata.labels["acme.cert-manager.io/http01-solver"] == "true"
	count(paths) > 0
	every path in paths {
		startswith(path, "/.well-known/acme-challenge/")
	}
	not input.object.spec.defaultBackend
}

paths contains concat("", [path | path := item.path]) if {
	some rule in input.object.spec.rules
	some item in rule.http.paths
}
