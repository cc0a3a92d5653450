# METADATA
# title: Pod runs as the default service account
# description: >-
#   Every pod that names no service account shares the namespace's default one. What is granted to it for one
#   application is there for all, and an attacker in any of them holds its token.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
#     description: Service accounts for pods
# custom:
#   id: KM3002
#   name: DefaultServiceAccount
#   severity: low
#   scope: cluster
#   kinds: [Workload]
#   requires: [Workload, ServiceAccount]
#   remediation: >-
#     Create a service account for the application and name it in serviceAccountName, or set
#     automountServiceAccountToken to false on the pod or on the default service account.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.5"]
#     cis-eks-1.8: ["4.1.5"]
#     cis-gke-1.9: ["4.1.4"]
#     cis-aks-1.8: ["4.1.5"]
#     nsa-cisa-1.2: [service-account-tokens]
#     mitre-attack-containers: [T1078.001]
#     owasp-kubernetes-2022: [K06]
package kubemuster.checks.identity.default_service_account

violations contains violation if {
	some workload in input.inventory.workloads
	workload.serviceAccount == "default"
	workload.token
	violation := {
		"object": {"kind": workload.kind, "namespace": workload.namespace, "name": workload.name},
		"path": sprintf("%s.serviceAccountName", [workload.path]),
		"message": "the pod runs as the default service account of its namespace and mounts its token",
	}
}
