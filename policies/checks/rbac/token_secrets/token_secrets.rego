# METADATA
# title: Token Secrets can be made and read
# description: >-
#   A Secret of type kubernetes.io/service-account-token that names a service account is filled by Kubernetes with
#   a token that never ends. Who creates and reads Secrets has the rights of every service account of the
#   namespace.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets
# custom:
#   id: KM2013
#   name: MakesTokenSecrets
#   severity: high
#   severities:
#     medium: where Secrets can be read by name alone, in a single namespace other than kube-system
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take create on secrets out of the role, or get, list and watch: one Secret that may be read is made with its name. Let somebody
#     else create the Secret, and update it by name (resourceNames).
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1528]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.token_secrets

permissions := {
	"create": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["secrets"],
		},
	],
	"read": [
		{
			"verbs": ["get", "list", "watch"],
			"apiGroups": [""],
			"resources": ["secrets"],
		},
	],
}

# It stands where Secrets are created; that they can be read may come by another way. One name is enough: the Secret is made
# with that name.
violations contains object.union(weight, {
	"message": sprintf("%s %s, with %s", [held.what, input.grant.where, concat("; ", sort(reads))]),
	"ways": [beside.way | some beside in input.grant.beside; beside.permission == "read"],
}) if {
	some held in input.grant.holds
	held.permission == "create"
	reads := {beside.what | some beside in input.grant.beside; beside.permission == "read"}
	count(reads) > 0
}

default weight := {}

weight := {"severity": "medium"} if {
	not input.grant.namespace in {"", "kube-system"}
	every beside in input.grant.beside {
		named(beside.permission, {name | some name in beside.names})
	}
}

named("create", _)

named("read", names) if count(names) > 0
