# METADATA
# title: Grant uses wildcards
# description: >-
#   A wildcard grants more than anyone meant: every verb includes escalate, bind and impersonate, every resource
#   includes Secrets and those that are yet to be invented. An attacker with the subject's token finds the one that
#   matters.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
#     description: RBAC good practices
# custom:
#   id: KM2003
#   name: WildcardRole
#   severity: medium
#   scope: cluster
#   kinds: [RoleBinding, ClusterRoleBinding]
#   requires: [Role, ClusterRole, RoleBinding, ClusterRoleBinding]
#   remediation: >-
#     List the API groups, resources and verbs that the subjects use in the rules of the role.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.3"]
#     cis-eks-1.8: ["4.1.3"]
#     cis-gke-1.9: ["4.1.3"]
#     cis-aks-1.8: ["4.1.3"]
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.wildcard

violations contains violation if {
	some binding in input.inventory.bindings
	binding.subjects[0]
	fields := wildcards[binding.role.kind][binding.role.namespace][binding.role.name]
	not is_cluster_admin(binding.kind, binding.role.kind, binding.role.name)
	not [binding.kind, binding.namespace, binding.name] in kubernetes_own
	violation := {
		"object": {"kind": binding.kind, "namespace": binding.namespace, "name": binding.name},
		"path": "roleRef",
		"message": sprintf("%s %s grants %s %s, which uses * in %s", [
			binding.kind,
			binding.name,
			binding.role.kind,
			binding.role.name,
			concat(" and ", sort(fields)),
		]),
	}
}

wildcards[role.kind][role.namespace][role.name] contains "API groups" if {
	some role in input.inventory.roles
	some rule in role.rules
	"*" in rule.apiGroups
}

wildcards[role.kind][role.namespace][role.name] contains "resources" if {
	some role in input.inventory.roles
	some rule in role.rules
	"*" in rule.resources
}

wildcards[role.kind][role.namespace][role.name] contains "verbs" if {
	some role in input.inventory.roles
	some rule in role.rules
	"*" in rule.verbs
}

# That grant is KM2001's. A RoleBinding to cluster-admin gives a namespace away and stays here.
is_cluster_admin("ClusterRoleBinding", "ClusterRole", "cluster-admin") := true

# What the API server grants its own components, when the role is the one of that name and nobody else is a subject.
kubernetes_own contains [binding.kind, binding.namespace, binding.name] if {
	some binding in input.inventory.bindings
	binding.kind == "ClusterRoleBinding"
	component := components[binding.name]
	binding.role.kind == "ClusterRole"
	binding.role.name == binding.name
	{[subject.kind, subject.namespace, subject.name] | some subject in binding.subjects} == {component}
}

# Exactly those of the default bindings whose role has a wildcard.
components := {
	"system:controller:disruption-controller": ["ServiceAccount", "kube-system", "disruption-controller"],
	"system:controller:generic-garbage-collector": ["ServiceAccount", "kube-system", "generic-garbage-collector"],
	"system:controller:horizontal-pod-autoscaler": ["ServiceAccount", "kube-system", "horizontal-pod-autoscaler"],
	"system:controller:namespace-controller": ["ServiceAccount", "kube-system", "namespace-controller"],
	"system:controller:resourcequota-controller": ["ServiceAccount", "kube-system", "resourcequota-controller"],
	"system:controller:storage-version-migrator-controller": [
		"ServiceAccount",
		"kube-system",
		"storage-version-migrator-controller",
	],
	"system:kube-controller-manager": ["User", "", "system:kube-controller-manager"],
}
