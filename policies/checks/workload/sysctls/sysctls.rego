# METADATA
# title: Pod sets a sysctl that is not safe
# description: >-
#   Sysctls outside the safe set may reach beyond the pod: some take memory of the node without bounds or weaken how its
#   kernel handles traffic, and Kubernetes does not promise that they stay within the pod's namespaces.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
#   - ref: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
#     description: Safe and unsafe sysctls
# custom:
#   id: KM1014
#   name: UnsafeSysctls
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove the sysctl from securityContext.sysctls of the pod. Where it is needed, allow it on nodes of the workload's own
#     alone (the kubelet's allowedUnsafeSysctls, with a taint), since every pod there may then set it.
#   frameworks:
#     pod-security-standards: [sysctls]
#     nsa-cisa-1.2: [sandboxing]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.sysctls

violations contains violation if {
	some sysctl in input.workload.spec.securityContext.sysctls
	not sysctl.name in safe
	violation := {
		"path": sprintf("%s.securityContext.sysctls", [input.workload.path]),
		"message": sprintf("the pod sets sysctl %s", [sysctl.name]),
		"key": sysctl.name,
	}
}

# As of Kubernetes 1.37.
safe := {
	"kernel.shm_rmid_forced",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ping_group_range",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_notsent_lowat",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_slow_start_after_idle",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_wmem",
}
