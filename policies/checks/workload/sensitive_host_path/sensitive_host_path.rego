# METADATA
# title: Sensitive path of the node is mounted
# description: >-
#   The mounted path holds the node's credentials, those of its pods or of the control plane, or files that the node runs as
#   root. Whoever runs code in the container takes the node over with it, and often the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
#     description: hostPath volumes and their risks
# custom:
#   id: KM1032
#   name: SensitiveHostPath
#   severity: critical
#   severities:
#     medium: for /proc that is mounted for reading
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove the mount from volumeMounts, or mount the one file or folder below it that the container reads, with readOnly
#     true.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.11"]
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1611, T1552.001]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.sensitive_host_path

import data.kubemuster.lib.components
import data.kubemuster.lib.hostpath
import data.kubemuster.lib.mounts

violations contains violation if {
	some mount in mounts.host
	not components.control_plane_pod # it is made of such paths
	not of_network_agent(hostpath.clean(mount.opens))
	holds := hostpath.held(hostpath.clean(mount.opens), mount.writable)
	violation := {
		"path": mount.path,
		"message": sprintf("container %s mounts %s of its node through volume %s: %s", [
			mount.container,
			mount.opens,
			mount.volume,
			concat(", ", holds),
		]),
		"key": sprintf("%s:%s", [mount.volume, hostpath.clean(mount.opens)]),
	}
}

# Agents read it to count processes. Other pods' processes of the same user show what is theirs.
violations contains violation if {
	some mount in mounts.host
	not mount.writable
	regex.match(`^/proc(/\d+)?$`, hostpath.clean(mount.opens))
	violation := {
		"path": mount.path,
		"message": sprintf("container %s mounts %s of its node through volume %s: environments and files of other pods' processes", [
			mount.container,
			mount.opens,
			mount.volume,
		]),
		"key": sprintf("%s:%s", [mount.volume, hostpath.clean(mount.opens)]),
		"severity": "medium",
	}
}

# Those that Kubernetes is run with put their programs there, and the runtime calls them.
of_network_agent(path) if {
	path in {"/etc/cni/net.d", "/opt/cni/bin"}
	input.workload.kind == "DaemonSet"
	components.own
}
