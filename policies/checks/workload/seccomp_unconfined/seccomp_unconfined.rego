# METADATA
# title: Seccomp is switched off
# description: >-
#   Unconfined takes away the runtime's seccomp profile: every system call of the kernel is open to the container, the
#   rarely used and often flawed ones included. Those are what exploits of the kernel need to leave the container.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
#   - ref: https://kubernetes.io/docs/tutorials/security/seccomp/
#     description: Restrict system calls with seccomp
# custom:
#   id: KM1013
#   name: SeccompUnconfined
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.seccompProfile.type to RuntimeDefault, or to Localhost with a profile that allows what the
#     application needs.
#   frameworks:
#     cis-kubernetes-1.12: ["5.6.2"]
#     cis-gke-1.9: ["4.6.2"]
#     pod-security-standards: [seccompProfile_baseline]
#     nsa-cisa-1.2: [sandboxing]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.seccomp_unconfined

violations contains violation if {
	profile := input.workload.spec.securityContext.seccompProfile
	not profile.type in {"RuntimeDefault", "Localhost"}
	violation := {
		"path": sprintf("%s.securityContext.seccompProfile.type", [input.workload.path]),
		"message": sprintf("the pod sets the seccomp profile %s", [named(profile.type)]),
	}
}

violations contains violation if {
	some container in input.workload.containers
	profile := container.spec.securityContext.seccompProfile
	not profile.type in {"RuntimeDefault", "Localhost"}
	violation := {
		"path": sprintf("%s.securityContext.seccompProfile.type", [container.path]),
		"message": sprintf("container %s sets the seccomp profile %s", [container.name, named(profile.type)]),
	}
}

# What is set without a type is refused by the API server, and stands in manifests all the same.
named("") := "without a type"

named(type) := type if type != ""
