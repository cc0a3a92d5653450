package kubemuster.checks.workload.writable_host_path_test

import data.kubemuster.checks.workload.writable_host_path

test_fails_for_a_writable_mount if {
	writable_host_path.violations == {{
		"path": "spec.containers[0].volumeMounts",
		"message": "container agent can write to /var/log of its node through volume host",
		"key": "host:/var/log",
	}} with input as pod({"path": "/var/log"}, {})
}

test_passes_for_a_read_only_mount if {
	writable_host_path.violations == set() with input as pod({"path": "/var/log"}, {"readOnly": true})
}

test_passes_for_sockets_devices_and_the_lock if {
	writable_host_path.violations == set() with input as pod({"path": "/run/x.sock", "type": "Socket"}, {})
	writable_host_path.violations == set() with input as pod({"path": "/dev/fuse", "type": "CharDevice"}, {})
	writable_host_path.violations == set() with input as pod({"path": "/run/xtables.lock", "type": "FileOrCreate"}, {})
}

test_passes_for_the_control_plane if {
	writable_host_path.violations == set() with input as mirror("registry.k8s.io/etcd:3.6.5-0")
}

test_fails_for_what_only_has_the_name_of_the_control_plane if {
	count(writable_host_path.violations) == 1 with input as mirror("evil/miner:1")
}

mirror(image) := {
	"cluster": {"provider": "kubeconfig"},
	"workload": {
		"path": "spec",
		"namespace": "kube-system",
		"staticPod": "etcd",
		"spec": {"volumes": [{"name": "host", "hostPath": {"path": "/var/lib/etcd"}}]},
		"containers": [{
			"name": "etcd",
			"type": "container",
			"path": "spec.containers[0]",
			"spec": {"image": image, "volumeMounts": [{"name": "host", "mountPath": "/host"}]},
		}],
	},
}

test_passes_for_absent_fields if {
	writable_host_path.violations == set() with input as {"workload": {"spec": {}, "containers": []}}
}

pod(host_path, mount) := {"workload": {
	"path": "spec",
	"spec": {"volumes": [{"name": "host", "hostPath": host_path}]},
	"containers": [{
		"name": "agent",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": {"volumeMounts": [object.union({"name": "host", "mountPath": "/host"}, mount)]},
	}],
}}
