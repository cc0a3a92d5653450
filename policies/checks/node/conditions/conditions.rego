# METADATA
# title: Node is not ready or under pressure
# description: >-
#   A node that is not ready runs its pods without the control plane, so that neither evictions nor fixes reach them.
#   Pressure evicts pods, agents that watch for attacks among them; an attacker may be its cause.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/node/node-status/#condition
#     description: Conditions of a node
# custom:
#   id: KM6003
#   name: NodeConditions
#   severity: info
#   scope: object
#   kinds: [Node]
#   remediation: >-
#     Look at kubectl describe node and the kubelet's log, and repair or replace the node.
#   frameworks:
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.conditions

violations contains violation if {
	some condition in input.object.status.conditions
	healthy := expected[condition.type]
	condition.status != healthy
	violation := {
		"path": "status.conditions",
		"key": condition.type,
		"message": sprintf("node %s has the condition %s=%s", [
			input.object.metadata.name,
			condition.type,
			condition.status,
		]),
	}
}

expected := {
	"Ready": "True",
	"DiskPressure": "False",
	"MemoryPressure": "False",
	"NetworkUnavailable": "False",
	"PIDPressure": "False",
}
