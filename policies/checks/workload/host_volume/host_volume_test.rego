package kubemuster.checks.workload.host_volume_test

import data.kubemuster.checks.workload.host_volume

volume(spec, annotations) := {"object": {
	"kind": "PersistentVolume",
	"metadata": {"name": "data", "annotations": annotations},
	"spec": spec,
}}

provisioned := {"pv.kubernetes.io/provisioned-by": "rancher.io/local-path"}

test_host_path if {
	host_volume.violations == {{
		"path": "spec.hostPath",
		"message": "the volume is /data of its node",
	}} with input as volume({"hostPath": {"path": "/data"}}, {})
}

# Whoever makes the volume may say that a provisioner did.
test_provisioner_elsewhere if {
	every annotations in [provisioned, {"pv.kubernetes.io/provisioned-by": "anything"}] {
		host_volume.violations == {{
			"path": "spec.hostPath",
			"message": "the volume is /data of its node",
		}} with input as volume({"hostPath": {"path": "/data"}}, annotations)
	}
}

test_sensitive if {
	wanted := {{
		"path": "spec.hostPath",
		"message": "the volume is /var/lib/kubelet/pki/ of its node: credentials of the kubelet",
		"severity": "critical",
	}}
	spec := {"hostPath": {"path": "/var/lib/kubelet/pki/"}}
	host_volume.violations == wanted with input as volume(spec, {})
	host_volume.violations == wanted with input as volume(spec, provisioned)
}

test_root if {
	host_volume.violations == {{
		"path": "spec.local",
		"message": "the volume is / of its node: the whole file system",
		"severity": "critical",
	}} with input as volume({"local": {"path": "/"}}, {})
}

test_socket if {
	host_volume.violations == {{
		"path": "spec.hostPath",
		"message": "the volume is /var/run/containerd of its node: the socket of a container runtime",
		"severity": "critical",
	}} with input as volume({"hostPath": {"path": "/var/run/containerd"}}, {})
}

test_passes if {
	count(host_volume.violations) == 0 with input as volume({"hostPath": {"path": "/opt/local-path-provisioner/pvc-1"}}, provisioned)
	count(host_volume.violations) == 0 with input as volume({"local": {"path": "/mnt/disks/ssd1"}}, {})
	count(host_volume.violations) == 0 with input as volume({"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}, {})
	count(host_volume.violations) == 0 with input as volume({}, {})
}
