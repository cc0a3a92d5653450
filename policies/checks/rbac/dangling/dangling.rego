# METADATA
# title: A binding points to nothing
# description: >-
#   A binding to a role, namespace or service account that does not exist grants nothing today. Who may create what it names, has
#   the grant tomorrow, without touching a binding.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2027
#   name: DanglingBinding
#   severity: low
#   scope: cluster
#   kinds: [RoleBinding, ClusterRoleBinding]
#   requires: [Role, ClusterRole, RoleBinding, ClusterRoleBinding, Namespace, ServiceAccount]
#   remediation: >-
#     Delete the binding, or the subject in it; or create what it names.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.dangling

import data.kubemuster.lib.namespaces

violations contains {
	"object": object_of(binding.kind, binding.namespace, binding.name),
	"path": "roleRef",
	"key": "role",
	"message": sprintf("%s %s points to %s %s, which does not exist", [
		binding.kind,
		binding.name,
		binding.role.kind,
		binding.role.name,
	]),
} if {
	some binding in input.inventory.bindings
	not [binding.role.kind, binding.role.namespace, binding.role.name] in roles
	not everywhere(binding.role.kind, binding.role.namespace, binding.role.name)
}

violations contains {
	"object": object_of(binding.kind, binding.namespace, binding.name),
	"path": "subjects",
	"key": sprintf("%s/%s", [subject.namespace, subject.name]),
	"message": sprintf("%s %s names ServiceAccount %s/%s, whose namespace does not exist", [
		binding.kind,
		binding.name,
		subject.namespace,
		subject.name,
	]),
} if {
	input.inventory.declared == false # manifests seldom hold their namespaces
	some binding in input.inventory.bindings
	some subject in binding.subjects
	subject.kind == "ServiceAccount"
	not subject.namespace in {"", "kube-system"}
	not subject.namespace in existing
}

# Those of kube-system are made as they are needed.
violations contains {
	"object": object_of(binding.kind, binding.namespace, binding.name),
	"path": "subjects",
	"key": sprintf("%s/%s", [subject.namespace, subject.name]),
	"message": sprintf("%s %s names ServiceAccount %s/%s, which does not exist", [
		binding.kind,
		binding.name,
		subject.namespace,
		subject.name,
	]),
} if {
	input.inventory.declared == false
	some binding in input.inventory.bindings
	some subject in binding.subjects
	subject.kind == "ServiceAccount"
	subject.namespace != "kube-system"
	subject.namespace in existing
	not [subject.namespace, subject.name] in accounts
}

accounts contains [account.namespace, account.name] if some account in input.inventory.accounts

roles contains [role.kind, role.namespace, role.name] if some role in input.inventory.roles

existing contains namespace.name if some namespace in input.inventory.namespaces

# Every cluster has these, and manifests seldom do.
everywhere("ClusterRole", _, name) if {
	input.inventory.declared
	name in {"cluster-admin", "admin", "edit", "view"}
}

everywhere(_, namespace, name) if {
	input.inventory.declared
	namespace in ({""} | namespaces.system)
	startswith(name, "system:")
}

object_of(kind, namespace, name) := {"kind": kind, "namespace": namespace, "name": name}
