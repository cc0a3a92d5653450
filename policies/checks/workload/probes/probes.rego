# METADATA
# title: Container has no probes
# description: >-
#   Without a probe Kubernetes takes any running process for a healthy one. A container that hangs, after an attack or by
#   itself, keeps getting traffic and is never restarted.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/
#     description: Liveness, readiness and startup probes
# custom:
#   id: KM1042
#   name: NoProbes
#   severity: info
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set readinessProbe on the container, and livenessProbe where a restart helps.
#   frameworks:
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.probes

# What runs to its end, as Jobs do, is watched by its end.
violations contains violation if {
	not input.workload.spec.restartPolicy == "Never"
	not input.workload.spec.restartPolicy == "OnFailure"
	some container in input.workload.containers
	container.type == "container"
	not container.spec.readinessProbe
	not container.spec.livenessProbe
	violation := {
		"path": sprintf("%s.readinessProbe", [container.path]),
		"message": sprintf("container %s has neither a readiness nor a liveness probe", [container.name]),
	}
}
