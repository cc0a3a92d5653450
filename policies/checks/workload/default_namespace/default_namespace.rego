# METADATA
# title: Workload runs in the default namespace
# description: >-
#   Roles, network policies, quotas and Pod Security are set by namespace. What runs in default runs beside everything else that
#   nobody placed, with whatever was granted there for another application.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
#     description: Namespaces
# custom:
#   id: KM1046
#   name: DefaultNamespace
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set metadata.namespace to a namespace of the application's own.
#   frameworks:
#     cis-kubernetes-1.12: ["5.6.4"]
#     cis-eks-1.8: ["4.5.2"]
#     cis-gke-1.9: ["4.6.4"]
#     cis-aks-1.8: ["4.6.3"]
#     nsa-cisa-1.2: [namespaces]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.default_namespace

# A manifest without a namespace goes wherever it is applied to.
violations contains violation if {
	input.workload.namespace == "default"
	violation := {
		"path": "metadata.namespace",
		"message": "the workload runs in the default namespace",
	}
}
