# METADATA
# title: Ingress injects configuration into the proxy
# description: >-
#   A snippet is copied into the configuration of a proxy that all tenants share. Who may write Ingresses in one
#   namespace can so run code in the proxy, read the token of its service account and with it the Secrets of all
#   namespaces (CVE-2021-25742), and see every request that passes.
# related_resources:
#   - ref: https://github.com/kubernetes/kubernetes/issues/126811
#     description: Annotations of ingress-nginx that inject configuration
#   - ref: https://github.com/kubernetes/ingress-nginx/issues/7837
#     description: CVE-2021-25742
# custom:
#   id: KM4008
#   name: IngressSnippet
#   severity: high
#   scope: object
#   kinds: [Ingress]
#   remediation: >-
#     Remove the annotation and use those that set the single option. Forbid snippets in the controller, in
#     ingress-nginx by allow-snippet-annotations=false.
#   frameworks:
#     nsa-cisa-1.2: [application-practices]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.network.snippets

violations contains violation if {
	some key, _ in input.object.metadata.annotations
	key in snippets
	violation := {
		"path": sprintf("metadata.annotations[%q]", [key]),
		"key": key,
		"message": sprintf("ingress %s puts a snippet into the proxy by %s", [input.object.metadata.name, key]),
	}
}

snippets := {
	"haproxy-ingress.github.io/config-backend",
	"haproxy-ingress.github.io/config-defaults",
	"haproxy-ingress.github.io/config-frontend",
	"haproxy-ingress.github.io/config-global",
	"haproxy-ingress.github.io/config-tcp",
	"haproxy.org/backend-config-snippet",
	"ingress.kubernetes.io/config-backend",
	"nginx.ingress.kubernetes.io/auth-snippet",
	"nginx.ingress.kubernetes.io/configuration-snippet",
	"nginx.ingress.kubernetes.io/modsecurity-snippet",
	"nginx.ingress.kubernetes.io/server-snippet",
	"nginx.ingress.kubernetes.io/stream-snippet",
	"nginx.org/location-snippets",
	"nginx.org/server-snippets",
}
