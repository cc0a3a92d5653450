package kubemuster.checks.workload.runtime_socket_test

import data.kubemuster.checks.workload.runtime_socket

test_fails_for_sockets_and_directories_above_them if {
	failing := {path | some path in paths; runtime_socket.violations == {found} with input as mounted(path)}
	failing == {
		"/",
		"/run",
		"/var/run/",
		"/var/run/docker.sock",
		"//run/./docker.sock",
		"/run/containerd",
		"/run/containerd/containerd.sock",
		"/run/crio/crio.sock",
		"/run/k3s",
		"/run/user/1000/podman/podman.sock",
		"/var/snap/microk8s/common/run/containerd.sock",
		`\\.\pipe\docker_engine`,
		"//./pipe/containerd-containerd",
	}
}

test_passes_for_other_paths if {
	passing := {path | some path in paths; runtime_socket.violations == set() with input as mounted(path)}
	passing == {
		"/var",
		"/etc",
		"/run/xtables.lock",
		"/run/containerd/io.containerd.runtime.v2.task",
		"/run/containers",
		"/var/run/secrets/docker.sock.d",
		`c:\logs`,
	}
}

test_fails_at_each_container_that_mounts_the_volume if {
	runtime_socket.violations == {
		found,
		{
			"path": "spec.initContainers[0].volumeMounts",
			"message": "container setup mounts a container runtime socket of its node through volume host",
			"key": "host",
		},
	} with input as pod("/run/docker.sock", [{"name": "host", "mountPath": "/s", "readOnly": true}], [
		{"name": "tmp", "mountPath": "/tmp"},
		{"name": "host", "mountPath": "/s"},
		{"name": "host", "mountPath": "/t"},
	])
}

test_follows_the_sub_path if {
	runtime_socket.violations == set() with input as pod("/run", [{"name": "host", "subPath": "udev"}], [])
	runtime_socket.violations == set() with input as pod("/run", [{"name": "host", "subPathExpr": "$(POD_NAME)"}], [])
	runtime_socket.violations == {found} with input as pod("/", [{"name": "host", "subPath": "run/docker.sock"}], [])
}

test_passes_for_a_volume_that_no_container_mounts if {
	runtime_socket.violations == set() with input as pod("/run/docker.sock", [{"name": "tmp", "mountPath": "/tmp"}], [])
}

test_passes_for_absent_fields if {
	runtime_socket.violations == set() with input as {"workload": {"path": "spec", "spec": {}, "containers": [{
		"name": "web",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": {},
	}]}}
	runtime_socket.violations == set() with input as {"workload": {
		"path": "spec",
		"spec": {"volumes": [{"name": "host", "emptyDir": {}}]},
		"containers": [{
			"name": "web",
			"type": "container",
			"path": "spec.containers[0]",
			"spec": {"volumeMounts": [{"name": "host", "mountPath": "/run"}]},
		}],
	}}
}

found := {
	"path": "spec.containers[0].volumeMounts",
	"message": "container web mounts a container runtime socket of its node through volume host",
	"key": "host",
}

paths := {
	"/",
	"/run",
	"/var/run/",
	"/var/run/docker.sock",
	"//run/./docker.sock",
	"/run/containerd",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/k3s",
	"/run/user/1000/podman/podman.sock",
	"/var/snap/microk8s/common/run/containerd.sock",
	`\\.\pipe\docker_engine`,
	"//./pipe/containerd-containerd",
	"/var",
	"/etc",
	"/run/xtables.lock",
	"/run/containerd/io.containerd.runtime.v2.task",
	"/run/containers",
	"/var/run/secrets/docker.sock.d",
	`c:\logs`,
}

mounted(path) := pod(path, [{"name": "host", "mountPath": "/host"}], [])

pod(path, mounts, init_mounts) := {"workload": {
	"path": "spec",
	"spec": {"volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "host", "hostPath": {"path": path}}]},
	"containers": [
		{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": {"volumeMounts": mounts}},
		{
			"name": "setup",
			"type": "initContainer",
			"path": "spec.initContainers[0]",
			"spec": {"volumeMounts": init_mounts},
		},
	],
}}
