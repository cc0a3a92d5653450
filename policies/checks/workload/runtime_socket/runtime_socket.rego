# METADATA
# title: Container runtime socket is mounted
# description: >-
#   Whoever can talk to the container runtime starts a privileged container with the node's file system mounted, past
#   every admission control, and owns the node. A read-only mount does not help: connecting to a socket needs no write
#   to the file system.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
#     description: hostPath volumes and their risks
# custom:
#   id: KM1031
#   name: RuntimeSocketMounted
#   severity: critical
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove the mount; build images with a daemonless builder and read container data from the kubelet or the API
#     server instead.
#   frameworks:
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1609, T1611, T1612]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.runtime_socket

import data.kubemuster.lib.hostpath
import data.kubemuster.lib.mounts

violations contains violation if {
	some mount in mounts.host
	hostpath.opens_socket(mount.opens)
	violation := {
		"path": mount.path,
		"message": sprintf("container %s mounts a container runtime socket of its node through volume %s", [
			mount.container,
			mount.volume,
		]),
		"key": mount.volume,
	}
}
