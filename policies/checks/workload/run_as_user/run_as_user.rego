# METADATA
# title: Container is told to run as root
# description: >-
#   runAsUser 0 makes the process root whatever the image says. Root of a container is the node's root behind namespaces
#   and dropped capabilities: a flaw in the kernel, the runtime or a mount is enough to get out.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, restricted
# custom:
#   id: KM1024
#   name: RunsAsUserZero
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.runAsUser to a number other than 0, or remove it and let the image name a non-root user; or
#     give the pod a user namespace with hostUsers false.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.7", "5.6.3"]
#     cis-gke-1.9: ["4.6.3"]
#     cis-aks-1.8: ["4.6.2"]
#     pod-security-standards: [runAsUser]
#     nsa-cisa-1.2: [non-root]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.run_as_user

# In a user namespace (hostUsers: false) root of the container is nobody on the node: the standard asks nothing then.
violations contains violation if {
	not input.workload.spec.hostUsers == false
	input.workload.spec.securityContext.runAsUser == 0
	violation := {
		"path": sprintf("%s.securityContext.runAsUser", [input.workload.path]),
		"message": "the pod sets runAsUser to 0",
	}
}

violations contains violation if {
	not input.workload.spec.hostUsers == false
	some container in input.workload.containers
	container.spec.securityContext.runAsUser == 0
	violation := {
		"path": sprintf("%s.securityContext.runAsUser", [container.path]),
		"message": sprintf("container %s sets runAsUser to 0", [container.name]),
	}
}
