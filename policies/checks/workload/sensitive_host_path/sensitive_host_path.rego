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
package kubemuster.checks.workload.sensitive_host_path

import data.kubemuster.lib.components
import data.kubemuster.lib.hostpath
import data.kubemuster.lib.mounts

violations contains violation if {
	some mount in mounts.host
	not components.control_plane_pod # it is made of such paths
	opens := opened(mount.opens, mount.writable)
	violation := {
		"path": mount.path,
		"message": sprintf("container %s mounts %s of its node through volume %s", [
			mount.container,
			concat(", ", opens),
			mount.volume,
		]),
		"key": mount.volume,
	}
}

# opened names what a mount of the path opens: the root stands for all.
opened(path, _) := {"/"} if hostpath.clean(path) == ""

opened(path, writable) := opens if {
	clean := hostpath.clean(path)
	clean != ""
	opens := {sensitive |
		some sensitive in candidates(writable)
		touches(clean, sensitive)
	}
	count(opens) > 0
}

candidates(true) := to_read | to_write

candidates(false) := to_read

# The path is the sensitive one, above it or below it.
touches(path, sensitive) if path == sensitive

touches(path, sensitive) if startswith(sensitive, sprintf("%s/", [path]))

touches(path, sensitive) if startswith(path, sprintf("%s/", [sensitive]))

# Reading them is enough: keys of the control plane and of the kubelet, tokens and Secrets of the node's pods, the data of
# etcd, the administrator's own files.
to_read := {
	"/etc/kubernetes",
	"/etc/shadow",
	"/etc/ssh",
	"/root",
	"/var/lib/etcd",
	"/var/lib/kubelet/config.json",
	"/var/lib/kubelet/kubeconfig",
	"/var/lib/kubelet/pki",
	"/var/lib/kubelet/pods",
	"/var/lib/rancher/k3s/agent",
	"/var/lib/rancher/k3s/server",
	"/var/lib/rancher/rke2/agent",
	"/var/lib/rancher/rke2/server",
}

# Whoever writes there has the node run it, or changes its kernel.
to_write := {
	"/bin",
	"/boot",
	"/etc/cron.d",
	"/etc/ld.so.preload",
	"/etc/passwd",
	"/etc/systemd",
	"/lib",
	"/proc",
	"/sbin",
	"/sys",
	"/usr",
	"/var/spool/cron",
}
