# METADATA
# title: Container can write to its root file system
# description: >-
#   On a writable root file system an attacker replaces the application's own files, drops tools and keeps them until
#   the container is restarted.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
#     description: Security context of a pod or container
# custom:
#   id: KM1034
#   name: WritableRootFilesystem
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.readOnlyRootFilesystem to true and mount an emptyDir where the application must write.
#   frameworks:
#     cis-kubernetes-1.12: ["5.6.3"]
#     cis-gke-1.9: ["4.6.3"]
#     cis-aks-1.8: ["4.6.2"]
#     nsa-cisa-1.2: [immutable-filesystem]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.root_filesystem

violations contains violation if {
	# The API server refuses the field for Windows pods.
	not input.workload.spec.os.name == "windows"
	some container in input.workload.containers
	not container.spec.securityContext.readOnlyRootFilesystem == true
	violation := {
		"path": sprintf("%s.securityContext.readOnlyRootFilesystem", [container.path]),
		"message": sprintf("container %s can write to its root file system", [container.name]),
	}
}
