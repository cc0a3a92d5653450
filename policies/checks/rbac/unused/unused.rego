# METADATA
# title: A role is bound to nobody
# description: >-
#   A role that nobody holds is a grant that waits: who may write a binding finds it ready, and nobody has looked
#   at its rules for long.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2028
#   name: UnusedRole
#   severity: info
#   scope: cluster
#   kinds: [Role, ClusterRole]
#   requires: [Role, ClusterRole, RoleBinding, ClusterRoleBinding]
#   remediation: >-
#     Delete the role, or bind it.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.unused

import data.kubemuster.lib.namespaces

violations contains {
	"object": {"kind": role.kind, "namespace": role.namespace, "name": role.name},
	"path": "metadata.name",
	"message": sprintf("%s %s is bound to nobody", [role.kind, role.name]),
} if {
	some role in input.inventory.roles
	not [role.kind, role.namespace, role.name] in bound
	not [role.kind, role.namespace, role.name] in aggregated
	not kubernetes_own(role.namespace, role.name)
}

bound contains [binding.role.kind, binding.role.namespace, binding.role.name] if some binding in input.inventory.bindings

# It is a part of another role.
aggregated contains [role.kind, role.namespace, role.name] if {
	some role in input.inventory.roles
	role.kind == "ClusterRole"
	role.name in input.inventory.gathered
}

# Such labels are how roles are gathered by what manifests may not hold.
aggregated contains [role.kind, role.namespace, role.name] if {
	some role in input.inventory.roles
	some label, _ in role.labels
	contains(label, "/aggregate-to-")
}

# Kubernetes makes them for whoever wants to bind them.
kubernetes_own("", name) if name in {"cluster-admin", "admin", "edit", "view"}

kubernetes_own(namespace, name) if {
	namespace in ({""} | namespaces.system)
	startswith(name, "system:")
}
