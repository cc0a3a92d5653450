# METADATA
# title: Container may run as root
# description: >-
#   Nothing keeps the image from running as root. Root of a container is the node's root behind namespaces and dropped
#   capabilities: a flaw in the kernel, the runtime or a mount is enough to get out.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, restricted
# custom:
#   id: KM1023
#   name: MayRunAsRoot
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.runAsNonRoot to true on the pod, do not set it to false on any container, and run an image
#     with a non-root user; or give the pod a user namespace with hostUsers false.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.7", "5.6.3"]
#     cis-gke-1.9: ["4.6.3"]
#     cis-aks-1.8: ["4.6.2"]
#     pod-security-standards: [runAsNonRoot]
#     nsa-cisa-1.2: [non-root]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.run_as_non_root

# In a user namespace (hostUsers: false) root of the container is nobody on the node: the standard asks nothing then.
violations contains violation if {
	not input.workload.spec.hostUsers == false
	input.workload.spec.securityContext.runAsNonRoot == false
	violation := {
		"path": sprintf("%s.securityContext.runAsNonRoot", [input.workload.path]),
		"message": "the pod sets runAsNonRoot to false",
	}
}

violations contains violation if {
	not input.workload.spec.hostUsers == false
	some container in input.workload.containers
	container.spec.securityContext.runAsNonRoot == false
	violation := {
		"path": sprintf("%s.securityContext.runAsNonRoot", [container.path]),
		"message": sprintf("container %s sets runAsNonRoot to false", [container.name]),
	}
}

# Where the pod says false, that is one finding at the pod and not another at each container that inherits it.
violations contains violation if {
	not input.workload.spec.hostUsers == false
	not input.workload.spec.securityContext.runAsNonRoot == true
	not input.workload.spec.securityContext.runAsNonRoot == false
	some container in input.workload.containers
	not container.spec.securityContext.runAsNonRoot == true
	not container.spec.securityContext.runAsNonRoot == false
	violation := {
		"path": sprintf("%s.securityContext.runAsNonRoot", [container.path]),
		"message": sprintf("container %s may run as root: neither it nor the pod sets runAsNonRoot", [container.name]),
	}
}
