# METADATA
# title: Container has no memory limit
# description: >-
#   A container without a memory limit can take the memory of its whole node. An attacker, or a leak, brings down the
#   pods beside it and may get the kubelet to evict them. A workload's template is judged by what it says itself: a
#   LimitRange of its namespace may still give its pods a limit.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
#     description: Resources of pods and containers
# custom:
#   id: KM1040
#   name: NoMemoryLimit
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set resources.limits.memory on the container, or on the pod in spec.resources.limits.
#   frameworks:
#     nsa-cisa-1.2: [resource-policies]
#     mitre-attack-containers: [T1499, T1496]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.memory_limit

# Ephemeral containers cannot have resources. A LimitRange gives its default to pods only, and pods are judged where no
# template is: there the limit is seen.
violations contains violation if {
	not pod_limited
	some container in input.workload.containers
	container.type != "ephemeralContainer"
	count({limit | limit := container.spec.resources.limits.memory; limit != "0"}) == 0
	violation := {
		"path": sprintf("%s.resources.limits.memory", [container.path]),
		"message": sprintf("container %s has no memory limit", [container.name]),
	}
}

# A limit of 0 means none.
pod_limited if input.workload.spec.resources.limits.memory != "0"
