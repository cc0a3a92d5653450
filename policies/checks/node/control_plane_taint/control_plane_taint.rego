# METADATA
# title: Control-plane node takes ordinary pods
# description: >-
#   Nothing keeps pods off the node that holds etcd and the keys of the cluster. One that breaks out of its container
#   there has them all. Clusters of one node have no other place for pods.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/labels-annotations-taints/#node-role-kubernetes-io-control-plane-taint
#     description: The taint of control-plane nodes
# custom:
#   id: KM6008
#   name: UntaintedControlPlane
#   severity: medium
#   scope: object
#   kinds: [Node]
#   remediation: >-
#     Add a worker node and run kubectl taint nodes NAME node-role.kubernetes.io/control-plane=:NoSchedule
#   frameworks:
#     nsa-cisa-1.2: [worker-nodes]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.control_plane_taint

violations contains violation if {
	some label, _ in input.object.metadata.labels
	label in roles
	not input.object.spec.unschedulable
	not tainted
	violation := {
		"path": "spec.taints",
		"message": sprintf("control-plane node %s takes ordinary pods", [input.object.metadata.name]),
	}
}

# Any taint keeps off pods that do not name it.
tainted if {
	some taint in input.object.spec.taints
	taint.effect in {"NoSchedule", "NoExecute"}
	not taint.key in passing
}

roles := {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

# The control plane sets these for as long as a node is in trouble.
passing := {
	"node.kubernetes.io/disk-pressure",
	"node.kubernetes.io/memory-pressure",
	"node.kubernetes.io/network-unavailable",
	"node.kubernetes.io/not-ready",
	"node.kubernetes.io/pid-pressure",
	"node.kubernetes.io/unreachable",
}
