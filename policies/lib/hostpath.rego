# Paths of hostPath volumes on a node.
package kubemuster.lib.hostpath

# clean returns the path without empty and dot segments and without a slash at its end, and with /var/run as the
# /run that it links to. What a process has for its root or its folder is the node's: a mount of it opens that. The root is the
# empty string. The API server refuses paths with two dots.
clean(path) := regex.replace(opened, `^/var/run(/|$)`, "/run$1") if {
	segments := [segment | some segment in split(path, "/"); not segment in {"", "."}]
	joined := concat("/", array.concat([""], segments))
	opened := regex.replace(joined, `^(/proc/(self|thread-self|\d+)(/task/\d+)?/(root|cwd))+(/|$)`, "$5")
}

# holds is true where the path is the file, or a directory above it. The file is given clean.
holds(path, file) if clean(path) == file

holds(path, file) if startswith(file, sprintf("%s/", [clean(path)]))

# base returns the last segment of the path, and the empty string for the root.
base(path) := regex.replace(clean(path), `^.*/`, "")

# held tells what of the node a mount of the path opens, which is given clean: the root opens all.
held("", _) := {"the whole file system"}

held(path, writable) := what if {
	path != ""
	what := special(path, writable)
	count(what) > 0
}

held(path, true) := {"settings of the node's services"} if {
	startswith(path, "/etc/")
	count(special(path, true)) == 0
	not harmless(path)
}

special(path, writable) := {what |
	some table in tables[writable]
	some sensitive, what in table
	touches(path, sensitive)
} | {what |
	some pattern, what in patterns[writable]
	regex.match(pattern, path)
}

# harmless is true for what tells of the node or of others' certificates, and runs nothing.
harmless(path) if {
	some file in {
		"/etc/hostname",
		"/etc/hosts",
		"/etc/localtime",
		"/etc/lsb-release",
		"/etc/machine-id",
		"/etc/os-release",
		"/etc/pki/ca-trust",
		"/etc/pki/tls/certs",
		"/etc/resolv.conf",
		"/etc/ssl/certs",
		"/etc/timezone",
	}
	startswith(sprintf("%s/", [path]), sprintf("%s/", [file]))
}

# The path is the sensitive one, above it or below it.
touches(path, sensitive) if path == sensitive

touches(path, sensitive) if startswith(sensitive, sprintf("%s/", [path]))

touches(path, sensitive) if startswith(path, sprintf("%s/", [sensitive]))

tables := {true: [read, written], false: [read]}

patterns := {true: object.union(opened, owned), false: opened}

# Reading is enough, or readOnly changes nothing: a device is opened, not written.
opened := {
	`/\.ssh(/|$)`: "SSH keys",
	`^/dev/(disk|mapper|[hsv]d[a-z]|xvd[a-z]|nvme\d|dm-\d)`: "disks of the node",
	`^/dev/(k?mem|port)$`: "memory of the node",
}

# These as a whole, and not what lies below.
owned := {
	`^/dev$`: "devices of the node",
	`^/home(/[^/]+)?$`: "users' own files, and the keys that let them in",
}

# Reading is enough.
read := {
	"/etc/gshadow": "password hashes",
	"/etc/gshadow-": "password hashes",
	"/etc/kubernetes": "keys and manifests of the control plane or the kubelet",
	"/etc/rancher/k3s": "credentials of the cluster's administrators",
	"/etc/rancher/rke2": "credentials of the cluster's administrators",
	"/etc/shadow": "password hashes",
	"/etc/shadow-": "password hashes",
	"/etc/ssh": "SSH host keys",
	"/root": "root's own files",
	"/run/systemd/private": "systemd, which starts what it is told",
	"/var/lib/cloud": "the user data that the node started with",
	"/var/lib/etcd": "the data of etcd",
	"/var/lib/k0s/pki": "keys of the control plane",
	"/var/lib/kubelet/bootstrap-kubeconfig": "credentials of the kubelet",
	"/var/lib/kubelet/kubeconfig": "credentials of the kubelet",
	"/var/lib/kubelet/pki": "credentials of the kubelet",
	"/var/lib/kubelet/pods": "tokens and Secrets of the node's pods",
	"/var/lib/rancher/k3s/agent": "credentials of the kubelet",
	"/var/lib/rancher/k3s/server": "keys and data of the control plane",
	"/var/lib/rancher/rke2/agent": "credentials of the kubelet",
	"/var/lib/rancher/rke2/server": "keys and data of the control plane",
	"/var/snap/microk8s/current/certs": "keys of the control plane",
	"/var/snap/microk8s/current/credentials": "credentials of the cluster's administrators",
}

# Whoever writes there has the node run it.
written := {
	"/bin": "programs that the node runs",
	"/boot": "the kernel that the node starts",
	"/etc/cron.d": "jobs that the node runs",
	"/etc/cron.daily": "jobs that the node runs",
	"/etc/cron.hourly": "jobs that the node runs",
	"/etc/cron.monthly": "jobs that the node runs",
	"/etc/cron.weekly": "jobs that the node runs",
	"/etc/crontab": "jobs that the node runs",
	"/etc/init.d": "services that the node runs",
	"/etc/ld.so.preload": "libraries that each program of the node loads",
	"/etc/passwd": "the users of the node",
	"/etc/sudoers": "who may become root on the node",
	"/etc/sudoers.d": "who may become root on the node",
	"/etc/systemd": "services that the node runs",
	"/lib": "libraries that the node's programs load",
	"/lib32": "libraries that the node's programs load",
	"/lib64": "libraries that the node's programs load",
	"/opt/cni/bin": "programs that the node runs",
	"/proc": "settings of the kernel, and programs that it runs",
	"/run/systemd": "services that the node runs",
	"/sbin": "programs that the node runs",
	"/sys/fs/cgroup": "programs that the kernel runs",
	"/sys/kernel/uevent_helper": "programs that the kernel runs",
	"/usr": "programs that the node runs",
	"/var/lib/containerd": "the files of the node's containers",
	"/var/lib/containers": "the files of the node's containers",
	"/var/lib/docker": "the files of the node's containers",
	"/var/lib/kubelet/config.yaml": "settings of the kubelet",
	"/var/lib/kubelet/kubeadm-flags.env": "settings of the kubelet",
	"/var/spool/cron": "jobs that the node runs",
}

# opens_socket is true where a mount of the path opens the socket of a container runtime.
opens_socket(path) if {
	some socket in sockets
	holds(path, socket)
}

opens_socket(path) if base(path) in socket_names

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
