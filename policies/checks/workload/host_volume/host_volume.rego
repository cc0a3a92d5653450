# METADATA
# title: PersistentVolume is a path of the node
# description: >-
#   A claim of this volume opens the node's file system to a pod in whose spec no hostPath stands: Pod Security does not see
#   it, in the level restricted neither. Depending on the path an attacker in such a pod reads credentials of the node or of
#   other pods, or plants files that the node executes.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
#     description: hostPath volumes and their risks
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#persistent-volume-creation
#     description: what creating a PersistentVolume gives
# custom:
#   id: KM1043
#   name: HostPathPersistentVolume
#   severity: medium
#   severities:
#     critical: where the path gives the node away
#   scope: object
#   kinds: [PersistentVolume]
#   remediation: >-
#     Delete the PersistentVolume, and give the claim a storageClassName whose volumes come from a CSI driver, or a volume of
#     spec.local on a disk of its own.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.11"]
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.host_volume

import data.kubemuster.lib.hostpath

paths contains {"path": "spec.hostPath", "opens": input.object.spec.hostPath.path}

# A local volume is a disk, or a folder on one: what matters is where.
paths contains {"path": "spec.local", "opens": input.object.spec.local.path}

violations contains violation if {
	some volume in paths
	what := takes(volume.opens)
	violation := {
		"path": volume.path,
		"message": sprintf("the volume is %s of its node: %s", [volume.opens, concat(", ", what)]),
		"severity": "critical",
	}
}

violations contains violation if {
	path := input.object.spec.hostPath.path
	not takes(path)
	not own_folder
	violation := {
		"path": "spec.hostPath",
		"message": sprintf("the volume is %s of its node", [path]),
	}
}

# takes tells what the path gives of the node, where that is much.
takes(path) := hostpath.held(hostpath.clean(path), true)

takes(path) := {"the socket of a container runtime"} if {
	hostpath.opens_socket(path)
	not hostpath.held(hostpath.clean(path), true)
}

# A provisioner makes a folder of its own for each claim, below the one that it is for. Anyone may write the annotation.
own_folder if {
	some base in bases[input.object.metadata.annotations["pv.kubernetes.io/provisioned-by"]]
	startswith(hostpath.clean(input.object.spec.hostPath.path), sprintf("%s/", [base]))
}

# Where they keep their folders by default.
bases := {
	"docker.io/hostpath": {"/var/lib/k8s-pvs"},
	"k8s.io/minikube-hostpath": {"/tmp/hostpath-provisioner", "/tmp/hostpath_pv"},
	"kubevirt.io.hostpath-provisioner": {"/var/hpvolumes"},
	"microk8s.io/hostpath": {"/var/snap/microk8s/common/default-storage"},
	"openebs.io/local": {"/var/openebs/local"},
	"rancher.io/local-path": {"/opt/local-path-provisioner", "/var/lib/rancher/k3s/storage", "/var/local-path-provisioner"},
}
