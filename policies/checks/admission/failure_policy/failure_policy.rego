# METADATA
# title: Validating webhook lets everything through when it fails
# description: >-
#   With failurePolicy Ignore the API server takes what the webhook did not answer for. An attacker makes it slow or
#   unreachable, by load or by deleting its pods, and creates what it would have refused.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy
#     description: Failure policy
# custom:
#   id: KM5005
#   name: FailurePolicyIgnore
#   severity: low
#   scope: object
#   kinds: [ValidatingWebhookConfiguration]
#   remediation: >-
#     Run the webhook in several replicas, leave its own namespace and kube-system out by namespaceSelector, and set
#     failurePolicy to Fail.
#   frameworks:
#     nsa-cisa-1.2: [pod-security]
#     mitre-attack-containers: [T1562.001]
#     owasp-kubernetes-2022: [K04]
package kubemuster.checks.admission.failure_policy

violations contains violation if {
	some i, webhook in input.object.webhooks
	webhook.failurePolicy == "Ignore"
	some rule in webhook.rules
	some group in rule.apiGroups
	group in built_in
	violation := {
		"path": sprintf("webhooks[%d].failurePolicy", [i]),
		"key": webhook.name,
		"message": sprintf("webhook %s is passed over when it does not answer", [webhook.name]),
	}
}

# Webhooks that only check the custom resources of their own operator guard nothing that an attacker is after, and mutating
# ones mostly add what is missed at once.
built_in := {"", "*", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io"}
