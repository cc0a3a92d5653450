# METADATA
# title: A service account of another namespace is granted a role
# description: >-
#   The namespace's rights are in the hands of another one: who may write pods there, or breaks into one, acts
#   here too.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2026
#   name: ForeignSubject
#   severity: low
#   scope: object
#   kinds: [ClusterRoleBinding, RoleBinding]
#   remediation: >-
#     Bind a service account of the namespace itself; where a controller works across namespaces, keep the list of
#     them short.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.foreign_account

violations contains violation if {
	input.object.kind == "RoleBinding"
	some account in accounts
	account.namespace != input.object.metadata.namespace
	not expected(account.namespace, account.name)
	violation := {
		"path": "subjects",
		"message": sprintf("RoleBinding %s grants %s %s to ServiceAccount %s/%s", [
			input.object.metadata.name,
			input.object.roleRef.kind,
			input.object.roleRef.name,
			account.namespace,
			account.name,
		]),
		"key": sprintf("%s/%s", [account.namespace, account.name]),
	}
}

accounts contains {"namespace": subject.namespace, "name": subject.name} if {
	some subject in input.object.subjects
	subject.kind == "ServiceAccount"
}

# The name by which the API server knows a service account stands for it too.
accounts contains {"namespace": parts[2], "name": parts[3]} if {
	some subject in input.object.subjects
	subject.kind == "User"
	startswith(subject.name, "system:serviceaccount:")
	parts := split(subject.name, ":")
	count(parts) == 4
}

# The API server's own: the controller that signs the cluster's address for nodes that are to join.
expected("kube-system", "bootstrap-signer") if {
	input.object.metadata.namespace == "kube-public"
	input.object.metadata.name == "system:controller:bootstrap-signer"
	input.object.roleRef.kind == "Role"
	input.object.roleRef.name == "system:controller:bootstrap-signer"
}
