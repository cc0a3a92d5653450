package kubemuster.checks.workload.sensitive_host_path_test

import data.kubemuster.checks.workload.sensitive_host_path
import data.kubemuster.lib.hostpath

test_fails_for_the_root if {
	sensitive_host_path.violations == {violation("/", "the whole file system")} with input as pod("/", true)
}

test_fails_for_paths_at_above_and_below if {
	keys := "keys and manifests of the control plane or the kubelet"
	sensitive_host_path.violations == {violation("/etc/kubernetes", keys)} with input as pod("/etc/kubernetes", true)
	every path in ["/etc/rancher/k3s", "/var/snap/microk8s/current/credentials/admin.config"] {
		sensitive_host_path.violations == {violation(path, "credentials of the cluster's administrators")} with input as pod(path, true)
	}
	sensitive_host_path.violations == {violation("/var/lib/k0s/pki", "keys of the control plane")} with input as pod("/var/lib/k0s/pki", true)
	sensitive_host_path.violations == {violation("/etc/kubernetes/pki/", keys)} with input as pod("/etc/kubernetes/pki/", true)
	sensitive_host_path.violations == {violation(
		"/etc",
		"SSH host keys, credentials of the cluster's administrators, keys and manifests of the control plane or the kubelet, password hashes",
	)} with input as pod("/etc", true)
}

test_fails_for_what_the_node_runs_where_it_can_be_written if {
	sensitive_host_path.violations == {violation(
		"/usr/local/bin",
		"programs that the node runs",
	)} with input as pod("/usr/local/bin", false)
	sensitive_host_path.violations == {violation(
		"/sys",
		"programs that the kernel runs",
	)} with input as pod("/sys", false)
}

test_passes_for_what_the_node_runs_where_it_is_read_only if {
	sensitive_host_path.violations == set() with input as pod("/sys", true)
	sensitive_host_path.violations == set() with input as pod("/lib/modules", true)
}

test_weighs_processes_that_are_read_less if {
	sensitive_host_path.violations == {object.union(
		violation("/proc", "environments and files of other pods' processes"),
		{"severity": "medium"},
	)} with input as pod("/proc", true)
}

test_passes_for_the_folders_of_plugins_in_network_agents if {
	every path in ["/opt/cni/bin", "/etc/cni/net.d"] {
		mount := pod(path, false)
		count(sensitive_host_path.violations) == 1 with input as mount
		sensitive_host_path.violations == set() with input as object.union(mount, {"workload": {
			"kind": "DaemonSet",
			"namespace": "kube-system",
			"name": "agent",
		}})
			with data.kubemuster.lib.components.own as true
	}
}

test_passes_for_other_paths if {
	sensitive_host_path.violations == set() with input as pod("/sys/fs/bpf", false)
	every path in ["/var/log", "/etc/localtime", "/var/lib/kubelet/plugins/driver", "/etc/kubernetes2", "/rootless"] {
		sensitive_host_path.violations == set() with input as pod(path, true)
	}
}

test_passes_for_the_control_plane if {
	mirror := of_image(pod("/etc/kubernetes/pki", true), "registry.k8s.io/kube-apiserver:v1.37.2")
	sensitive_host_path.violations == set() with input as mirror
	sensitive_host_path.violations == {of_pki} with input as object.union(
		mirror,
		{"workload": {"staticPod": "agent"}},
	)
	sensitive_host_path.violations == {of_pki} with input as object.union(
		mirror,
		{"workload": {"namespace": "shop"}},
	)
	sensitive_host_path.violations == {of_pki} with input as of_image(mirror, "evil/miner:1")
}

of_image(of, image) := object.union(of, {"cluster": {"provider": "kubeconfig"}, "workload": {
	"namespace": "kube-system",
	"staticPod": "kube-apiserver",
	"containers": [{
		"name": container.name,
		"type": container.type,
		"path": container.path,
		"spec": object.union(container.spec, {"image": image}),
	} |
		some container in of.workload.containers
	],
}})

test_fails_for_the_root_of_a_process if {
	every opens in ["/proc/1/root", "/proc/self/root/", "/proc/1/task/1/cwd", "/proc/1/root/proc/1/root"] {
		sensitive_host_path.violations == {violation(opens, "the whole file system")} with input as pod(opens, true)
	}
	sensitive_host_path.violations == {violation("/proc/1/root/etc/kubernetes/pki", "keys and manifests of the control plane or the kubelet")} with input as pod("/proc/1/root/etc/kubernetes/pki", true)
}

test_passes_for_absent_fields if {
	sensitive_host_path.violations == set() with input as {"workload": {"spec": {}, "containers": []}}
}

of_pki := violation("/etc/kubernetes/pki", "keys and manifests of the control plane or the kubelet")

violation(opens, holds) := {
	"path": "spec.containers[0].volumeMounts",
	"message": sprintf("container agent mounts %s of its node through volume host: %s", [opens, holds]),
	"key": sprintf("host:%s", [hostpath.clean(opens)]),
}

pod(path, read_only) := {"workload": {
	"path": "spec",
	"spec": {"volumes": [{"name": "host", "hostPath": {"path": path}}]},
	"containers": [{
		"name": "agent",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": {"volumeMounts": [{"name": "host", "mountPath": "/host", "readOnly": read_only}]},
	}],
}}
