# METADATA
# title: Path of the node is mounted writable
# description: >-
#   An attacker in the container changes the node's files: those that other pods and the node itself read, or links that
#   lead the kubelet astray. What they leave there outlives the pod.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
#     description: hostPath volumes and their risks
# custom:
#   id: KM1033
#   name: WritableHostPath
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Set readOnly to true on the mount in volumeMounts, or keep the data in a PersistentVolumeClaim or an emptyDir.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.11"]
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.writable_host_path

import data.kubemuster.lib.components
import data.kubemuster.lib.hostpath
import data.kubemuster.lib.mounts

# A socket or a device is opened, not written: readOnly changes nothing there.
violations contains violation if {
	some mount in mounts.host
	mount.writable
	mount.files
	hostpath.clean(mount.opens) != lock_of_iptables
	not components.control_plane_pod # it keeps its data on the node
	violation := {
		"path": mount.path,
		"message": sprintf("container %s can write to %s of its node through volume %s", [
			mount.container,
			mount.opens,
			mount.volume,
		]),
		"key": sprintf("%s:%s", [mount.volume, hostpath.clean(mount.opens)]),
	}
}

# An empty file that those lock who change the node's packet filter, as kube-proxy does.
lock_of_iptables := "/run/xtables.lock"
