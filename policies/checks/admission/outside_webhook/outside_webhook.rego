# METADATA
# title: Webhook is outside the cluster
# description: >-
#   The API server sends every object that the webhook matches, Secrets included where it matches those, to a server
#   that the cluster does not run, and a mutating webhook changes what is created. Whoever holds that server or its name
#   reads and steers the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#url
#     description: Webhooks by URL
# custom:
#   id: KM5007
#   name: WebhookOutsideCluster
#   severity: medium
#   scope: object
#   kinds: [ValidatingWebhookConfiguration, MutatingWebhookConfiguration]
#   remediation: >-
#     Run the webhook in the cluster and name it in clientConfig.service, or make sure of who runs the server and narrow
#     the webhook's rules to what it needs.
#   frameworks:
#     nsa-cisa-1.2: [pod-security]
#     owasp-kubernetes-2022: [K04]
package kubemuster.checks.admission.outside_webhook

violations contains violation if {
	some i, webhook in input.object.webhooks
	host := host_of(webhook.clientConfig.url)
	not inside(host)
	violation := {
		"path": sprintf("webhooks[%d].clientConfig.url", [i]),
		"key": webhook.name,
		"message": sprintf("webhook %s is called at %s", [webhook.name, host]),
	}
}

# A URL may hold a secret in its path, but not in its host: user and password are not allowed in it.
host_of(url) := lower(host) if {
	[[_, host]] := regex.find_all_string_submatch_n(`^https?://(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)`, url, 1)
}

# The API server itself, as managed clusters run their own webhooks beside it, and Services.
inside(host) if regex.match(`^(localhost|127\.[0-9.]+|\[::1\]|.+\.svc|.+\.svc\.cluster\.local)$`, host)
