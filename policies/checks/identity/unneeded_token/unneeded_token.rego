# METADATA
# title: Token is mounted that permits nothing
# description: >-
#   The pod finds a token for a service account to which RBAC grants nothing. An attacker in the pod reaches the API
#   server with it all the same: to learn the cluster's version and APIs, to try flaws, and to use what somebody grants
#   the service account later. Only RBAC is looked at: what a cloud grants by other ways is not seen.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting
#     description: Opt out of tokens
# custom:
#   id: KM3001
#   name: UnneededToken
#   severity: low
#   scope: cluster
#   kinds: [Workload]
#   requires: [Workload, ServiceAccount, RoleBinding, ClusterRoleBinding]
#   needs: [cluster]
#   remediation: >-
#     Set automountServiceAccountToken to false on the pod or on its service account.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.6"]
#     cis-eks-1.8: ["4.1.6"]
#     cis-gke-1.9: ["4.1.5"]
#     cis-aks-1.8: ["4.1.6"]
#     nsa-cisa-1.2: [service-account-tokens]
#     mitre-attack-containers: [T1528]
#     owasp-kubernetes-2022: [K06]
package kubemuster.checks.identity.unneeded_token

violations contains violation if {
	some workload in input.inventory.workloads
	workload.token
	account := workload.serviceAccount
	account != "default" # KM3002 tells of these, and the fix is the same
	not granted[workload.namespace][account]
	not to_all
	not to_all_in[workload.namespace]
	violation := {
		"object": {"kind": workload.kind, "namespace": workload.namespace, "name": workload.name},
		"path": sprintf("%s.automountServiceAccountToken", [workload.path]),
		"message": sprintf("the pod mounts a token of service account %s, to which RBAC grants nothing", [account]),
	}
}

granted[subject.namespace][subject.name] if {
	some binding in input.inventory.bindings
	some subject in binding.subjects
	subject.kind == "ServiceAccount"
}

granted[namespace][name] if {
	some binding in input.inventory.bindings
	some subject in binding.subjects
	subject.kind == "User"
	["system", "serviceaccount", namespace, name] = split(subject.name, ":")
}

to_all if {
	some binding in input.inventory.bindings
	some subject in binding.subjects
	subject.kind == "Group"
	subject.name in {"system:authenticated", "system:serviceaccounts"}
	not own(binding.kind, binding.name, binding.role.name)
}

to_all_in[namespace] := true if {
	some binding in input.inventory.bindings
	some subject in binding.subjects
	subject.kind == "Group"
	["system", "serviceaccounts", namespace] = split(subject.name, ":")
}

own("ClusterRoleBinding", name, name) if name in everyone

# What the API server grants everyone, by bindings of the same names: to ask who one is, and which APIs there are.
everyone := {
	"system:basic-user",
	"system:discovery",
	"system:public-info-viewer",
	"system:service-account-issuer-discovery",
}
