# METADATA
# title: Container requests no resources
# description: >-
#   Without requests the scheduler packs pods onto a node as if they needed nothing, and the kubelet evicts them first.
#   Whoever loads such a node, an attacker too, brings the application down. A workload's template is judged by what it
#   says itself: a LimitRange of its namespace may still give its pods requests.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
#     description: Resources of pods and containers
# custom:
#   id: KM1041
#   name: NoRequests
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set resources.requests.cpu and resources.requests.memory on the container, or on the pod in spec.resources.requests.
#   frameworks:
#     nsa-cisa-1.2: [resource-policies]
#     mitre-attack-containers: [T1499, T1496]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.requests

# Ephemeral containers cannot have resources.
violations contains violation if {
	some container in input.workload.containers
	container.type != "ephemeralContainer"
	missing := [resource |
		some resource in ["cpu", "memory"]
		not resource in of_pod
		not container.spec.resources.requests[resource]
		not container.spec.resources.limits[resource] # a limit is the request too, where none is set
	]
	count(missing) > 0
	violation := {
		"path": sprintf("%s.resources.requests", [container.path]),
		"message": sprintf("container %s requests no %s", [container.name, concat(" and no ", missing)]),
	}
}

of_pod contains resource if some resource, _ in input.workload.spec.resources.requests

of_pod contains resource if some resource, _ in input.workload.spec.resources.limits
