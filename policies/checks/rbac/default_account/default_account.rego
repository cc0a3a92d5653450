# METADATA
# title: The default service account is granted a role
# description: >-
#   Every pod that names no service account runs under the one named default: what it is granted, every such pod
#   of the namespace has, and so whoever breaks into the least of them.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2025
#   name: DefaultAccountBound
#   severity: medium
#   scope: object
#   kinds: [ClusterRoleBinding, RoleBinding]
#   remediation: >-
#     Make a service account for the workload that needs the role, name it in spec.serviceAccountName, bind the
#     role to it, and delete this subject.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.5"]
#     cis-eks-1.8: ["4.1.5"]
#     cis-gke-1.9: ["4.1.4"]
#     cis-aks-1.8: ["4.1.5"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1078.001]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.default_account

violations contains violation if {
	some namespace in namespaces
	violation := {
		"path": "subjects",
		"message": sprintf("%s %s grants %s %s to ServiceAccount %s/default", [
			input.object.kind,
			input.object.metadata.name,
			input.object.roleRef.kind,
			input.object.roleRef.name,
			namespace,
		]),
		"key": namespace,
	}
}

namespaces contains subject.namespace if {
	some subject in input.object.subjects
	subject.kind == "ServiceAccount"
	subject.name == "default"
}

# In a RoleBinding, a service account without a namespace is one of the binding's.
namespaces contains input.object.metadata.namespace if {
	some subject in input.object.subjects
	subject.kind == "ServiceAccount"
	subject.name == "default"
	not subject.namespace
}

# The name by which the API server knows a service account stands for it too.
namespaces contains account[1] if {
	some subject in input.object.subjects
	subject.kind == "User"
	account := regex.find_all_string_submatch_n(`^system:serviceaccount:([^:]+):default$`, subject.name, 1)[0]
}
