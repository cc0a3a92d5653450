# METADATA
# title: AppArmor is switched off
# description: >-
#   The runtime's AppArmor profile keeps a container from mounting, from writing to /proc and /sys, and from tracing. Without it
#   an attacker needs one flaw less to leave the container.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
#   - ref: https://kubernetes.io/docs/tutorials/security/apparmor/
#     description: Restrict a container's access with AppArmor
# custom:
#   id: KM1010
#   name: AppArmorOff
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set securityContext.appArmorProfile.type to RuntimeDefault, or to Localhost with a profile of your own, and remove
#     annotations below container.apparmor.security.beta.kubernetes.io.
#   frameworks:
#     pod-security-standards: [appArmorProfile]
#     nsa-cisa-1.2: [sandboxing]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.apparmor

violations contains violation if {
	profile := input.workload.spec.securityContext.appArmorProfile
	not profile.type in allowed
	violation := {
		"path": sprintf("%s.securityContext.appArmorProfile.type", [input.workload.path]),
		"message": sprintf("the pod sets the AppArmor profile %s", [named(profile.type)]),
	}
}

violations contains violation if {
	some container in input.workload.containers
	profile := container.spec.securityContext.appArmorProfile
	not profile.type in allowed
	violation := {
		"path": sprintf("%s.securityContext.appArmorProfile.type", [container.path]),
		"message": sprintf("container %s sets the AppArmor profile %s", [container.name, named(profile.type)]),
	}
}

# The API server copies annotations of pods to the field: then that says it.
violations contains violation if {
	some annotation, profile in input.workload.metadata.annotations
	startswith(annotation, prefix)
	not profile in {"", "runtime/default"}
	not startswith(profile, "localhost/")
	name := trim_prefix(annotation, prefix)
	not name in told
	violation := {
		"path": sprintf(`%smetadata.annotations["%s"]`, [trim_suffix(input.workload.path, "spec"), annotation]),
		"message": sprintf("an annotation sets the AppArmor profile %s for container %s", [profile, name]),
		"key": name,
	}
}

told contains container.name if {
	some container in input.workload.containers
	profile := container.spec.securityContext.appArmorProfile
	not profile.type in allowed
}

allowed := {"RuntimeDefault", "Localhost"}

prefix := "container.apparmor.security.beta.kubernetes.io/"

# What is set without a type is refused by the API server, and stands in manifests all the same.
named("") := "without a type"

named(type) := type if type != ""
