# METADATA
# title: Container has no seccomp profile of the restricted standard
# description: >-
#   Without a seccomp profile every system call of the kernel is open to the container, the rarely used and often flawed
#   ones included. Those are what exploits of the kernel need to leave the container.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, restricted
#   - ref: https://kubernetes.io/docs/tutorials/security/seccomp/
#     description: Restrict system calls with seccomp
# custom:
#   id: KM1025
#   name: SeccompNotSet
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.seccompProfile.type to RuntimeDefault on the pod, or to Localhost with a profile of your own.
#   frameworks:
#     cis-kubernetes-1.12: ["5.6.2", "5.6.3"]
#     cis-gke-1.9: ["4.6.2", "4.6.3"]
#     cis-aks-1.8: ["4.6.2"]
#     pod-security-standards: [seccompProfile_restricted]
#     nsa-cisa-1.2: [sandboxing]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.seccomp

violations contains violation if {
	# The field does not exist for Windows pods.
	not input.workload.spec.os.name == "windows"
	profile := input.workload.spec.securityContext.seccompProfile
	not profile.type == "RuntimeDefault"
	not profile.type == "Localhost"
	violation := {
		"path": sprintf("%s.securityContext.seccompProfile", [input.workload.path]),
		"message": "the pod sets a seccomp profile other than RuntimeDefault and Localhost",
	}
}

violations contains violation if {
	not input.workload.spec.os.name == "windows"
	some container in input.workload.containers
	profile := container.spec.securityContext.seccompProfile
	not profile.type == "RuntimeDefault"
	not profile.type == "Localhost"
	violation := {
		"path": sprintf("%s.securityContext.seccompProfile", [container.path]),
		"message": sprintf("container %s sets a seccomp profile other than RuntimeDefault and Localhost", [container.name]),
	}
}

# Where the pod's own profile is wrong, that is one finding at the pod and not another at each container that inherits it.
violations contains violation if {
	not input.workload.spec.os.name == "windows"
	not input.workload.spec.securityContext.seccompProfile
	some container in input.workload.containers
	not container.spec.securityContext.seccompProfile
	violation := {
		"path": sprintf("%s.securityContext.seccompProfile", [container.path]),
		"message": sprintf("container %s has no seccomp profile: neither it nor the pod sets one", [container.name]),
	}
}
