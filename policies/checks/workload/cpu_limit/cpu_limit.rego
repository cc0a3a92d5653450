# METADATA
# title: Container has no CPU limit
# description: >-
#   A container without a CPU limit takes what is idle on its node: an attacker mines there, and a loop slows down what has
#   requested less than it needs. Many leave the limit out on purpose, since it also throttles. A workload's template is
#   judged by what it says itself: a LimitRange of its namespace may still give its pods a limit.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
#     description: Resources of pods and containers
# custom:
#   id: KM1039
#   name: NoCPULimit
#   severity: info
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set resources.limits.cpu on the container, or on the pod in spec.resources.limits.
#   frameworks:
#     nsa-cisa-1.2: [resource-policies]
#     mitre-attack-containers: [T1499, T1496]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.cpu_limit

# Ephemeral containers cannot have resources.
violations contains violation if {
	not pod_limited
	some container in input.workload.containers
	container.type != "ephemeralContainer"
	count({limit | limit := container.spec.resources.limits.cpu; limit != "0"}) == 0
	violation := {
		"path": sprintf("%s.resources.limits.cpu", [container.path]),
		"message": sprintf("container %s has no CPU limit", [container.name]),
	}
}

# A limit of 0 means none.
pod_limited if input.workload.spec.resources.limits.cpu != "0"
