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
	holds := held(hostpath.clean(mount.opens), mount.writable)
	violation := {
		"path": mount.path,
		"message": sprintf("container %s mounts %s of its node through volume %s: %s", [
			mount.container,
			mount.opens,
			mount.volume,
			concat(", ", holds),
		]),
		"key": mount.volume,
	}
}

# held tells what a mount of the path opens: the root opens all.
held("", _) := {"the whole file system"}

held(path, writable) := what if {
	path != ""
	what := {what |
		some table in tables[writable]
		some sensitive, what in table
		touches(path, sensitive)
	}
	count(what) > 0
}

# The path is the sensitive one, above it or below it.
touches(path, sensitive) if path == sensitive

touches(path, sensitive) if startswith(sensitive, sprintf("%s/", [path]))

touches(path, sensitive) if startswith(path, sprintf("%s/", [sensitive]))

tables := {true: [read, written], false: [read]}

# Reading is enough.
read := {
	"/etc/kubernetes": "keys and manifests of the control plane or the kubelet",
	"/etc/shadow": "password hashes",
	"/etc/ssh": "SSH host keys",
	"/root": "root's own files",
	"/var/lib/etcd": "the data of etcd",
	"/var/lib/kubelet/kubeconfig": "credentials of the kubelet",
	"/var/lib/kubelet/pki": "credentials of the kubelet",
	"/var/lib/kubelet/pods": "tokens and Secrets of the node's pods",
	"/var/lib/rancher/k3s/agent": "credentials of the kubelet",
	"/var/lib/rancher/k3s/server": "keys and data of the control plane",
	"/var/lib/rancher/rke2/agent": "credentials of the kubelet",
	"/var/lib/rancher/rke2/server": "keys and data of the control plane",
}

# Whoever writes there has the node run it.
written := {
	"/bin": "programs that the node runs",
	"/boot": "the kernel that the node starts",
	"/etc/cron.d": "jobs that the node runs",
	"/etc/ld.so.preload": "libraries that each program of the node loads",
	"/etc/passwd": "the users of the node",
	"/etc/systemd": "services that the node runs",
	"/lib": "libraries that the node's programs load",
	"/proc": "settings of the kernel, and programs that it runs",
	"/sbin": "programs that the node runs",
	"/sys/fs/cgroup": "programs that the kernel runs",
	"/sys/kernel/uevent_helper": "programs that the kernel runs",
	"/usr": "programs that the node runs",
	"/var/spool/cron": "jobs that the node runs",
}
