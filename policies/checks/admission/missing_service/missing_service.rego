# METADATA
# title: Webhook's service is missing
# description: >-
#   The webhook cannot answer. With failurePolicy Ignore nothing is checked any more; with Fail nothing that it matches
#   can be created. Who may create Services in that namespace can answer in its place where the webhook trusts a CA that
#   they hold, and see what is sent.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#service-reference
#     description: Service reference
# custom:
#   id: KM5006
#   name: WebhookServiceMissing
#   severity: medium
#   scope: cluster
#   kinds: [ValidatingWebhookConfiguration, MutatingWebhookConfiguration]
#   requires: [ValidatingWebhookConfiguration, MutatingWebhookConfiguration, Service]
#   needs: [cluster]
#   remediation: >-
#     Delete the webhook configuration if its software is gone, or install it again.
#   frameworks:
#     nsa-cisa-1.2: [pod-security]
#     mitre-attack-containers: [T1562.001]
#     owasp-kubernetes-2022: [K04]
package kubemuster.checks.admission.missing_service

violations contains violation if {
	some webhook in input.inventory.webhooks
	webhook.serviceName
	not [webhook.serviceNamespace, webhook.serviceName] in services
	not webhook.serviceNamespace in excluded
	violation := {
		"object": {"kind": webhook.kind, "namespace": "", "name": webhook.configuration},
		"path": sprintf("webhooks[%d].clientConfig.service", [webhook.index]),
		"key": webhook.name,
		"message": sprintf("webhook %s asks service %s/%s, which does not exist", [
			webhook.name,
			webhook.serviceNamespace,
			webhook.serviceName,
		]),
	}
}

services contains [service.namespace, service.name] if some service in input.inventory.services

excluded contains namespace if some namespace in input.inventory.excluded
