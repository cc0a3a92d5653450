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
	opens_socket(mount.opens)
	violation := {
		"path": mount.path,
		"message": sprintf("container %s mounts a container runtime socket of its node through volume %s", [
			mount.container,
			mount.volume,
		]),
		"key": mount.volume,
	}
}

opens_socket(path) if {
	some socket in sockets
	hostpath.holds(path, socket)
}

opens_socket(path) if hostpath.base(path) in socket_names

opens_socket(path) if replace(lower(path), "/", `\`) in pipes

# Where runtimes listen by default, so that directories above are known too.
sockets := {
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/cri-dockerd.sock",
	"/run/docker.sock",
	"/run/docker/containerd/containerd.sock",
	"/run/dockershim.sock",
	"/run/host-containerd/containerd.sock", # Bottlerocket's superpowered second runtime
	"/run/k0s/containerd.sock",
	"/run/k3s/containerd/containerd.sock", # k3s and RKE2
	"/run/podman/podman.sock",
}

# A socket of this name is a runtime's wherever it lies, as in /var/snap/microk8s/common/run.
socket_names := {
	"containerd.sock",
	"cri-dockerd.sock",
	"crio.sock",
	"docker.sock",
	"dockershim.sock",
	"podman.sock",
}

pipes := {
	`\\.\pipe\containerd-containerd`,
	`\\.\pipe\docker_engine`,
}
