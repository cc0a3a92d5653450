# METADATA
# title: Nothing controls which pods are created
# description: >-
#   No namespace enforces a Pod Security Standard, no ValidatingAdmissionPolicy denies pods, and no webhook judges them.
#   Whoever may create a pod, in any namespace, can make it privileged and take over its node. A default in the API
#   server's own configuration is not visible in the API.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-admission/
#     description: Pod Security admission
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
#     description: Validating admission policies
# custom:
#   id: KM5008
#   name: NoPolicyControl
#   severity: high
#   scope: cluster
#   kinds: [Namespace]
#   requires:
#     - Namespace
#     - Workload
#     - ValidatingWebhookConfiguration
#     - ValidatingAdmissionPolicy
#     - ValidatingAdmissionPolicyBinding
#   needs: [cluster]
#   remediation: >-
#     Label namespaces with pod-security.kubernetes.io/enforce=baseline, or install a policy engine such as Kyverno or
#     Gatekeeper.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.1"]
#     nsa-cisa-1.2: [pod-security]
#     mitre-attack-containers: [T1610]
#     owasp-kubernetes-2022: [K04]
package kubemuster.checks.admission.no_policy_control

import data.kubemuster.lib.namespaces

violations contains violation if {
	workloads > 0
	not controlled
	violation := {
		"object": {"kind": "Cluster", "namespace": "", "name": "cluster"},
		"path": "",
		"key": "policy",
		"message": "no Pod Security Standard, admission policy or webhook controls which pods are created",
	}
}

# A cluster that runs nothing but its own system has nobody to control yet.
workloads := sum([namespace.workloads |
	some namespace in input.inventory.namespaces
	not namespace.name in namespaces.system
])

controlled if {
	some namespace in input.inventory.namespaces
	not namespace.name in namespaces.system
	namespace.workloads > 0
	namespace.labels["pod-security.kubernetes.io/enforce"] in {"baseline", "restricted"}
}

controlled if {
	some policy in input.inventory.admissionPolicies
	policy.kind == "ValidatingAdmissionPolicy"
	policy.denies
	policy.pods
}

controlled if {
	some webhook in input.inventory.webhooks
	webhook.kind == "ValidatingWebhookConfiguration"
	webhook.pods
	not webhook.configuration in of_providers
}

# These look after the provider's own interests and let privileged pods in.
of_providers := {
	"aks-node-validating-webhook",
	"vpc-resource-validating-webhook",
	"warden-validating.config.common-webhooks.networking.gke.io",
}
