# METADATA
# title: Secret holds a service account token that does not end
# description: >-
#   The token in the Secret is valid until somebody deletes it. Whoever read it once, from a backup, a repository or etcd,
#   is the service account from then on, and no restart or rotation ends that.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/service-accounts/#authenticating-credentials
#     description: Tokens of service accounts
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#legacy-serviceaccount-token-cleaner
#     description: Clean-up of tokens that nobody uses
# custom:
#   id: KM3003
#   name: TokenSecret
#   severity: medium
#   scope: object
#   kinds: [Secret]
#   remediation: >-
#     Let the client use a token of the TokenRequest API (kubectl create token, or a projected volume) and delete the
#     Secret.
#   frameworks:
#     nsa-cisa-1.2: [service-account-tokens, secrets]
#     mitre-attack-containers: [T1528]
#     owasp-kubernetes-2022: [K06, K08]
package kubemuster.checks.identity.token_secret

# The type of a Secret is not part of its metadata; the API server asks this annotation of each that holds a token.
violations contains violation if {
	account := input.object.metadata.annotations["kubernetes.io/service-account.name"]
	not input.object.metadata.labels["kubernetes.io/legacy-token-invalid-since"]
	violation := {
		"path": "metadata.annotations[\"kubernetes.io/service-account.name\"]",
		"message": sprintf("secret %s holds a token of service account %s that does not end", [
			input.object.metadata.name,
			account,
		]),
	}
}
