# METADATA
# title: Container adds a capability that gives the node away
# description: >-
#   Some capabilities are as good as root on the node: they mount its disks, load code into its kernel, read its memory
#   or files, or rule its network and processes where the pod shares those.
# related_resources:
#   - ref: https://man7.org/linux/man-pages/man7/capabilities.7.html
#     description: Linux capabilities
# custom:
#   id: KM1044
#   name: NodeTakeoverCapability
#   severity: high
#   severities:
#     critical: for what gives the whole node away
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove the capability from securityContext.capabilities.add; where the work needs it, run it in a pod with a user
#     namespace (hostUsers false) or on nodes of its own.
#   frameworks:
#     nsa-cisa-1.2: [capabilities]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.node_capability

# Within a user namespace (hostUsers: false) a capability rules that namespace only.
violations contains violation if {
	not input.workload.spec.hostUsers == false
	some container in input.workload.containers
	some added in container.spec.securityContext.capabilities.add
	capability := trim_prefix(upper(added), "CAP_")
	power := powers[capability]
	violation := {
		"path": sprintf("%s.securityContext.capabilities.add", [container.path]),
		"message": sprintf("container %s adds capability %s, which %s", [container.name, capability, power.does]),
		"key": capability,
		"severity": power.severity,
	}
}

powers[capability] := power if some capability, power in alone

# Without the node's processes or network these two rule the pod's own only.
powers["SYS_PTRACE"] := {"severity": "critical", "does": "takes over processes of the node in a pod that shares them"} if {
	input.workload.spec.hostPID == true
}

powers["NET_ADMIN"] := {"severity": "high", "does": "redirects traffic of the node in a pod that shares its network"} if {
	input.workload.spec.hostNetwork == true
}

alone := {
	"ALL": {"severity": "critical", "does": "grants every capability"},
	"BPF": {"severity": "high", "does": "loads programs into the kernel of the node"},
	"DAC_READ_SEARCH": {"severity": "critical", "does": "opens any file of the node by its handle"},
	"MAC_ADMIN": {"severity": "high", "does": "rewrites the mandatory access control of the node"},
	"MAC_OVERRIDE": {"severity": "high", "does": "overrides the mandatory access control of the node"},
	"PERFMON": {"severity": "high", "does": "reads what the kernel of the node does for other pods"},
	"SYS_ADMIN": {"severity": "critical", "does": "mounts the disks of the node and enters its namespaces"},
	"SYS_BOOT": {"severity": "high", "does": "restarts the node or loads another kernel"},
	"SYS_MODULE": {"severity": "critical", "does": "loads modules into the kernel of the node"},
	"SYS_RAWIO": {"severity": "critical", "does": "reads and writes the memory and ports of the node"},
}
