# METADATA
# title: Workload may run on control-plane nodes
# description: >-
#   Control-plane nodes hold the keys of the cluster and the data of etcd. Whoever leaves a container there owns the
#   cluster, and not just a node.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
#     description: Taints and tolerations
# custom:
#   id: KM1052
#   name: ControlPlaneNode
#   severity: medium
#   severities:
#     low: for a DaemonSet, which is meant for every node
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove the toleration of node-role.kubernetes.io/control-plane from tolerations, name the keys of the taints that
#     are meant where all are tolerated, and remove the role from nodeSelector and nodeAffinity.
#   frameworks:
#     nsa-cisa-1.2: [worker-nodes]
#     mitre-attack-containers: [T1610]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.control_plane_node

import data.kubemuster.lib.namespaces

# What belongs to kube-system belongs on these nodes too; KM1047 tells of what does not belong there.
violations contains violation if {
	tolerates_control_plane
	not input.workload.namespace in namespaces.system
	violation := {
		"path": sprintf("%s.tolerations", [input.workload.path]),
		"message": "the workload tolerates the taint of control-plane nodes",
		"key": "tolerations",
	}
}

violations contains violation if {
	tolerates_all
	not tolerates_control_plane
	not input.workload.namespace in namespaces.system
	violation := {
		"path": sprintf("%s.tolerations", [input.workload.path]),
		"message": "the workload tolerates every taint, that of control-plane nodes too",
		"key": "tolerations",
		"severity": severity,
	}
}

violations contains violation if {
	some label, _ in input.workload.spec.nodeSelector
	label in roles
	not input.workload.namespace in namespaces.system
	violation := {
		"path": sprintf("%s.nodeSelector", [input.workload.path]),
		"message": "the workload is pinned to control-plane nodes",
		"key": "nodeSelector",
	}
}

violations contains violation if {
	required := input.workload.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
	some term in required.nodeSelectorTerms
	some expression in term.matchExpressions
	expression.key in roles
	expression.operator in {"Exists", "In"}
	not input.workload.namespace in namespaces.system
	violation := {
		"path": sprintf("%s.affinity.nodeAffinity", [input.workload.path]),
		"message": "the workload is pinned to control-plane nodes",
		"key": "nodeAffinity",
	}
}

# A name is all that is seen of the node here.
violations contains violation if {
	required := input.workload.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
	some term in required.nodeSelectorTerms
	some field in term.matchFields
	field.key == "metadata.name"
	field.operator == "In"
	some node in field.values
	regex.match(`(^|[-.])(control-?plane|master)[-.]?\d*([-.]|$)`, node)
	not input.workload.namespace in namespaces.system
	violation := {
		"path": sprintf("%s.affinity.nodeAffinity", [input.workload.path]),
		"message": sprintf("the workload is pinned to node %s, which has the name of a control-plane node", [node]),
		"key": sprintf("node %s", [node]),
	}
}

# The taint has the effect NoSchedule and no value.
tolerates_control_plane if {
	some toleration in input.workload.spec.tolerations
	toleration.key in roles
	not toleration.value
	not toleration.effect == "NoExecute"
	not toleration.effect == "PreferNoSchedule"
}

# A toleration without a key is one of every taint.
tolerates_all if {
	some toleration in input.workload.spec.tolerations
	not toleration.key
	toleration.operator == "Exists"
	not toleration.effect == "NoExecute"
	not toleration.effect == "PreferNoSchedule"
}

# Agents that look after every node tolerate every taint: there it weighs less.
default severity := "medium"

severity := "low" if input.workload.kind == "DaemonSet"

roles := {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
