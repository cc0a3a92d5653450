# METADATA
# title: Admission policy without binding
# description: >-
#   The policy is written and looks as if it held, but nothing puts it into force: what it forbids is created all the
#   same.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
#     description: Validating admission policies
# custom:
#   id: KM5009
#   name: UnboundPolicy
#   severity: low
#   scope: cluster
#   kinds: [ValidatingAdmissionPolicy, MutatingAdmissionPolicy]
#   requires:
#     - ValidatingAdmissionPolicy
#     - ValidatingAdmissionPolicyBinding
#     - MutatingAdmissionPolicy
#     - MutatingAdmissionPolicyBinding
#   needs: [cluster]
#   remediation: >-
#     Create a ValidatingAdmissionPolicyBinding (or MutatingAdmissionPolicyBinding) that names the policy, or delete the
#     policy.
#   frameworks:
#     nsa-cisa-1.2: [pod-security]
#     mitre-attack-containers: [T1562.001]
#     owasp-kubernetes-2022: [K04]
package kubemuster.checks.admission.unbound_policy

violations contains violation if {
	some policy in input.inventory.admissionPolicies
	policy.bindings == 0
	violation := {
		"object": {"kind": policy.kind, "namespace": "", "name": policy.name},
		"path": "metadata.name",
		"message": sprintf("no binding puts policy %s into force", [policy.name]),
	}
}
