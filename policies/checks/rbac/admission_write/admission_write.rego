# METADATA
# title: Admission webhooks and policies can be written
# description: >-
#   A mutating webhook sees every object that is written, Secrets included, and changes it: an attacker who writes
#   one, be it a single one by its name, adds a container to every new pod. Who deletes or weakens webhooks and policies takes away what keeps
#   others' pods in check.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#control-admission-webhooks
# custom:
#   id: KM2015
#   name: WritesAdmission
#   severity: high
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take create, update, patch, delete and deletecollection on webhook configurations and admission policies out of
#     the role, or limit them by resourceNames to the operator's own; those of mutating webhooks let a pipeline write.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.12"]
#     cis-eks-1.8: ["4.1.11"]
#     cis-aks-1.8: ["4.1.11"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1562.001]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.admission_write

permissions := {
	"admission": [
		{
			"verbs": ["create", "update", "patch", "delete", "deletecollection"],
			"apiGroups": ["admissionregistration.k8s.io"],
			"resources": ["mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings"],
			"extent": "cluster",
		},
	],
	"mutating": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": ["admissionregistration.k8s.io"],
			"resources": ["mutatingwebhookconfigurations"],
			"extent": "cluster",
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}

# Who may write one of them turns it on whatever they like.
what contains held.what if {
	some held in input.grant.holds
	held.permission == "mutating"
	held.names
}
